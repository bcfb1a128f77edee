/**
 * Every switch of the Upstox simulator in one table: what it may be, its default, and why it exists.
 *
 * The defaults are what the documentation says, or what was last observed. Holds no behaviour: read by the
 * other `upstox-*` files, set by tests and by the control API.
 */

import {
  defaultsOf,
  faultSwitches,
  oneOf,
  type SwitchesOf,
  webAddress,
  wholeNumber,
} from './switches.ts';

/** The calls a fault can be narrowed to; also the names under which calls are counted. */
export const ENDPOINTS = [
  'dialog',
  'token',
  'token-request',
  'logout',
  'profile',
  'funds',
  'phone',
  'other',
] as const;

export type Endpoint = (typeof ENDPOINTS)[number];

export const SWITCHES = {
  badCredentials: oneOf(
    ['UDAPI100069', 'UDAPI100016'],
    'What wrong credentials answer: official tests expect the first, the list of errors has the second.',
  ),
  repeatedRequest: oneOf(
    ['success', 'UDAPI100069'],
    'A token request while one is pending: success again, or the error that one source gives for it.',
  ),
  notice: oneOf(
    ['once', 'twice', 'late', 'never', 'reject'],
    'What comes of "Approve" on the phone: the notice comes, comes twice, comes late, is lost; or the person rejects, and nothing is sent.',
  ),
  lateMinutes: wholeNumber(
    30,
    [1, 2_880],
    'How long a late notice is held back; sent with the first call after it.',
  ),
  notifierUrl: webAddress(
    'The notifier registered with every key, where the run does not say another.',
  ),
  extendedToken: oneOf(
    ['empty', 'absent'],
    'The field extended_token of the token reply: its life is not documented.',
  ),
  secondLoginKills: oneOf(
    [false, true],
    'Whether a second login ends the first token: a login by TOTP does.',
  ),
  decline: oneOf(
    ['redirect', 'page'],
    'Nobody documents a declined login: sent back with an error, or left on a page.',
  ),
  clientInactive: oneOf([false, true], 'The app was switched off: UDAPI100073 at every door.'),
  signInAs: oneOf(['default', 'other'], 'Who logs in at the broker: "other" is another user.'),
  errorForm: oneOf(
    ['enveloped', 'flat', 'message'],
    'An error comes in its envelope, without it, or as its message alone.',
  ),
  fundsRefused: oneOf(
    [false, true],
    'UDAPI100067: this one call is not permitted with the token, others are.',
  ),
  overLimit: oneOf([false, true], 'Over the rate limit: 429 with UDAPI10005.'),
  ...faultSwitches(ENDPOINTS),
};

export type Switches = SwitchesOf<typeof SWITCHES>;

export const DEFAULT_SWITCHES: Switches = defaultsOf(SWITCHES);
