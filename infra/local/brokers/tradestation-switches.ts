/**
 * Every switch of the TradeStation simulator in one table: what it may be, its default, and why it exists.
 *
 * The defaults are what the documentation says. Holds no behaviour: read by the other `tradestation*` files,
 * set by tests and by the control API.
 */

import { defaultsOf, faultSwitches, oneOf, type SwitchesOf } from './switches.ts';

/** The calls a fault can be narrowed to; also the names under which calls are counted. */
export const ENDPOINTS = ['authorize', 'token', 'revoke', 'accounts', 'orders', 'other'] as const;

export type Endpoint = (typeof ENDPOINTS)[number];

export const SWITCHES = {
  rotation: oneOf(
    [false, true],
    'Refresh tokens have no end by default; on request a key rotates them: each refresh brings a new one.',
  ),
  rotationMinutes: oneOf(
    [30, 40],
    'How long a rotating refresh token lives unused: two official pages disagree.',
  ),
  reusedToken: oneOf(
    ['refused', 'ends-all'],
    'A rotating refresh token that is used again: refused, or, as Auth0 can, the end of its successors too.',
  ),
  deadTokenStatus: oneOf(
    [403, 400],
    'Auth0 answers 403 to a dead refresh token; the standard says 400. Not seen on this tenant.',
  ),
  refreshAsks: oneOf(
    [
      'off',
      'mfa_required',
      'login_required',
      'interaction_required',
      'consent_required',
      'access_denied',
    ],
    'Auth0 refuses a good refresh token until the person has logged in again, in the words of OpenID Connect.',
  ),
  consumerKeyRejected: oneOf(
    [false, true, 'sandbox', 'prod'],
    'A key that is switched off gets no new tokens; switched on again, its refresh tokens are back.',
  ),
  signInAs: oneOf(
    ['default', 'other'],
    'Who logs in at the broker: "other" has different accounts.',
  ),
  overLimit: oneOf([false, true], 'More than 320 calls in five minutes answer 429.'),
  ...faultSwitches(ENDPOINTS),
};

export type Switches = SwitchesOf<typeof SWITCHES>;

export const DEFAULT_SWITCHES: Switches = defaultsOf(SWITCHES);
