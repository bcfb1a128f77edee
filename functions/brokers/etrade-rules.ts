/**
 * What is known of E*TRADE, as data: lifecycle rules, hosts and the numbers of its calls.
 *
 * No behaviour. Read by the adapter, the registry, the lifecycle and the local run.
 * @see https://apisb.etrade.com/docs/api/authorization/request_token.html
 */

import type { BrokerRules } from '../lifecycle/rules.ts';
import type { Environment } from '../lifecycle/session.ts';
import type { VerifierShape } from '../lifecycle/verifier.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Tokens end at midnight US Eastern time and go inactive after two hours without a request. */
export const ETRADE_RULES: BrokerRules = {
  market: 'NYSE',
  hardEnd: { kind: 'wall-clock', time: '00:00', zone: 'America/New_York' },
  idleLimitMs: 120 * MINUTE_MS,
  accessLifeMs: null,
  renewal: 'reactivate',
  revocation: 'token',
  // "Keys expire after 2 years", says its support, and nobody is told.
  consumerKeyLifeMs: 2 * 365 * DAY_MS,
  signInOpenMs: 5 * MINUTE_MS,
};

/** The PINs seen have 5 to 7 capitals and digits, 0 and O, 1 and I among them. */
export const ETRADE_VERIFIER: VerifierShape = {
  minLength: 4,
  maxLength: 12,
  characters: /^[A-Za-z0-9]+$/,
};

/** Where a broker environment is reached: origins (or proxied bases) without a trailing slash. */
export type EtradeUrls = {
  /** What comes before `/oauth/request_token`. */
  readonly oauthUrl: string;
  /** What comes before `/v1/accounts/list.json`. */
  readonly apiUrl: string;
  /** The whole address of the login page, without its parameters. */
  readonly authorizeUrl: string;
};

const AUTHORIZE_URL = 'https://us.etrade.com/e/t/etws/authorize';

/** The official samples fetch tokens from the live host for sandbox keys too. */
export const ETRADE_DEFAULTS: Readonly<Record<Environment, EtradeUrls>> = {
  sandbox: {
    oauthUrl: 'https://api.etrade.com',
    apiUrl: 'https://apisb.etrade.com',
    authorizeUrl: AUTHORIZE_URL,
  },
  prod: {
    oauthUrl: 'https://api.etrade.com',
    apiUrl: 'https://api.etrade.com',
    authorizeUrl: AUTHORIZE_URL,
  },
};
