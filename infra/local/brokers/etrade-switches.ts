/**
 * Every switch of the E*TRADE simulator in one table: what it may be, its default, and why it exists.
 *
 * The defaults are what the broker's documentation says, or what was last observed. Faults are switches
 * too. Holds no behaviour: read by the other `etrade-*` files, set by tests and by the control API.
 */

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

type SwitchEntry<T> = {
  readonly default: T;
  /** The allowed values in words, for error messages and documents. */
  readonly allowed: string;
  readonly accepts: (value: unknown) => value is T;
  readonly why: string;
};

/** One of a few values; the first is the default. */
function oneOf<const T extends readonly [unknown, ...unknown[]]>(
  values: T,
  why: string,
): SwitchEntry<T[number]> {
  return {
    default: values[0],
    allowed: values.map((value) => JSON.stringify(value)).join(', '),
    accepts: (value): value is T[number] => values.includes(value),
    why,
  };
}

/** A whole number in a range, or the default. */
function wholeNumber<T extends number | null>(
  fallback: T,
  [from, to]: readonly [number, number],
  why: string,
): SwitchEntry<T | number> {
  return {
    default: fallback,
    allowed: `${fallback === null ? 'null, or ' : ''}a whole number from ${from} to ${to}`,
    accepts: (value): value is T | number =>
      value === fallback ||
      (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to),
    why,
  };
}

function webAddress(why: string): SwitchEntry<string | null> {
  return {
    default: null,
    allowed: 'null, or an http(s) address',
    accepts: (value): value is string | null =>
      value === null ||
      (typeof value === 'string' && URL.canParse(value) && /^https?:/i.test(value)),
    why,
  };
}

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
  overLimit: oneOf(
    ['off', 400, 429],
    'Over the rate limit: documented as an HTML page with status 400; 429 is what others would send.',
  ),
  consumerKeyRejected: oneOf(
    [false, true, 'sandbox', 'prod'],
    'Consumer keys die after about two years without notice.',
  ),
  clockSkewMs: wholeNumber(
    0,
    [-86_400_000, 86_400_000],
    "How far the broker's clock is ahead of ours: moves the Date header and the timestamp window.",
  ),
  status: wholeNumber(null, [300, 599], 'Fault: every call is answered with this status in HTML.'),
  slowMs: wholeNumber(0, [0, 600_000], 'Fault: every answer waits this long in real time.'),
  down: oneOf([false, true], 'Fault: the connection is cut before the request is looked at.'),
  malformed: oneOf([false, true], 'Fault: every call is answered with 200 and garbage.'),
  loseAnswer: oneOf(
    [false, true],
    'Fault: the broker does what was asked (the PIN is spent), then the connection is cut.',
  ),
  faultOn: oneOf(['all', ...ENDPOINTS], 'Which call the faults above apply to.'),
};

export type SwitchName = keyof typeof SWITCHES;
export type Switches = { readonly [K in SwitchName]: (typeof SWITCHES)[K]['default'] };

/** A switch that does not exist, or a value it cannot have; the message names what is allowed. */
export class SwitchError extends Error {
  override readonly name = 'SwitchError';
}

function isSwitchName(name: string): name is SwitchName {
  return Object.hasOwn(SWITCHES, name);
}

export const DEFAULT_SWITCHES = Object.fromEntries(
  Object.entries(SWITCHES).map(([name, entry]) => [name, entry.default]),
) as Switches;

/**
 * The switches with one of them changed; `null` puts it back to its default.
 *
 * @throws {SwitchError} for an unknown name or a value that is not allowed
 */
export function withSwitch(switches: Switches, name: string, value: unknown): Switches {
  if (!isSwitchName(name)) {
    const names = Object.keys(SWITCHES).join(', ');
    throw new SwitchError(`There is no switch "${name}". There are: ${names}.`);
  }
  const entry = SWITCHES[name];
  if (value === null) return { ...switches, [name]: entry.default };
  if (!entry.accepts(value)) {
    throw new SwitchError(
      `Switch "${name}" cannot be ${JSON.stringify(value)}. Allowed: ${entry.allowed}.`,
    );
  }
  return { ...switches, [name]: value };
}
