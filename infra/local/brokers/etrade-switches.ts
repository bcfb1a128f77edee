/**
 * Every switch of the E*TRADE simulator in one table: what it may be, its default, and why it exists.
 *
 * The defaults are what the broker's documentation says, or what was last observed. Faults are switches
 * too. Holds no behaviour: read by the other `etrade-*` files, set by tests and by the control API.
 */

import {
  changeSwitch,
  defaultsOf,
  faultSwitches,
  oneOf,
  type SwitchesOf,
  webAddress,
} from './switches.ts';

/** The calls a fault can be narrowed to; also the names under which calls are counted. */
export const ENDPOINTS = [
  'request_token',
  'access_token',
  'renew_access_token',
  'revoke_access_token',
  'authorize',
  'accounts/list',
  'accounts/balance',
  'accounts/orders',
  'market/quote',
  'other',
] as const;

export type Endpoint = (typeof ENDPOINTS)[number];

export const SWITCHES = {
  hostRole: oneOf(
    ['both', 'api', 'by-environment'],
    'Which host serves /oauth for sandbox keys is disputed. "api": a request token fetched at apisb is refused by the authorize page. "by-environment": sandbox keys work at apisb only, prod keys at api only.',
  ),
  methods: oneOf(
    ['get-and-post', 'get'],
    'The documentation says GET; clients that POST work too.',
  ),
  paramLocation: oneOf(
    ['anywhere', 'header'],
    'The header is documented; query and form body work in practice.',
  ),
  errorPage: oneOf([2021, 2018], 'The /oauth error page of Tomcat changed between these years.'),
  wwwAuthenticate: oneOf([false, true], 'No captured 401 shows whether the header is sent.'),
  tokenReplyType: oneOf(
    ['application/x-www-form-urlencoded', 'text/html'],
    'Form-encoded tokens were also seen labelled as HTML.',
  ),
  timestampWindow: oneOf([300, 1800], 'Seconds: 300 is documented, about 1800 was observed.'),
  callbackConfirmed: oneOf(
    [true, false],
    'oauth_callback_confirmed for "oob": true was observed, false is documented for keys without a callback.',
  ),
  wrongPinBurns: oneOf(
    [true, false],
    'Nobody documents whether a wrong PIN ends the request token.',
  ),
  pinCaseMatters: oneOf([true, false], 'Nobody documents whether "h92gx" is taken for "H92GX".'),
  rawToken: oneOf(
    ['refused', 'decoded'],
    'An unencoded token in the authorize address fails only when it holds a plus; refusing it always makes the mistake show at once.',
  ),
  callbackUrl: webAddress('A callback registered for the key by the broker: no PIN is shown.'),
  redirectCarriesToken: oneOf(
    [false, true],
    'The documentation shows only oauth_verifier in the redirect; one client expects oauth_token too.',
  ),
  signInAs: oneOf(
    ['default', 'other'],
    'Who logs in at the broker: "other" has different accounts.',
  ),
  idleProblem: oneOf(
    ['token_expired', 'token_rejected'],
    'No source tells what a token answers that was idle for two hours.',
  ),
  renewAfterIdle: oneOf(
    [200, 401],
    'The documentation says renewing re-activates; one report says it does not.',
  ),
  revokedProblem: oneOf(
    ['token_rejected', 'token_expired', 'token_revoked'],
    'What a revoked token answers is not documented.',
  ),
  secondLoginRevokes: oneOf(
    [false, true],
    'Nobody documents whether a second sign-in ends the first access token.',
  ),
  foreignAccount: oneOf(
    [102, 100],
    'The code for an account that is not the person’s: 100, which also says that the service is away, was seen too.',
  ),
  overLimit: oneOf(
    ['off', 400, 429],
    'Over the rate limit: documented as an HTML page with status 400; 429 is what others would send.',
  ),
  consumerKeyRejected: oneOf(
    [false, true, 'sandbox', 'prod'],
    'Consumer keys die after about two years without notice.',
  ),
  ...faultSwitches(ENDPOINTS),
};

export type SwitchName = keyof typeof SWITCHES;
export type Switches = SwitchesOf<typeof SWITCHES>;

export const DEFAULT_SWITCHES: Switches = defaultsOf(SWITCHES);

/**
 * The switches with one of them changed; `null` puts it back to its default.
 *
 * @throws {SwitchError} for an unknown name or a value that is not allowed
 */
export function withSwitch(switches: Switches, name: string, value: unknown): Switches {
  return changeSwitch(SWITCHES, switches, name, value);
}
