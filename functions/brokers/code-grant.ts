/**
 * The half of an adapter that is the same at every OAuth 2 broker with refresh tokens: begin, callback,
 * complete, renew.
 *
 * What differs is handed in: addresses, parameters, how the client proves itself, how refusals read. A code
 * and a refresh token go out once per call. Never throws. Spread into the adapters.
 */

import type { BrokerRules } from '../lifecycle/rules.ts';
import type {
  Broker,
  BrokerFailure,
  BrokerOptions,
  CompleteAnswer,
  RenewAnswer,
} from './broker.ts';
import type { Caller } from './calls.ts';
import { failureOf, unsent } from './judged.ts';
import {
  authorizeAddress,
  CODE_SHAPE,
  codeExchange,
  type Oauth2Client,
  openSignIn,
  pkceChallenge,
  readOauth2Callback,
  refreshExchange,
} from './oauth2.ts';
import type { IssuedTokens } from './oauth2-answers.ts';
import type { Received } from './send.ts';

export type CodeGrant = {
  readonly rules: BrokerRules;
  readonly client: Oauth2Client;
  readonly tokenUrl: string;
  /** What the login page is told besides the standard's own parameters. */
  readonly authorizeParams: Readonly<Record<string, string>>;
  /** Whether keys are set up for PKCE; a server that is not may refuse its parameters. */
  readonly usesPkce: boolean;
  readonly judge: (step: GrantStep, answer: Received) => IssuedTokens | BrokerFailure;
};

/** The calls to the token endpoint, as far as a refusal means something else in each. */
export type GrantStep = 'complete' | 'renew';

export type GrantedPart = Pick<
  Broker,
  | 'authorizeOrigin'
  | 'verifierKind'
  | 'verifierShape'
  | 'begin'
  | 'readCallback'
  | 'complete'
  | 'renew'
>;

export function createGrantedPart(
  options: BrokerOptions,
  caller: Caller,
  grant: CodeGrant,
): GrantedPart {
  const { redirectUrl = null } = options;
  const { rules, client, tokenUrl } = grant;

  return {
    authorizeOrigin: new URL(options.authorizeUrl).origin,
    verifierKind: 'redirect',
    verifierShape: CODE_SHAPE,
    readCallback: readOauth2Callback,

    async begin() {
      if (redirectUrl === null) return NO_REDIRECT;
      const signIn = openSignIn(options.clock(), rules.signInOpenMs, options.random);
      const authorizeUrl = authorizeAddress(options.authorizeUrl, {
        response_type: 'code',
        client_id: client.id.reveal(),
        redirect_uri: redirectUrl,
        ...grant.authorizeParams,
        state: signIn.id,
        ...(grant.usesPkce ? pkceChallenge(signIn.secret) : {}),
      });
      return { ok: true, authorizeUrl, signIn, skewMs: null };
    },

    async complete(signIn, verifier): Promise<CompleteAnswer> {
      if (redirectUrl === null) return NO_REDIRECT;
      const exchange = codeExchange(tokenUrl, client, {
        code: verifier,
        redirectUrl,
        ...(grant.usesPkce ? { verifier: signIn.secret } : {}),
      });
      return caller.againUnlessSeen(exchange, (answer, sentAt) => {
        const issued = grant.judge('complete', answer);
        if (!issued.ok) return issued;
        // It would work until the access token ends, and then nothing could be done but sign in again.
        if (issued.refreshToken === null) {
          return failureOf(answer, 'configuration', 'refresh-token-missing');
        }
        return {
          ok: true,
          token: {
            accessToken: issued.accessToken,
            tokenSecret: null,
            refreshToken: issued.refreshToken,
          },
          issuedAt: sentAt,
          accessLifeMs: issued.accessLifeMs ?? rules.accessLifeMs,
        };
      });
    },

    async renew(token): Promise<RenewAnswer> {
      const { refreshToken } = token;
      if (refreshToken === null) return NO_REFRESH_TOKEN;
      return caller.againUnlessSeen(refreshExchange(tokenUrl, client, refreshToken), (answer) => {
        const issued = grant.judge('renew', answer);
        if (!issued.ok) return issued;
        return {
          ok: true,
          token: {
            accessToken: issued.accessToken,
            tokenSecret: null,
            // An answer without a new one means that the old one stays good.
            refreshToken: issued.refreshToken ?? refreshToken,
          },
          accessLifeMs: issued.accessLifeMs ?? rules.accessLifeMs,
        };
      });
    },
  };
}

/** Compared with the registered one at the login page and at the exchange. */
const NO_REDIRECT: BrokerFailure = unsent('configuration', 'redirect-url-missing');

/** What was stored cannot be renewed; only a new sign-in can help. */
export const NO_REFRESH_TOKEN: BrokerFailure = unsent('sign-in-needed', 'token-incomplete');
