/**
 * What is known of Zerodha's Kite Connect, as data: lifecycle rules, addresses and the numbers of its calls.
 *
 * No behaviour. Read by the adapter, the registry, the lifecycle and the local run.
 * @see https://kite.trade/docs/connect/v3/user/
 */

import type { BrokerRules } from '../lifecycle/rules.ts';
import type { VerifierShape } from '../lifecycle/verifier.ts';

const MINUTE_MS = 60_000;

/**
 * Tokens end at 06:00 India time by the promise; users saw the flush between 05:00 and 07:30, so a probe
 * may find one dead before. Nothing renews them: a daily login by a person is the exchange's rule.
 */
export const KITE_RULES: BrokerRules = {
  market: 'NSE',
  hardEnd: { kind: 'wall-clock', time: '06:00', zone: 'Asia/Kolkata' },
  idleLimitMs: null,
  accessLifeMs: null,
  renewal: 'none',
  revocation: 'token',
  consumerKeyLifeMs: null,
  // How long the person may take to log in; the request token that comes of it lives a few minutes.
  signInOpenMs: 10 * MINUTE_MS,
};

/** The request tokens seen have 32 letters and digits. */
export const KITE_VERIFIER: VerifierShape = {
  minLength: 1,
  maxLength: 256,
  characters: /^[A-Za-z0-9]+$/,
};

/** There is no sandbox. */
export const KITE_DEFAULTS = {
  prod: {
    /** What comes before `/session/token`. */
    oauthUrl: 'https://api.kite.trade',
    /** What comes before `/user/profile`. */
    apiUrl: 'https://api.kite.trade',
    authorizeUrl: 'https://kite.zerodha.com/connect/login',
  },
} as const;
