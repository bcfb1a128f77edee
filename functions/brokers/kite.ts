/**
 * The Zerodha Kite adapter: a request token traded with a checksum, a token that dies at 06:00 India time,
 * that nothing renews, and that a newer login of the same app and user ends.
 *
 * Sends what `kite-requests.ts` builds and lets `kite-answers.ts` judge what comes. What may not run twice is tried
 * again only while Kite cannot have seen it. Never throws. Made by `compose.ts`.
 * @see https://kite.trade/docs/connect/v3/user/
 */

import type { Secret } from '../secret.ts';
import type { BeginAnswer, Broker, BrokerOptions, CompleteAnswer, OpenSignIn } from './broker.ts';
import { createCaller, GLANCE_TIMEOUT_MS } from './calls.ts';
import { unsent } from './judged.ts';
import {
  issuedAtOf,
  judgeKiteLogout,
  judgeKiteProfile,
  judgeKiteSession,
  readKiteCallback,
} from './kite-answers.ts';
import { loginAddress, logoutCall, profileCall, sessionCall } from './kite-requests.ts';
import { KITE_RULES, KITE_VERIFIER } from './kite-rules.ts';
import { openSignIn } from './oauth2.ts';

export function createKiteBroker(options: BrokerOptions): Broker {
  const caller = createCaller(options);
  return {
    name: 'kite',
    title: 'Zerodha Kite',
    rules: KITE_RULES,
    authorizeOrigin: new URL(options.authorizeUrl).origin,
    verifierKind: 'redirect',
    verifierShape: KITE_VERIFIER,
    readCallback: readKiteCallback,

    async begin(): Promise<BeginAnswer> {
      const signIn = openSignIn(options.clock(), KITE_RULES.signInOpenMs, options.random);
      return {
        ok: true,
        authorizeUrl: loginAddress(options.authorizeUrl, options.consumerKey, signIn.id),
        signIn,
        skewMs: null,
      };
    },

    complete(_signIn: OpenSignIn, verifier: Secret): Promise<CompleteAnswer> {
      return caller.againUnlessSeen(sessionCall(options, verifier), (answer, sentAt) => {
        const session = judgeKiteSession(answer);
        if (!session.ok) return session;
        return {
          ok: true,
          token: { accessToken: session.accessToken, tokenSecret: null, refreshToken: null },
          issuedAt: issuedAtOf(session, sentAt),
          accessLifeMs: KITE_RULES.accessLifeMs,
        };
      });
    },

    renew: async () => unsent('sign-in-needed', 'not-renewable'),
    probe: ({ accessToken }) => caller.again(profileCall(options, accessToken), judgeKiteProfile),
    glance: ({ accessToken }) =>
      caller.once(profileCall(options, accessToken), judgeKiteProfile, GLANCE_TIMEOUT_MS),
    revoke: ({ accessToken }) => caller.once(logoutCall(options, accessToken), judgeKiteLogout),
  };
}
