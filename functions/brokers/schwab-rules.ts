/**
 * What is known of Charles Schwab's Trader API, as data: lifecycle rules and addresses.
 *
 * No behaviour. Read by the adapter, the registry, the lifecycle and the local run. Known from open-source
 * clients: Schwab's own documents are behind a login.
 * @see https://schwab-py.readthedocs.io/en/latest/auth.html
 */

import type { BrokerRules } from '../lifecycle/rules.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * The refresh token ends seven days after the login, whatever was refreshed since; some saw it end earlier,
 * and a newer login ends it at once.
 */
export const SCHWAB_RULES: BrokerRules = {
  market: 'NYSE',
  hardEnd: { kind: 'age', ms: 7 * DAY_MS },
  idleLimitMs: null,
  accessLifeMs: 30 * MINUTE_MS,
  renewal: 'refresh',
  revocation: 'none',
  consumerKeyLifeMs: null,
  // How long the person may take to log in; the code that comes of it lives about 30 seconds.
  signInOpenMs: 10 * MINUTE_MS,
};

/** There is no sandbox with a sign-in of its own. */
export const SCHWAB_DEFAULTS = {
  prod: {
    /** What comes before `/v1/oauth/token`. */
    oauthUrl: 'https://api.schwabapi.com',
    /** What comes before `/trader/v1/accounts/accountNumbers`. */
    apiUrl: 'https://api.schwabapi.com',
    authorizeUrl: 'https://api.schwabapi.com/v1/oauth/authorize',
  },
} as const;
