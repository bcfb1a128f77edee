/**
 * Every switch of the Schwab simulator in one table: what it may be, its default, and why it exists.
 *
 * The defaults are what most clients saw. Holds no behaviour: read by the other `schwab*` files, set by
 * tests and by the control API.
 */

import { defaultsOf, faultSwitches, oneOf, type SwitchesOf, wholeNumber } from './switches.ts';

/** The calls a fault can be narrowed to; also the names under which calls are counted. */
export const ENDPOINTS = ['authorize', 'token', 'accountNumbers', 'orders', 'other'] as const;

export type Endpoint = (typeof ENDPOINTS)[number];

export const SWITCHES = {
  rotation: oneOf(
    [false, true],
    'Whether a refresh answers the same refresh token, or another and the old one dies: sources disagree.',
  ),
  refreshHours: wholeNumber(
    168,
    [1, 168],
    'How long after the login the refresh token ends: seven days, or earlier, as some saw.',
  ),
  newLoginEnds: oneOf([true, false], 'A new login ends the refresh tokens of the ones before.'),
  deadToken: oneOf(
    ['unsupported_token_type', 'invalid_client', 'invalid_grant'],
    'The three ways in which a dead refresh token was seen to be refused; the first is no valid JSON.',
  ),
  missingProduct: oneOf(
    [false, true, 'fault', 'challenge'],
    'The app has not been given this API: every call answers the same 401 as an access token that is over; or the gateway names the product that is missing, in the body or in the header alone.',
  ),
  statusAsText: oneOf([false, true], 'The status inside an error is a number, or text.'),
  firewall: oneOf([false, true], 'The gateway refuses the token endpoint with a page of its own.'),
  appPending: oneOf(
    ['off', 401, 500],
    'An app that waits for its approval is answered with a page.',
  ),
  httpsOnly: oneOf([false, true], 'Schwab takes only https redirects; the local run has none.'),
  consumerKeyRejected: oneOf([false, true], 'The app is switched off.'),
  signInAs: oneOf(
    ['default', 'other'],
    'Who logs in at the broker: "other" has different accounts.',
  ),
  overLimit: oneOf([false, true], 'More than 120 calls a minute answer 429.'),
  ...faultSwitches(ENDPOINTS),
};

export type Switches = SwitchesOf<typeof SWITCHES>;

export const DEFAULT_SWITCHES: Switches = defaultsOf(SWITCHES);
