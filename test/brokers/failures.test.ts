/**
 * What every broker's refusals come to, as the adapters judge them: one row an answer.
 *
 * Each row goes through the real adapter, so that an answer that looks like success would show as one. Rows of
 * `everywhere` hold for each broker and each of its steps.
 */

import { describe, expect, test } from 'vitest';
import type {
  Broker,
  BrokerFailure,
  BrokerToken,
  FailureClass,
  OpenSignIn,
} from '../../functions/brokers/broker.ts';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { Secret } from '../../functions/secret.ts';
import { received } from './answer.ts';

const NOW = Date.parse('2026-03-09T13:05:00Z');
const MARK = 'private-text-of-the-answer';

type Step = 'begin' | 'complete' | 'renew' | 'probe' | 'revoke' | 'approval' | 'call';
type Answer = {
  readonly status: number;
  readonly body: string | object;
  readonly challenge?: string;
};

/** The steps that are calls to the broker. */
const STEPS: Readonly<Record<string, readonly Step[]>> = {
  etrade: ['begin', 'complete', 'renew', 'probe', 'revoke', 'call'],
  tradestation: ['complete', 'renew', 'probe', 'revoke', 'call'],
  upstox: ['complete', 'probe', 'revoke', 'approval', 'call'],
  schwab: ['complete', 'renew', 'probe', 'call'],
  kite: ['complete', 'probe', 'revoke', 'call'],
};

const TOKEN: BrokerToken = {
  accessToken: new Secret('an-access-token'),
  tokenSecret: new Secret('a-token-secret'),
  refreshToken: new Secret('a-refresh-token'),
};
const SIGN_IN: OpenSignIn = {
  id: 'a-request-token',
  secret: new Secret('a-request-secret'),
  startedAt: NOW,
  expiresAt: NOW + 600_000,
};

function textOf(body: string | object): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** A failure, `null` for an answer that is between broker and caller, or success. */
async function judged(
  name: string,
  step: Step,
  answer: Answer,
): Promise<BrokerFailure | null | { readonly ok: true }> {
  const entry = BROKERS[name];
  if (entry === undefined) throw new Error(`${name} is in no table`);
  const keys = { consumerKey: new Secret('the-key'), consumerSecret: new Secret('the-secret') };
  const parts = { clock: () => NOW, random: (size: number) => new Uint8Array(size).fill(7) };
  const { status, body, challenge } = answer;
  if (step === 'call') {
    const calls = entry.createDataCalls({ ...keys, ...parts });
    return calls.judge(received(status, textOf(body), { challenge: challenge ?? '' }));
  }
  const broker: Broker = entry.create({
    environment: 'prod',
    oauthUrl: 'https://oauth.broker.example',
    apiUrl: 'https://api.broker.example',
    authorizeUrl: 'https://login.broker.example/authorize',
    redirectUrl: 'https://app.example/callback',
    ...keys,
    ...parts,
    wait: async () => {},
    fetch: async () =>
      new Response(textOf(body), {
        status,
        headers: challenge === undefined ? {} : { 'www-authenticate': challenge },
      }),
  });
  switch (step) {
    case 'begin':
      return broker.begin();
    case 'complete':
      return broker.complete(SIGN_IN, new Secret('AVERIFIER'));
    case 'renew':
      return broker.renew(TOKEN);
    case 'probe':
      return broker.probe(TOKEN);
    case 'revoke':
      return broker.revoke(TOKEN);
    case 'approval':
      if (broker.approval === undefined) throw new Error(`${name} asks for no approval`);
      return broker.approval.request();
  }
}

const page = (title: string): string =>
  `<HTML><HEAD>\n<TITLE>${title}</TITLE>\n</HEAD><BODY>\n<H1>${title}</H1>\n${MARK}\n</BODY></HTML>`;
const XHTML = `<?xml version="1.0" encoding="UTF-8"?>\n<!-- maintenance -->\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Maintenance</title></head><body><p>We will be back. ${MARK}</p></body></html>`;
const CLOUDFLARE = {
  type: 'https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/error-1010/',
  title: 'Error 1010: Access denied',
  status: 403,
  detail: `The site owner has blocked access based on your browser's signature. ${MARK}`,
  error_code: 1010,
  error_name: 'browser_signature_banned',
  error_category: 'access_denied',
  ray_id: '9d99aa0d5f1b1234',
  cloudflare_error: true,
};

/** Written by nobody at the broker. */
const everywhere: readonly (readonly [what: string, answer: Answer])[] = [
  ['a firewall’s page', { status: 403, body: page('Access Denied') }],
  ['the same with 401', { status: 401, body: page('Access Denied') }],
  ['the same with 400', { status: 400, body: page('Bad Request') }],
  ['a router’s page', { status: 404, body: page('404 Not Found') }],
  ['an XHTML page', { status: 403, body: XHTML }],
  ['an XHTML page with 200', { status: 200, body: XHTML }],
  ['an XHTML page with 401', { status: 401, body: XHTML }],
  ['a page behind a comment', { status: 403, body: `<!-- ray -->\n${page('Blocked')}` }],
  ['a page behind a byte-order mark', { status: 403, body: `\uFEFF${page('Blocked')}` }],
  ['a firewall’s page with 200', { status: 200, body: page('Request Rejected') }],
  ['a login page with 200', { status: 200, body: '<!DOCTYPE html><html><title>Log in</title>' }],
  ['Cloudflare’s block as JSON', { status: 403, body: CLOUDFLARE }],
  ['the same, short', { status: 403, body: { error_code: 1010, message: MARK } }],
  ['the same with 401', { status: 401, body: CLOUDFLARE }],
  ['a number of Cloudflare’s', { status: 403, body: { code: 1010, message: 'x' } }],
  ['the same one level down', { status: 401, body: { error: { code: 1010 } } }],
  ['the same in a list', { status: 401, body: { success: false, errors: [{ code: 1010 }] } }],
  ['a status and its name', { status: 403, body: '403 Forbidden' }],
  ['the same with 401', { status: 401, body: '403 Forbidden' }],
  ['a page as a JSON string', { status: 401, body: JSON.stringify(page('Access Denied')) }],
  [
    'AWS in XML without its RequestId',
    {
      status: 401,
      body: '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
    },
  ],
  [
    'the same with a word that brokers know',
    { status: 403, body: { ...CLOUDFLARE, error: 'access_denied' } },
  ],
  ['Cloudflare’s block as text', { status: 403, body: 'error code: 1020' }],
  ['a firewall of AWS', { status: 403, body: { message: 'Forbidden' } }],
  ['a gateway of AWS', { status: 403, body: { message: 'Missing Authentication Token' } }],
  [
    'the same with another word for it',
    { status: 403, body: { message: 'The security token included in the request is invalid.' } },
  ],
  [
    'AWS in XML',
    {
      status: 403,
      body: '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>1</RequestId></Error>',
    },
  ],
  [
    'Akamai’s block as JSON',
    {
      status: 403,
      body: {
        type: 'https://problems.luna.akamaiapis.net/-/pep-authn/deny',
        title: 'Not authorized',
        status: 403,
      },
    },
  ],
  ['Imperva’s block as JSON', { status: 403, body: { errorCode: '15', incidentId: '1-2' } }],
  [
    'a gateway’s fault with 403',
    { status: 403, body: { fault: { faultstring: MARK, detail: { errorcode: 'policies.x.y' } } } },
  ],
  [
    'a gateway’s fault with 401',
    { status: 401, body: { fault: { faultstring: MARK, detail: { errorcode: 'policies.x.y' } } } },
  ],
  [
    'a router that knows no such host',
    {
      status: 404,
      body: "404 Not Found: Requested route ('api.broker.example') does not exist.",
    },
  ],
  ['a balancer without a server', { status: 404, body: 'default backend - 404' }],
  ['a proxy without a server', { status: 503, body: 'no healthy upstream' }],
  ['an overload', { status: 429, body: '' }],
  ['a redirect to a maintenance page', { status: 302, body: '' }],
];

describe('what the broker did not write is transient', () => {
  for (const [name, steps] of Object.entries(STEPS)) {
    for (const step of steps) {
      test.each(everywhere)(`${name} ${step}: %s`, async (_what, answer) => {
        // Of a worker's own call a 2xx is served, whatever it brings.
        if (step === 'call' && answer.status === 200) return;
        const failure = await judged(name, step, answer);
        expect(failure).toMatchObject({ ok: false, reason: 'transient', status: answer.status });
        expect(JSON.stringify(failure)).not.toContain(MARK);
      });
    }
  }

  test('every broker has its steps here', () => {
    expect(Object.keys(STEPS)).toEqual(Object.keys(BROKERS));
  });
});

/** A 4xx of JSON, or text, or nothing at all, in words that nobody knows. */
const unknown: readonly Answer[] = [
  { status: 400, body: { reason: 'moon-phase' } },
  { status: 403, body: '' },
  { status: 403, body: { error: 'moon_phase' } },
  { status: 404, body: '' },
  { status: 418, body: 'I am a teapot' },
  { status: 403, body: { timestamp: 1, status: 403, error: 'Forbidden', path: '/oauth/token' } },
];

describe('what nobody knows is transient, and between broker and caller for a worker’s own call', () => {
  for (const [name, steps] of Object.entries(STEPS)) {
    for (const step of steps) {
      test.each(unknown)(`${name} ${step}: $status $body`, async (answer) => {
        const failure = await judged(name, step, answer);
        if (step === 'call') expect(failure).toBeNull();
        else expect(failure).toMatchObject({ ok: false, reason: 'transient' });
      });
    }
  }
});

type Case = readonly [
  broker: string,
  step: Step,
  status: number,
  body: string | object,
  reason: FailureClass | null,
  problem?: string | undefined,
  challenge?: string,
];

const fault = (faultstring: string, errorcode: string) => ({
  fault: { faultstring, detail: { errorcode } },
});
const NO_PRODUCT = fault(
  'Invalid API call as no apiproduct match found',
  'keymanagement.service.InvalidAPICallAsNoApiProductMatchFound',
);
const NOT_AUTHORIZED = {
  errors: [{ id: 'a', status: 401, title: 'Unauthorized', detail: 'Client not authorized' }],
};
const BEARER_NO_PRODUCT =
  'Bearer realm="null",error="invalid_request",error_description="keymanagement.service.InvalidAPICallAsNoApiProductMatchFound: Invalid API call as no apiproduct match found"';
const etradeXml = (code: string, message: string): string =>
  `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Error>${code}<message>${message}</message></Error>`;
const NOT_YOURS = 'Account key does not belong to user';
const AWAY = 'The requested service is not currently available';

const PERSON_WORDS = [
  'mfa_required',
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
  'access_denied',
  'invalid_grant',
  'reauthentication_required',
  'mfa_enrollment_required',
  'enrollment_required',
  'requires_verification',
  'unmet_authentication_requirements',
  'insufficient_user_authentication',
  'invalid_refresh_token',
  'expired_token',
  'token_expired',
  'session_expired',
  'user_blocked',
  'password_expired',
];

/** A status that speaks for itself, beside words that mean something else elsewhere. */
const notNow: readonly (readonly [broker: string, body: object])[] = [
  ['etrade', { Error: { code: 1, message: 'slow down' } }],
  ['etrade', { Error: { message: 'oauth_problem=token_rejected' } }],
  ['tradestation', { error: 'access_denied', error_description: 'Too many requests' }],
  ['tradestation', { error: 'invalid_grant' }],
  ['tradestation', { error: 'invalid_client' }],
  ['tradestation', { Error: 'Forbidden', Message: 'x' }],
  ['schwab', { error: 'invalid_client' }],
  ['schwab', { error: 'unsupported_token_type' }],
  ['schwab', { errors: [{ status: 429, title: 'Unauthorized' }] }],
  ['upstox', { errors: [{ errorCode: 'UDAPI100067' }] }],
  ['upstox', { errors: [{ errorCode: 'UDAPI100050' }] }],
  ['upstox', { error: 'invalid_grant' }],
  ['kite', { error_type: 'InputException', message: 'Invalid `api_key` or `access_token`.' }],
];

describe('an overload or an outage stays one, whatever words stand beside it', () => {
  for (const [broker, body] of notNow) {
    // E*TRADE's OAuth library writes real verdicts with 503.
    const isVerdict = textOf(body).includes('oauth_problem');
    for (const status of [408, 423, 425, 429, ...(isVerdict ? [] : [500, 503])]) {
      test.each(STEPS[broker] ?? [])(`${broker} %s: ${status} ${textOf(body)}`, async (step) => {
        const failure = await judged(broker, step, { status, body });
        expect(failure).toMatchObject({ ok: false, reason: 'transient', status });
        if (status === 429) expect(failure).toMatchObject({ problem: 'rate-limited' });
      });
    }
  }
});

const cases: Case[] = [
  // What asks for a person is about a sign-in: no word for it judges a worker's own call.
  ...['tradestation', 'schwab', 'upstox'].flatMap((broker): Case[] => [
    ...[...PERSON_WORDS, 'account_not_found', 'account_inactive', 'account_blocked']
      .filter((error) => !/token/.test(error))
      .flatMap((error): Case[] => [
        [broker, 'call', 403, { error }, null],
        [broker, 'call', 404, { error }, null],
        [broker, 'call', 403, { errorCode: error }, null],
        [broker, 'probe', 403, { error }, 'transient', error],
        [broker, 'complete', 403, { error: error.toUpperCase() }, 'sign-in-needed', error],
      ]),
    // A person is needed, whichever word stands before it.
    ...(['access_denied', 'invalid_request', 'unauthorized', 'forbidden'] as const).flatMap(
      (error): Case[] =>
        ['mfa_required', 'user is blocked', 'login_required', 'Multi-factor needed'].map(
          (error_description): Case => [
            broker,
            'complete',
            401,
            { error, error_description },
            'sign-in-needed',
            error,
          ],
        ),
    ),
    [broker, 'complete', 403, { error: 'Forbidden', message: 'mfa_required' }, 'sign-in-needed'],
    [broker, 'complete', 400, { error: 'INVALID_GRANT' }, 'sign-in-needed', 'invalid_grant'],
    [broker, 'complete', 401, { error: 'INVALID_CLIENT' }, 'configuration', 'invalid_client'],
  ]),
  ['schwab', 'call', 400, { error: 'unsupported_token_type' }, null],
  // Schwab's gateway without an error code, in words with spaces.
  ...[
    'Access Token expired',
    'Invalid Access Token',
    'Access Token not approved',
    'Access Token has been revoked',
  ].flatMap((faultstring): Case[] =>
    (['probe', 'call'] as const).map(
      (step): Case => [
        'schwab',
        step,
        401,
        { fault: { faultstring } },
        'renewable',
        'invalid_token',
      ],
    ),
  ),
  ...['Invalid ApiKey', 'Invalid API Key', 'Failed to resolve API Key', 'API Key not approved'].map(
    (faultstring): Case => [
      'schwab',
      'probe',
      401,
      { fault: { faultstring } },
      'configuration',
      'InvalidApiKey',
    ],
  ),
  // E*TRADE's XML, whatever it is dressed in.
  ...[
    `<Error xmlns="http://us.etrade.com/x"><code>102</code><message>${NOT_YOURS}</message></Error>`,
    `<ns:Error><ns:code>102</ns:code><ns:message>${NOT_YOURS}</ns:message></ns:Error>`,
    `<error><code>102</code><message>${NOT_YOURS}</message></error>`,
    `<Error><Code><![CDATA[102]]></Code><Message><![CDATA[${NOT_YOURS}]]></Message></Error>`,
    `<!-- <Error><code>7</code></Error> --><Error><code> 102 </code></Error>`,
  ].flatMap((body): Case[] => [
    ['etrade', 'probe', 400, body, 'configuration', 'error-102'],
    ['etrade', 'call', 400, body, null],
  ]),
  [
    'etrade',
    'call',
    400,
    `<Error xmlns="x"><code>100</code><message><![CDATA[${AWAY}]]></message></Error>`,
    'transient',
    'error-100',
  ],
  // A number of its own, which only looks like Cloudflare's.
  ['etrade', 'call', 400, { Error: { code: 1033, message: 'x' } }, null],
  // Renewed is what says nothing else.
  ...[
    'Your token will be renewed after maintenance',
    'Access Token can’t be renewed',
    'Access token expired, please get it renewed',
    'Access Token is invalid and must be renewed',
    'Service will be renewed shortly',
    'Access Token has been revoked, renewed or not',
  ].map((body): Case => ['etrade', 'renew', 200, body, 'transient', 'answer-unreadable']),
  ...[
    'Your token will be revoked after maintenance',
    'Access Token can’t be revoked',
    'Access Token is invalid and must be revoked',
    'Revoked access is restored',
  ].map((body): Case => ['etrade', 'revoke', 200, body, 'transient', 'answer-unreadable']),
  // Upstox quotes what was sent, which may look like a code.
  [
    'upstox',
    'call',
    400,
    { errors: [{ errorCode: 'UDAPI1052', invalid_value: 'UDAPI100050' }] },
    null,
  ],
  [
    'upstox',
    'probe',
    400,
    { errors: [{ invalid_value: 'UDAPI100050', error_code: 'UDAPI100058' }] },
    'configuration',
    'UDAPI100058',
  ],
  // A 401 that says no more than its name is about the token, at a token endpoint about the client.
  ...(
    ['Unauthorized', { message: 'Unauthorized' }, '', { message: 'Unauthorized.' }] as const
  ).flatMap((body): Case[] => [
    ['etrade', 'probe', 401, body, 'renewable', 'http-401'],
    ['etrade', 'call', 401, body, 'renewable', 'http-401'],
    ['etrade', 'renew', 401, body, 'sign-in-needed', 'http-401'],
    ['tradestation', 'probe', 401, body, 'renewable', 'http-401'],
    ['tradestation', 'call', 401, body, 'renewable', 'http-401'],
    ['tradestation', 'renew', 401, body, 'configuration', 'http-401'],
    ['schwab', 'probe', 401, body, 'renewable', 'http-401'],
    ['schwab', 'call', 401, body, 'renewable', 'http-401'],
    ['upstox', 'probe', 401, body, 'sign-in-needed', 'http-401'],
    ['upstox', 'call', 401, body, 'sign-in-needed', 'http-401'],
    ['upstox', 'complete', 401, body, 'sign-in-needed', 'http-401'],
    ['kite', 'probe', 401, body, 'transient', 'http-401'],
    ['kite', 'call', 401, body, null],
  ]),
  // OAuth 2, OpenID Connect and Auth0 ask for a person.
  ...['tradestation', 'schwab'].flatMap((broker): Case[] => [
    ...PERSON_WORDS.map(
      (error): Case => [broker, 'renew', 403, { error }, 'sign-in-needed', error],
    ),
    [broker, 'renew', 400, { error: 'login_required' }, 'sign-in-needed', 'login_required'],
    [broker, 'renew', 401, { error: 'mfa_required' }, 'sign-in-needed', 'mfa_required'],
    [broker, 'complete', 403, { error: 'mfa_required' }, 'sign-in-needed', 'mfa_required'],
    [broker, 'complete', 403, { error: 'access_denied' }, 'sign-in-needed', 'access_denied'],
    [broker, 'renew', 429, { error: 'too_many_attempts' }, 'transient'],
    [broker, 'renew', 403, { error: 'never_heard_of' }, 'transient', 'never_heard_of'],
    // The client's own proof.
    [broker, 'renew', 401, { error: 'invalid_client' }, 'configuration', 'invalid_client'],
    [broker, 'renew', 403, { error: 'unauthorized_client' }, 'configuration'],
    [
      broker,
      'renew',
      401,
      { error: 'access_denied', error_description: 'Unauthorized' },
      'configuration',
      'access_denied',
    ],
    [broker, 'renew', 401, '', 'configuration', 'http-401'],
    // Either part of the error alone, and a known description beside an unknown word.
    [
      broker,
      'renew',
      403,
      { error_description: 'Unknown or invalid refresh token.' },
      'sign-in-needed',
      'invalid_grant',
    ],
    [
      broker,
      'renew',
      403,
      { error: 'brand_new', error_description: 'The refresh token has been revoked' },
      'sign-in-needed',
      'invalid_grant',
    ],
    [
      broker,
      'renew',
      400,
      { error: 'invalid_request', error_description: 'Refresh token is expired' },
      'sign-in-needed',
      'invalid_request',
    ],
    [
      broker,
      'renew',
      400,
      { error: 'invalid_request', error_description: 'Missing required parameter: refresh_token' },
      'configuration',
      'invalid_request',
    ],
    [
      broker,
      'renew',
      403,
      { error_description: 'Multifactor authentication required' },
      'sign-in-needed',
    ],
    [
      broker,
      'renew',
      401,
      { error: 'unauthorized', error_description: 'user is blocked' },
      'sign-in-needed',
      'unauthorized',
    ],
    [
      broker,
      'complete',
      403,
      { error_description: 'Invalid authorization code' },
      'sign-in-needed',
      'invalid_grant',
    ],
    [
      broker,
      'complete',
      400,
      { error_description: 'Unknown client: abc' },
      'configuration',
      'invalid_client',
    ],
    [broker, 'renew', 403, { error: { code: 'invalid_grant' } }, 'sign-in-needed', 'invalid_grant'],
    // A challenge alone.
    [broker, 'probe', 401, '', 'renewable', 'invalid_token', 'Bearer error="invalid_token"'],
    [
      broker,
      'probe',
      403,
      '',
      'configuration',
      'insufficient_scope',
      'Bearer error="insufficient_scope"',
    ],
    [broker, 'call', 403, '', null, undefined, 'Bearer error="insufficient_scope"'],
    [broker, 'call', 401, '', 'renewable', 'http-401'],
  ]),

  // TradeStation's API: either part of its error alone.
  ['tradestation', 'probe', 401, { Error: 'Unauthorized' }, 'renewable', 'Unauthorized'],
  ['tradestation', 'probe', 401, { Message: 'Unauthorized' }, 'renewable', 'Unauthorized'],
  ['tradestation', 'probe', 401, { Message: 'the text is not documented' }, 'renewable'],
  ['tradestation', 'probe', 403, { Error: 'Forbidden' }, 'configuration', 'Forbidden'],
  ['tradestation', 'probe', 403, { Message: 'The scope ReadAccount is missing' }, 'configuration'],
  ['tradestation', 'renew', 403, { Error: 'Forbidden', Message: 'Forbidden' }, 'transient'],
  // Success is an empty answer.
  ['tradestation', 'revoke', 200, 'OK, but later', 'transient', 'answer-unreadable'],
  ['tradestation', 'revoke', 200, { error: 'invalid_client' }, 'configuration', 'invalid_client'],
  ['tradestation', 'revoke', 401, { error: 'invalid_client' }, 'configuration', 'invalid_client'],

  // Schwab: an app without the API product, wherever the gateway says it.
  ...(['probe', 'renew', 'complete', 'call'] as const).flatMap((step): Case[] => [
    ['schwab', step, 401, NO_PRODUCT, 'configuration', 'NoApiProductMatchFound'],
    ['schwab', step, 403, NO_PRODUCT, 'configuration', 'NoApiProductMatchFound'],
    ['schwab', step, 401, '', 'configuration', 'NoApiProductMatchFound', BEARER_NO_PRODUCT],
    [
      'schwab',
      step,
      401,
      NOT_AUTHORIZED,
      'configuration',
      'NoApiProductMatchFound',
      BEARER_NO_PRODUCT,
    ],
    [
      'schwab',
      step,
      401,
      fault('NoApiProductMatchFound', 'x'),
      'configuration',
      'NoApiProductMatchFound',
    ],
  ]),
  [
    'schwab',
    'probe',
    401,
    fault('Invalid ApiKey for given resource', 'oauth.v2.InvalidApiKeyForGivenResource'),
    'configuration',
    'NoApiProductMatchFound',
  ],
  [
    'schwab',
    'probe',
    401,
    fault('Invalid ApiKey', 'oauth.v2.InvalidApiKey'),
    'configuration',
    'InvalidApiKey',
  ],
  [
    'schwab',
    'probe',
    401,
    fault('Access Token expired', 'keymanagement.service.access_token_expired'),
    'renewable',
    'invalid_token',
  ],
  [
    'schwab',
    'probe',
    401,
    fault('Invalid Access Token', 'keymanagement.service.invalid_access_token'),
    'renewable',
    'invalid_token',
  ],
  ['schwab', 'probe', 401, { errors: [{ detail: 'Client not authorized' }] }, 'renewable'],
  ['schwab', 'probe', 401, { message: 'Client not authorized' }, 'renewable'],
  ['schwab', 'probe', 403, { errors: [{ title: 'Forbidden' }] }, 'configuration', 'Forbidden'],
  ['schwab', 'complete', 401, page('Whitelabel Error Page'), 'configuration', 'http-401'],
  ['schwab', 'renew', 403, page('Sign in again: your account is locked'), 'transient'],

  // E*TRADE: one code, two meanings, in both forms.
  ['etrade', 'probe', 400, etradeXml('<code>100</code>', NOT_YOURS), 'configuration', 'error-100'],
  ['etrade', 'call', 400, etradeXml('<code>100</code>', NOT_YOURS), null],
  [
    'etrade',
    'probe',
    400,
    { Error: { code: 100, message: NOT_YOURS } },
    'configuration',
    'error-100',
  ],
  ['etrade', 'call', 400, { Error: { code: 100, message: NOT_YOURS } }, null],
  ['etrade', 'call', 400, { Error: { code: '100', message: NOT_YOURS } }, null],
  ['etrade', 'call', 400, etradeXml('<code>100</code>', AWAY), 'transient', 'error-100'],
  ['etrade', 'call', 400, { Error: { code: 100, message: AWAY } }, 'transient', 'error-100'],
  ['etrade', 'call', 500, { Error: { code: 100, message: NOT_YOURS } }, 'transient', 'error-100'],
  ['etrade', 'call', 400, { Error: { code: 100 } }, 'transient', 'error-100'],
  ['etrade', 'call', 400, etradeXml('<code>670</code>', 'Down for maintenance'), 'transient'],
  // The error without its code, or without its wrapping.
  ['etrade', 'probe', 400, { Error: { message: AWAY } }, 'transient', 'error-uncoded'],
  ['etrade', 'probe', 400, { Error: { message: NOT_YOURS } }, 'configuration', 'error-uncoded'],
  ['etrade', 'call', 400, etradeXml('', NOT_YOURS), null],
  ['etrade', 'probe', 401, { message: 'oauth_problem=token_expired' }, 'renewable'],
  ['etrade', 'probe', 401, { Error: { message: 'oauth_problem=token_rejected' } }, 'renewable'],
  ['etrade', 'probe', 400, { code: 102, message: NOT_YOURS }, 'configuration', 'error-102'],
  ['etrade', 'probe', 403, { code: 403, message: 'Forbidden' }, 'transient'],
  ['etrade', 'begin', 400, 'oauth_problem=moon_phase', 'transient', 'moon_phase'],
  // Renewed and revoked is what says so.
  ...(['renew', 'revoke'] as const).flatMap((step): Case[] => [
    ['etrade', step, 200, '', 'transient', 'answer-unreadable'],
    ['etrade', step, 200, 'Service temporarily unavailable', 'transient', 'answer-unreadable'],
    ['etrade', step, 200, { status: 'ok' }, 'transient', 'answer-unreadable'],
    ['etrade', step, 200, 'Access Token has not been renewed or revoked', 'transient'],
    ['etrade', step, 200, 'oauth_problem=token_rejected', 'sign-in-needed', 'token_rejected'],
  ]),

  // Upstox: with any part of its envelope, or none.
  ...[
    { status: 'error', errors: [{ errorCode: 'UDAPI100050' }] },
    { errors: [{ error_code: 'UDAPI100050' }] },
    { errors: { error_code: 'UDAPI100050' } },
    { errorCode: 'UDAPI100050', message: 'Invalid token used to access API' },
    { error_code: 'UDAPI100050' },
    { error: { code: 'UDAPI100050' } },
    { message: 'Invalid token used to access API' },
    { errors: [{ message: 'Invalid token used to access API' }] },
    { errors: [{ errorCode: 'UDAPI7' }, { errorCode: 'UDAPI100050' }] },
    'UDAPI100050: Invalid token used to access API',
  ].map((body): Case => ['upstox', 'probe', 401, body, 'sign-in-needed', 'UDAPI100050']),
  ['upstox', 'complete', 400, { message: 'Invalid Auth code' }, 'sign-in-needed', 'UDAPI100057'],
  ['upstox', 'complete', 400, { error: 'invalid_grant' }, 'sign-in-needed', 'invalid_grant'],
  ['upstox', 'complete', 401, { message: "Your 'client_id' is inactive" }, 'configuration'],
  ['upstox', 'approval', 401, '', 'configuration', 'http-401'],
  [
    'upstox',
    'approval',
    400,
    { errors: [{ error_code: 'UDAPI100069', message: 'A request is already pending' }] },
    'transient',
    'UDAPI100069',
  ],
  ['upstox', 'approval', 400, { errors: [{ error_code: 'UDAPI100069' }] }, 'configuration'],
  ['upstox', 'revoke', 200, { status: 'success', data: false }, 'transient', 'answer-unreadable'],
  // What concerns one call stops no worker; what concerns the client does.
  ...['100058', '100060', '100067', '100068', '100069', '1154', '1155', '1026'].map(
    (code): Case => ['upstox', 'call', 403, { errors: [{ errorCode: `UDAPI${code}` }] }, null],
  ),
  ['upstox', 'call', 401, { errorCode: 'UDAPI100016' }, 'configuration', 'UDAPI100016'],
  ['upstox', 'call', 401, { errorCode: 'UDAPI100073' }, 'configuration', 'UDAPI100073'],
  ['upstox', 'call', 401, { errorCode: 'UDAPI100050' }, 'sign-in-needed', 'UDAPI100050'],

  // Kite: either part of its error alone, with and without `status`.
  [
    'kite',
    'complete',
    400,
    { error_type: 'InputException', message: 'Invalid `checksum`.' },
    'configuration',
    'invalid-checksum',
  ],
  [
    'kite',
    'probe',
    400,
    { error_type: 'InputException', message: 'x' },
    'configuration',
    'InputException',
  ],
  ['kite', 'call', 400, { error_type: 'InputException', message: 'x' }, null],
  ['kite', 'probe', 403, { error_type: 'TokenException' }, 'sign-in-needed', 'TokenException'],
  ['kite', 'probe', 400, { error_type: 'TokenException' }, 'sign-in-needed', 'TokenException'],
  [
    'kite',
    'probe',
    403,
    { message: 'Incorrect `api_key` or `access_token`.' },
    'sign-in-needed',
    'TokenException',
  ],
  [
    'kite',
    'complete',
    403,
    { status: 'error', message: 'Token is invalid or has expired.' },
    'sign-in-needed',
    'TokenException',
  ],
  ['kite', 'complete', 403, { message: 'Invalid `checksum`.' }, 'configuration'],
  ['kite', 'complete', 403, { message: 'Invalid `api_key`.' }, 'configuration', 'invalid-api-key'],
  ['kite', 'call', 403, { error_type: 'PermissionException' }, null],
  ['kite', 'call', 400, { error_type: 'OrderException' }, null],
  [
    'kite',
    'call',
    400,
    { error_type: 'InputException', message: 'Invalid `access_token`.' },
    'sign-in-needed',
  ],
  ['kite', 'revoke', 200, { status: 'success', data: false }, 'transient', 'answer-unreadable'],
];

describe('what the broker says itself', () => {
  for (const [broker, step, status, body, reason, problem, challenge] of cases) {
    const beside = challenge === undefined ? '' : ` and ${challenge.slice(0, 60)}`;
    const what = `${broker} ${step}: ${status} ${textOf(body).slice(0, 120)}${beside}`;
    test(`${what} is ${reason ?? 'the caller’s'}`, async () => {
      const answer = { status, body, ...(challenge === undefined ? {} : { challenge }) };
      const failure = await judged(broker, step, answer);
      if (reason === null) return expect(failure).toBeNull();
      const expected = problem === undefined ? { reason } : { reason, problem };
      expect(failure).toMatchObject({ ok: false, status, ...expected });
      expect(JSON.stringify(failure)).toMatch(/"problem":"[A-Za-z0-9_.-]{1,60}"/);
    });
  }
});
