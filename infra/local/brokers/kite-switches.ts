/**
 * Every switch of the Kite simulator in one table: what it may be, its default, and why it exists.
 *
 * The defaults are what the documentation says, or what was last observed. Holds no behaviour: read by the
 * other `kite-*` files, set by tests and by the control API.
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
export const ENDPOINTS = ['login', 'session', 'logout', 'profile', 'other'] as const;

export type Endpoint = (typeof ENDPOINTS)[number];

export const SWITCHES = {
  flushAt: oneOf(
    ['06:00', '05:00', '07:30'],
    'When the day ends in India: 06:00 is the promise, users saw 05:00 to 07:30.',
  ),
  loginBeforeFlush: oneOf(
    ['same-day', 'next-day'],
    'Nobody tells whether a login between midnight and the flush lasts until that flush or the next.',
  ),
  deadToken: oneOf(
    [403, 400],
    'A dead token answers 403 TokenException; bad credentials were also seen as 400 InputException.',
  ),
  badApiKey: oneOf([403, 400], 'The same for an api_key that nobody knows, at the exchange.'),
  requestTokenMinutes: wholeNumber(2, [1, 10], 'A request token lives "a couple of minutes".'),
  redirectCarriesAction: oneOf([true, false], 'action=login does not always come.'),
  decline: oneOf(
    ['redirect', 'page'],
    'Nobody documents a declined login: sent back with another status, or left on a page.',
  ),
  redirectUrl: webAddress(
    'The redirect address registered with every key, where the run does not say another.',
  ),
  signInAs: oneOf(['default', 'other'], 'Who logs in at the broker: "other" is another user.'),
  errorForm: oneOf(
    ['whole', 'type-and-message', 'message'],
    'Official clients take either part of an error: it comes whole, without its status, or as its message alone.',
  ),
  overLimit: oneOf([false, true], 'More than ten calls a second answer 429.'),
  ...faultSwitches(ENDPOINTS),
};

export type Switches = SwitchesOf<typeof SWITCHES>;

export const DEFAULT_SWITCHES: Switches = defaultsOf(SWITCHES);
