/**
 * The TradeStation adapter: OAuth 2 with access tokens of 20 minutes and a refresh token that has no end, or
 * rotates and ends a day after the sign-in.
 *
 * What every broker of this kind does is in `code-grant.ts`; here is what TradeStation adds. Never throws.
 * Made by `compose.ts`.
 * @see https://api.tradestation.com/docs/fundamentals/authentication/auth-code/
 */

import type { Broker, BrokerOptions, BrokerToken } from './broker.ts';
import { createCaller, GLANCE_TIMEOUT_MS } from './calls.ts';
import { createGrantedPart, NO_REFRESH_TOKEN } from './code-grant.ts';
import { bearerGet } from './oauth2.ts';
import { judgeTokenAnswer } from './oauth2-answers.ts';
import type { OutgoingRequest } from './send.ts';
import { judgeTradestationAccounts, judgeTradestationRevoke } from './tradestation-answers.ts';
import { TRADESTATION_WORDS } from './tradestation-failures.ts';
import {
  TRADESTATION_AUDIENCE,
  TRADESTATION_RULES,
  TRADESTATION_SCOPES,
  TRADESTATION_USES_PKCE,
} from './tradestation-rules.ts';

export function createTradestationBroker(options: BrokerOptions): Broker {
  const { oauthUrl, apiUrl, consumerKey, consumerSecret } = options;
  const caller = createCaller(options);

  function accountsCall({ accessToken }: BrokerToken): OutgoingRequest {
    return bearerGet(`${apiUrl}/v3/brokerage/accounts`, accessToken);
  }

  return {
    name: 'tradestation',
    title: 'TradeStation',
    rules: TRADESTATION_RULES,
    ...createGrantedPart(options, caller, {
      rules: TRADESTATION_RULES,
      client: { id: consumerKey, secret: consumerSecret, authentication: 'form' },
      tokenUrl: `${oauthUrl}/oauth/token`,
      authorizeParams: {
        audience: TRADESTATION_AUDIENCE,
        scope: TRADESTATION_SCOPES.join(' '),
      },
      usesPkce: TRADESTATION_USES_PKCE,
      judge: (step, answer) => judgeTokenAnswer(answer, step, TRADESTATION_WORDS),
    }),

    probe: (token) => caller.again(accountsCall(token), judgeTradestationAccounts),
    glance: (token) =>
      caller.once(accountsCall(token), judgeTradestationAccounts, GLANCE_TIMEOUT_MS),

    /** Ends every refresh token of the consumer key; access tokens live on for their minutes. */
    async revoke({ refreshToken }) {
      if (refreshToken === null) return NO_REFRESH_TOKEN;
      const request: OutgoingRequest = {
        method: 'POST',
        url: `${oauthUrl}/oauth/revoke`,
        headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
        body: JSON.stringify({
          client_id: consumerKey.reveal(),
          client_secret: consumerSecret.reveal(),
          token: refreshToken.reveal(),
        }),
      };
      return caller.once(request, judgeTradestationRevoke);
    },
  };
}
