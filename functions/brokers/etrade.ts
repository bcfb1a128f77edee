/**
 * The E*TRADE adapter: OAuth 1.0a with a PIN, a token that dies at midnight New York, a renewal that only
 * wakes it up.
 *
 * Sends what `etrade-requests.ts` builds and lets `etrade-answers.ts` judge what comes. Every attempt is
 * signed anew; what may not run twice is tried again only while E*TRADE cannot have seen it. Never throws. Made by
 * `compose.ts`.
 */

import { Secret } from '../secret.ts';
import type {
  BeginAnswer,
  Broker,
  BrokerFailure,
  BrokerOptions,
  BrokerToken,
  CompleteAnswer,
  OpenSignIn,
  ProbeAnswer,
  RenewAnswer,
  RevokeAnswer,
} from './broker.ts';
import { createCaller, GLANCE_TIMEOUT_MS, type Prepared } from './calls.ts';
import {
  judgeAccountList,
  judgeDone,
  judgeTokenPair,
  readEtradeCallback,
} from './etrade-answers.ts';
import {
  accessTokenCall,
  accountListCall,
  authorizeAddress,
  type EtradeCall,
  renewCall,
  requestTokenCall,
  revokeCall,
  signCall,
} from './etrade-requests.ts';
import { ETRADE_RULES, ETRADE_VERIFIER } from './etrade-rules.ts';
import { unsent } from './judged.ts';
import type { Oauth1Pair } from './oauth1.ts';

const NONCE_BYTES = 16;

export function createEtradeBroker(options: BrokerOptions): Broker {
  const caller = createCaller(options);
  const consumer: Oauth1Pair = { key: options.consumerKey, secret: options.consumerSecret };

  function signed(call: EtradeCall): Prepared {
    return (sentAt) => {
      const nonce = Buffer.from(options.random(NONCE_BYTES)).toString('hex');
      try {
        return signCall(call, consumer, { timestamp: Math.floor(sentAt / 1_000), nonce });
      } catch {
        return unsent('configuration', 'signing-refused');
      }
    };
  }

  return {
    name: 'etrade',
    title: 'E*TRADE',
    rules: ETRADE_RULES,
    authorizeOrigin: new URL(options.authorizeUrl).origin,
    verifierKind: 'pin',
    verifierShape: ETRADE_VERIFIER,
    readCallback: readEtradeCallback,

    async begin(): Promise<BeginAnswer> {
      return caller.again(signed(requestTokenCall(options)), (answer, sentAt) => {
        const pair = judgeTokenPair('begin', answer);
        if (!pair.ok) return pair;
        return {
          ok: true,
          authorizeUrl: authorizeAddress(options, options.consumerKey, pair.token),
          signIn: {
            id: pair.token,
            secret: pair.secret,
            startedAt: sentAt,
            expiresAt: sentAt + ETRADE_RULES.signInOpenMs,
          },
          skewMs: answer.skewMs,
        };
      });
    },

    async complete(signIn: OpenSignIn, verifier: Secret): Promise<CompleteAnswer> {
      if (!isSendable(verifier)) return unsent('sign-in-needed', 'verifier-malformed');
      return caller.againUnlessSeen(
        signed(accessTokenCall(options, signIn, verifier)),
        (answer, sentAt) => {
          const pair = judgeTokenPair('complete', answer);
          if (!pair.ok) return pair;
          return {
            ok: true,
            token: {
              accessToken: new Secret(pair.token),
              tokenSecret: pair.secret,
              refreshToken: null,
            },
            issuedAt: sentAt,
            accessLifeMs: ETRADE_RULES.accessLifeMs,
          };
        },
      );
    },

    async renew(token: BrokerToken): Promise<RenewAnswer> {
      const pair = pairOf(token);
      if (pair === null) return HALF_A_TOKEN;
      return caller.again(signed(renewCall(options, pair)), (answer) => {
        const done = judgeDone('renew', answer);
        return done.ok ? { ok: true, token: null, accessLifeMs: ETRADE_RULES.accessLifeMs } : done;
      });
    },

    async probe(token: BrokerToken): Promise<ProbeAnswer> {
      const pair = pairOf(token);
      if (pair === null) return HALF_A_TOKEN;
      return caller.again(signed(accountListCall(options, pair)), judgeAccountList);
    },

    async glance(token: BrokerToken): Promise<ProbeAnswer> {
      const pair = pairOf(token);
      if (pair === null) return HALF_A_TOKEN;
      return caller.once(
        signed(accountListCall(options, pair)),
        judgeAccountList,
        GLANCE_TIMEOUT_MS,
      );
    },

    async revoke(token: BrokerToken): Promise<RevokeAnswer> {
      const pair = pairOf(token);
      if (pair === null) return HALF_A_TOKEN;
      return caller.once(signed(revokeCall(options, pair)), (answer) =>
        judgeDone('revoke', answer),
      );
    },
  };
}

function pairOf(token: BrokerToken): Oauth1Pair | null {
  if (token.tokenSecret === null) return null;
  return { key: token.accessToken, secret: token.tokenSecret };
}

function isSendable(verifier: Secret): boolean {
  const text = verifier.reveal();
  return text !== '' && text.isWellFormed();
}

/** What was stored cannot sign anything; only a new token can. */
const HALF_A_TOKEN: BrokerFailure = unsent('sign-in-needed', 'token-incomplete');
