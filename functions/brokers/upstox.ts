/**
 * The Upstox adapter: OAuth 2 with a code that is good once, a token that dies at 03:30 India time and that
 * nothing renews, and the approval push.
 *
 * Sends what `oauth2.ts` builds and lets `upstox-answers.ts` judge what comes. Only calls that may run twice
 * are tried again. Never throws. Made by `compose.ts`.
 * @see https://upstox.com/developer/api-documentation/authentication
 */

import type { Secret } from '../secret.ts';
import type {
  BeginAnswer,
  Broker,
  BrokerOptions,
  BrokerToken,
  CompleteAnswer,
  OpenSignIn,
} from './broker.ts';
import { createCaller, GLANCE_TIMEOUT_MS } from './calls.ts';
import { unsent } from './judged.ts';
import {
  authorizeAddress,
  bearerAuthorization,
  bearerGet,
  CODE_SHAPE,
  codeExchange,
  type Oauth2Client,
  openSignIn,
  readOauth2Callback,
} from './oauth2.ts';
import type { OutgoingRequest } from './send.ts';
import { judgeUpstoxLogout, judgeUpstoxProfile, judgeUpstoxToken } from './upstox-answers.ts';
import { createUpstoxApproval } from './upstox-approval.ts';
import { UPSTOX_RULES } from './upstox-rules.ts';

export function createUpstoxBroker(options: BrokerOptions): Broker {
  const { oauthUrl, apiUrl, consumerKey, redirectUrl = null } = options;
  const caller = createCaller(options);
  const client: Oauth2Client = {
    id: consumerKey,
    secret: options.consumerSecret,
    authentication: 'form',
  };

  /** The documented probe; the funds would not do, they are closed every night. */
  function profileCall({ accessToken }: BrokerToken): OutgoingRequest {
    return bearerGet(`${apiUrl}/v2/user/profile`, accessToken);
  }

  function logoutCall({ accessToken }: BrokerToken): OutgoingRequest {
    return {
      method: 'DELETE',
      url: `${apiUrl}/v2/logout`,
      headers: { Accept: 'application/json', Authorization: bearerAuthorization(accessToken) },
    };
  }

  return {
    name: 'upstox',
    title: 'Upstox',
    rules: UPSTOX_RULES,
    authorizeOrigin: new URL(options.authorizeUrl).origin,
    verifierKind: 'redirect',
    verifierShape: CODE_SHAPE,
    readCallback: readOauth2Callback,
    approval: createUpstoxApproval(options, caller),

    async begin(): Promise<BeginAnswer> {
      if (redirectUrl === null) return NO_REDIRECT;
      const signIn = openSignIn(options.clock(), UPSTOX_RULES.signInOpenMs, options.random);
      const authorizeUrl = authorizeAddress(options.authorizeUrl, {
        response_type: 'code',
        client_id: consumerKey.reveal(),
        redirect_uri: redirectUrl,
        state: signIn.id,
      });
      return { ok: true, authorizeUrl, signIn, skewMs: null };
    },

    async complete(_signIn: OpenSignIn, verifier: Secret): Promise<CompleteAnswer> {
      if (redirectUrl === null) return NO_REDIRECT;
      const exchange = codeExchange(`${oauthUrl}/v2/login/authorization/token`, client, {
        code: verifier,
        redirectUrl,
      });
      return caller.againUnlessSeen(exchange, (answer, sentAt) => {
        const issued = judgeUpstoxToken(answer);
        if (!issued.ok) return issued;
        return {
          ok: true,
          token: { accessToken: issued.accessToken, tokenSecret: null, refreshToken: null },
          issuedAt: sentAt,
          accessLifeMs: UPSTOX_RULES.accessLifeMs,
        };
      });
    },

    renew: async () => unsent('sign-in-needed', 'not-renewable'),
    probe: (token) => caller.again(profileCall(token), judgeUpstoxProfile),
    glance: (token) => caller.once(profileCall(token), judgeUpstoxProfile, GLANCE_TIMEOUT_MS),
    revoke: (token) => caller.once(logoutCall(token), judgeUpstoxLogout),
  };
}

/** Upstox compares the address with the registered one, at the login page and at the exchange. */
const NO_REDIRECT = unsent('configuration', 'redirect-url-missing');
