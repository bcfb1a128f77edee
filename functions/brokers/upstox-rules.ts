/**
 * What is known of Upstox, as data: lifecycle rules, addresses and the numbers of its calls.
 *
 * No behaviour. Read by the adapter, the registry, the lifecycle and the local run.
 * @see https://upstox.com/developer/api-documentation/authentication
 */

import type { BrokerRules } from '../lifecycle/rules.ts';

const MINUTE_MS = 60_000;

/** Tokens end at 03:30 India time, whenever they were made; nothing renews them. */
export const UPSTOX_RULES: BrokerRules = {
  market: 'NSE',
  hardEnd: { kind: 'wall-clock', time: '03:30', zone: 'Asia/Kolkata' },
  idleLimitMs: null,
  accessLifeMs: null,
  renewal: 'none',
  revocation: 'token',
  consumerKeyLifeMs: null,
  signInOpenMs: 10 * MINUTE_MS,
};

/** Only live tokens are signed in for: a sandbox token is made in Upstox's console and lasts 30 days. */
export const UPSTOX_DEFAULTS = {
  prod: {
    /** What comes before `/v2/login/authorization/token` and `/v3/login/auth/token/request`. */
    oauthUrl: 'https://api.upstox.com',
    /** What comes before `/v2/user/profile` and `/v2/logout`. */
    apiUrl: 'https://api.upstox.com',
    authorizeUrl: 'https://api.upstox.com/v2/login/authorization/dialog',
  },
} as const;
