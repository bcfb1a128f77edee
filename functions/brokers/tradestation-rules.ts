/**
 * What is known of TradeStation, as data: lifecycle rules, addresses, scopes.
 *
 * No behaviour. Read by the adapter, the registry, the lifecycle and the local run.
 * @see https://api.tradestation.com/docs/fundamentals/authentication/refresh-tokens/
 */

import type { BrokerRules } from '../lifecycle/rules.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * A refresh token has no end, unless the key is set up to rotate: then a day from the sign-in. Whether it is
 * shows only when a refresh answers with another refresh token.
 */
export const TRADESTATION_RULES: BrokerRules = {
  market: 'NYSE',
  hardEnd: { kind: 'age-when-rotating', ms: 24 * HOUR_MS },
  idleLimitMs: null,
  accessLifeMs: 20 * MINUTE_MS,
  renewal: 'refresh',
  // One call ends all refresh tokens of the key, those of other programs too.
  revocation: 'consumer-key',
  consumerKeyLifeMs: null,
  signInOpenMs: 10 * MINUTE_MS,
};

/** The API that tokens are for; its name is the live address, for SIM as well. */
export const TRADESTATION_AUDIENCE = 'https://api.tradestation.com';

/**
 * All that the API knows, in its spelling: the documents disagree about what a login gives without asking.
 * Without `offline_access` there is no refresh token.
 * @see https://api.tradestation.com/docs/fundamentals/authentication/scopes/
 */
export const TRADESTATION_SCOPES = [
  'openid',
  'offline_access',
  'MarketData',
  'ReadAccount',
  'Trade',
  'OptionSpreads',
  'Matrix',
] as const;

/**
 * Only keys that TradeStation's Client Experience has set up for native and single-page apps take part in
 * PKCE, and those have no secret: ours have one.
 * @see https://api.tradestation.com/docs/fundamentals/authentication/auth-pkce/
 */
export const TRADESTATION_USES_PKCE = false;

const SIGN_IN = {
  /** What comes before `/oauth/token`; there is no sign-in host of SIM's own. */
  oauthUrl: 'https://signin.tradestation.com',
  authorizeUrl: 'https://signin.tradestation.com/authorize',
} as const;

/** SIM differs in where its data is, and in nothing else. */
export const TRADESTATION_DEFAULTS = {
  sandbox: { ...SIGN_IN, apiUrl: 'https://sim-api.tradestation.com' },
  prod: { ...SIGN_IN, apiUrl: 'https://api.tradestation.com' },
} as const;
