/**
 * The Charles Schwab adapter: OAuth 2 with codes of 30 seconds, access tokens of 30 minutes and a refresh
 * token that ends seven days after the login.
 *
 * What every broker of this kind does is in `code-grant.ts`; here is what Schwab adds. Never throws. Made by
 * `compose.ts`.
 * @see https://schwab-py.readthedocs.io/en/latest/auth.html
 */

import type { Broker, BrokerOptions, BrokerToken } from './broker.ts';
import { createCaller, GLANCE_TIMEOUT_MS } from './calls.ts';
import { createGrantedPart } from './code-grant.ts';
import { unsent } from './judged.ts';
import { bearerGet } from './oauth2.ts';
import { judgeTokenAnswer } from './oauth2-answers.ts';
import { judgeSchwabAccountNumbers } from './schwab-answers.ts';
import { SCHWAB_WORDS } from './schwab-failures.ts';
import { SCHWAB_RULES } from './schwab-rules.ts';
import type { OutgoingRequest } from './send.ts';

export function createSchwabBroker(options: BrokerOptions): Broker {
  const { oauthUrl, apiUrl, consumerKey, consumerSecret } = options;
  const caller = createCaller(options);

  function accountNumbersCall({ accessToken }: BrokerToken): OutgoingRequest {
    return bearerGet(`${apiUrl}/trader/v1/accounts/accountNumbers`, accessToken);
  }

  return {
    name: 'schwab',
    title: 'Charles Schwab',
    rules: SCHWAB_RULES,
    ...createGrantedPart(options, caller, {
      rules: SCHWAB_RULES,
      client: { id: consumerKey, secret: consumerSecret, authentication: 'basic' },
      tokenUrl: `${oauthUrl}/v1/oauth/token`,
      authorizeParams: {},
      usesPkce: false,
      judge: (step, answer) => judgeTokenAnswer(answer, step, SCHWAB_WORDS),
    }),

    probe: (token) => caller.again(accountNumbersCall(token), judgeSchwabAccountNumbers),
    glance: (token) =>
      caller.once(accountNumbersCall(token), judgeSchwabAccountNumbers, GLANCE_TIMEOUT_MS),

    /** Schwab has no such call: whoever asks may only forget the token. */
    revoke: async () => unsent('configuration', 'no-revocation'),
  };
}
