import { describe, expect, test } from 'vitest';
import type { BrokerToken, OpenSignIn } from '../../functions/brokers/broker.ts';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { createSchwabBroker } from '../../functions/brokers/schwab.ts';
import { SCHWAB_DEFAULTS } from '../../functions/brokers/schwab-rules.ts';
import { Secret } from '../../functions/secret.ts';
import { received } from './answer.ts';
import { createTokenFetch, jsonResponse } from './token-fetch.ts';

const NOW = Date.parse('2026-03-09T13:05:00Z');
const REDIRECT = 'https://127.0.0.1:8182/';
const TOKEN: BrokerToken = {
  accessToken: new Secret('old-access'),
  tokenSecret: null,
  refreshToken: new Secret('old-refresh'),
};
const SIGN_IN: OpenSignIn = {
  id: 'state',
  secret: new Secret('never-sent'),
  startedAt: NOW,
  expiresAt: NOW + 600_000,
};
const ISSUED = {
  expires_in: 1800,
  token_type: 'Bearer',
  scope: 'api',
  refresh_token: 'new-refresh',
  access_token: 'new-access',
  id_token: 'h.c.s',
};

const INNER =
  'Exception while authenticating refresh token [tokenDigest=abc=, Exception=Failed refresh token authentication [tokenDigest=abc=]]';

/** Each was published by somebody whose refresh token was dead. */
const DEAD_REFRESH_TOKEN = [
  [
    'unsupported_token_type, quotation marks not escaped',
    400,
    `{"error":"unsupported_token_type","error_description":"400 Bad Request: "{"error_description":"${INNER}","error":"refresh_token_authentication_error"}""}`,
    'unsupported_token_type',
  ],
  [
    'unsupported_token_type, quotation marks escaped',
    400,
    JSON.stringify({
      error: 'unsupported_token_type',
      error_description: `400 Bad Request: "{"error_description":"${INNER}","error":"refresh_token_authentication_error"}"`,
    }),
    'unsupported_token_type',
  ],
  [
    'the description first, broken',
    400,
    `{"error_description":"400 Bad Request: "{"error_description":"${INNER}","error":"refresh_token_authentication_error"}"","error":"unsupported_token_type"}`,
    'refresh_token_authentication_error',
  ],
  [
    'invalid_client',
    400,
    '{"error":"invalid_client","error_description":"refresh token invalid"}',
    'invalid_client',
  ],
  [
    'invalid_client, with 401',
    401,
    '{"error":"invalid_client","error_description":"refresh token invalid"}',
    'invalid_client',
  ],
  [
    'invalid_grant',
    400,
    '{"error":"invalid_grant","error_description":"Invalid refresh token: null"}',
    'invalid_grant',
  ],
] as const;

const FIREWALL = `<HTML><HEAD>
<TITLE>Access Denied</TITLE>
</HEAD><BODY>
<H1>Access Denied</H1>
You don't have permission to access "http&#58;&#47;&#47;api&#46;schwabapi&#46;com&#47;v1&#47;oauth&#47;token" on this server.<P>
</BODY></HTML>`;

const NOT_AUTHORIZED = (status: number | string) => ({
  errors: [{ id: 'a-b-c', status, title: 'Unauthorized', detail: 'Client not authorized' }],
});

function adapter(answers: readonly (Response | Error)[] = []) {
  const { fetch, requests } = createTokenFetch(answers);
  const broker = createSchwabBroker({
    ...SCHWAB_DEFAULTS.prod,
    environment: 'prod',
    consumerKey: new Secret('the-key'),
    consumerSecret: new Secret('the-secret'),
    redirectUrl: REDIRECT,
    fetch,
    clock: () => NOW,
    random: (size) => new Uint8Array(size).fill(7),
    wait: async () => {},
  });
  return { broker, requests };
}

describe('a sign-in', () => {
  test('leads to Schwab with key, redirect as registered and state', async () => {
    const begun = await adapter().broker.begin();
    if (!begun.ok) throw new Error(begun.problem);
    const url = new URL(begun.authorizeUrl);
    expect(`${url.origin}${url.pathname}`).toBe('https://api.schwabapi.com/v1/oauth/authorize');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'the-key',
      redirect_uri: REDIRECT,
      state: begun.signIn.id,
    });
  });

  test('sends the code as it was before the redirect encoded it', async () => {
    const { broker, requests } = adapter([jsonResponse(200, ISSUED)]);
    const redirect = new URL(`${REDIRECT}?code=C0.b2F1dGg%40&session=x&state=state`);
    const callback = broker.readCallback(redirect.searchParams);
    if (!callback.ok) throw new Error(callback.problem);
    const completed = await broker.complete(SIGN_IN, callback.verifier);
    expect(completed).toMatchObject({ ok: true, accessLifeMs: 1_800_000, issuedAt: NOW });
    expect(requests[0]?.body).toBe(
      'grant_type=authorization_code&code=C0.b2F1dGg%40&redirect_uri=https%3A%2F%2F127.0.0.1%3A8182%2F',
    );
    expect(requests[0]?.headers.get('authorization')).toBe(
      `Basic ${Buffer.from('the-key:the-secret').toString('base64')}`,
    );
  });

  test.each([
    [401, '{"error":"invalid_client","error_description":"Unauthorized"}', 'configuration'],
    [400, '{"error":"invalid_client","error_description":"no refresh token"}', 'configuration'],
    [401, '<html>Whitelabel</html>', 'configuration'],
    [401, JSON.stringify(NOT_AUTHORIZED(401)), 'configuration'],
    [400, '{"error":"invalid_grant"}', 'sign-in-needed'],
    [400, '{"error":"unsupported_token_type","error_description":"x"}', 'sign-in-needed'],
    [400, '{"error":"invalid_request","error_description":"x"}', 'configuration'],
    [403, FIREWALL, 'transient'],
    [500, '<html>Whitelabel</html>', 'transient'],
  ])('whose code is refused with %d %s is %s', async (status, body, reason) => {
    const { broker, requests } = adapter([jsonResponse(status, body)]);
    expect(await broker.complete(SIGN_IN, new Secret('C0.x@'))).toMatchObject({ reason, status });
    expect(requests).toHaveLength(1);
  });
});

describe('a refresh', () => {
  test.each([
    ['the same refresh token', 'old-refresh', 'old-refresh'],
    ['another refresh token', 'new-refresh', 'new-refresh'],
    ['none', undefined, 'old-refresh'],
  ])('that answers %s', async (_what, refresh_token, expected) => {
    const { broker } = adapter([jsonResponse(200, { ...ISSUED, refresh_token })]);
    const renewed = await broker.renew(TOKEN);
    expect(renewed.ok && renewed.token?.refreshToken?.reveal()).toBe(expected);
    expect(renewed.ok && renewed.token?.accessToken.reveal()).toBe('new-access');
  });

  test.each(DEAD_REFRESH_TOKEN)('refused as dead: %s', async (_what, status, body, problem) => {
    const { broker, requests } = adapter([jsonResponse(status, body)]);
    const expected = { ok: false, reason: 'sign-in-needed', problem, status };
    expect(await broker.renew(TOKEN)).toMatchObject(expected);
    expect(requests).toHaveLength(1);
  });

  test('two of the published forms are no JSON at all', () => {
    const broken = DEAD_REFRESH_TOKEN.filter(([, , body]) => {
      try {
        return JSON.parse(body) === undefined;
      } catch {
        return true;
      }
    });
    expect(broken).toHaveLength(2);
  });

  test('stopped by the firewall is no reason to sign in', async () => {
    const { broker } = adapter([jsonResponse(403, FIREWALL)]);
    expect(await broker.renew(TOKEN)).toMatchObject({
      reason: 'transient',
      problem: 'page-instead-of-answer',
    });
  });
});

describe('the probe', () => {
  test('reads the account numbers', async () => {
    const body = [{ accountNumber: '61550117', hashValue: 'AB' }];
    const { broker, requests } = adapter([jsonResponse(200, body)]);
    expect(await broker.probe(TOKEN)).toMatchObject({ ok: true, accountIds: ['61550117'] });
    expect(requests[0]?.url).toBe('https://api.schwabapi.com/trader/v1/accounts/accountNumbers');
  });

  test.each([
    ['one instead of a list', { accountNumber: '61550117' }, ['61550117']],
    ['a number', [{ accountNumber: 61_550_117 }], ['61550117']],
    ['one without a number', [{ hashValue: 'AB' }, { accountNumber: '61550117' }], ['61550117']],
    ['none', [], []],
    ['only such without a number', [{ hashValue: 'AB' }], null],
  ])('%s', async (_what, body, accountIds) => {
    const { broker } = adapter([jsonResponse(200, body)]);
    expect(await broker.probe(TOKEN)).toMatchObject({ ok: true, accountIds });
  });

  test.each([
    [401, NOT_AUTHORIZED(401), 'renewable', 'Unauthorized'],
    [401, NOT_AUTHORIZED('401'), 'renewable', 'Unauthorized'],
    [401, '', 'renewable', 'http-401'],
    [403, FIREWALL, 'transient', 'page-instead-of-answer'],
    [403, { errors: [{ title: 'Forbidden' }] }, 'configuration', 'Forbidden'],
    [404, '<html>', 'transient', 'page-instead-of-answer'],
    [404, { errors: [{ title: 'Not Found' }] }, 'configuration', 'NotFound'],
    [429, '', 'transient', 'rate-limited'],
    [500, '<html>', 'transient', 'http-500'],
    [200, { message: 'x' }, 'transient', 'answer-unreadable'],
  ])('%d %o is %s', async (status, body, reason, problem) => {
    const answers = Array.from({ length: 3 }, () => jsonResponse(status, body));
    expect(await adapter(answers).broker.probe(TOKEN)).toMatchObject({ reason, problem });
  });
});

test('there is nothing to revoke with, and nothing is sent', async () => {
  const { broker, requests } = adapter();
  expect(await broker.revoke(TOKEN)).toMatchObject({ ok: false, problem: 'no-revocation' });
  expect(requests).toEqual([]);
});

test.each([
  [201, '', null],
  [400, NOT_AUTHORIZED(400), null],
  [404, '', null],
  [401, NOT_AUTHORIZED(401), { reason: 'renewable', undone: true }],
  [403, FIREWALL, { reason: 'transient', undone: false }],
  [429, '', { reason: 'transient', undone: false }],
])('a worker’s call answered with %d %o: %o', (status, body, expected) => {
  const calls = BROKERS['schwab']?.createDataCalls({
    consumerKey: new Secret('the-key'),
    consumerSecret: new Secret('the-secret'),
    clock: () => NOW,
    random: (size) => new Uint8Array(size),
  });
  const refusal = calls?.judge(received(status, body));
  if (expected === null) expect(refusal).toBeNull();
  else expect(refusal).toMatchObject(expected);
});
