import { describe, expect, test } from 'vitest';
import type { BrokerToken, OpenSignIn } from '../../functions/brokers/broker.ts';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { createTradestationBroker } from '../../functions/brokers/tradestation.ts';
import { TRADESTATION_DEFAULTS } from '../../functions/brokers/tradestation-rules.ts';
import { Secret } from '../../functions/secret.ts';
import { received } from './answer.ts';
import { createTokenFetch, jsonResponse } from './token-fetch.ts';

const NOW = Date.parse('2026-03-09T13:05:00Z');
const REDIRECT = 'http://localhost:8080';
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

/** As documented, for a key that does not rotate. */
const REFRESHED = {
  access_token: 'eGlhc2xv.MHJMaA',
  expires_in: 1200,
  scope: 'openid offline_access',
  id_token: 'vozT2Ix.wGVFPQ',
  token_type: 'Bearer',
};
const ACCOUNTS = {
  Accounts: [
    { AccountID: '123456782', AccountType: 'Margin', Status: 'Active' },
    { AccountID: '123456789', AccountType: 'Cash', Status: 'Active' },
  ],
};

function adapter(
  answers: readonly (Response | Error)[] = [],
  change: Partial<Parameters<typeof createTradestationBroker>[0]> = {},
) {
  const { fetch, requests } = createTokenFetch(answers);
  const broker = createTradestationBroker({
    ...TRADESTATION_DEFAULTS.sandbox,
    environment: 'sandbox',
    consumerKey: new Secret('the-key'),
    consumerSecret: new Secret('the-secret'),
    redirectUrl: REDIRECT,
    fetch,
    clock: () => NOW,
    random: (size) => new Uint8Array(size).fill(7),
    wait: async () => {},
    ...change,
  });
  return { broker, requests };
}

describe('the login page', () => {
  test('is asked for the API, a refresh token and every scope in its spelling', async () => {
    const begun = await adapter().broker.begin();
    if (!begun.ok) throw new Error(begun.problem);
    const url = new URL(begun.authorizeUrl);
    expect(`${url.origin}${url.pathname}`).toBe('https://signin.tradestation.com/authorize');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'the-key',
      redirect_uri: REDIRECT,
      audience: 'https://api.tradestation.com',
      scope: 'openid offline_access MarketData ReadAccount Trade OptionSpreads Matrix',
      state: begun.signIn.id,
    });
    expect(begun.authorizeUrl).toContain('scope=openid%20offline_access%20');
  });

  test('is the same for SIM; only the data is elsewhere', () => {
    const { sandbox, prod } = TRADESTATION_DEFAULTS;
    expect(sandbox).toEqual({ ...prod, apiUrl: 'https://sim-api.tradestation.com' });
  });

  test('is not opened without an address to return to', async () => {
    const { broker, requests } = adapter([], { redirectUrl: null });
    const expected = { ok: false, reason: 'configuration', problem: 'redirect-url-missing' };
    expect(await broker.begin()).toMatchObject(expected);
    expect(await broker.complete(SIGN_IN, new Secret('code'))).toMatchObject(expected);
    expect(requests).toEqual([]);
  });
});

describe('the code', () => {
  test('is traded with the same redirect address, and no PKCE', async () => {
    const answer = jsonResponse(200, { ...REFRESHED, refresh_token: 'first-refresh' });
    const { broker, requests } = adapter([answer]);
    const completed = await broker.complete(SIGN_IN, new Secret('the-code'));
    if (!completed.ok) throw new Error(completed.problem);
    expect(completed).toMatchObject({ issuedAt: NOW, accessLifeMs: 1_200_000 });
    expect(completed.token.refreshToken?.reveal()).toBe('first-refresh');
    expect(requests[0]?.url).toBe('https://signin.tradestation.com/oauth/token');
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
      grant_type: 'authorization_code',
      code: 'the-code',
      redirect_uri: REDIRECT,
      client_id: 'the-key',
      client_secret: 'the-secret',
    });
  });

  test('that brings no refresh token says so at once, not after 20 minutes', async () => {
    const { broker } = adapter([jsonResponse(200, REFRESHED)]);
    expect(await broker.complete(SIGN_IN, new Secret('the-code'))).toMatchObject({
      ok: false,
      reason: 'configuration',
      problem: 'refresh-token-missing',
    });
  });
});

describe('a refresh', () => {
  test('without a new refresh token keeps the old', async () => {
    const { broker } = adapter([jsonResponse(200, REFRESHED)]);
    const renewed = await broker.renew(TOKEN);
    if (!renewed.ok) throw new Error(renewed.problem);
    expect(renewed.token?.accessToken.reveal()).toBe('eGlhc2xv.MHJMaA');
    expect(renewed.token?.refreshToken?.reveal()).toBe('old-refresh');
    expect(renewed.accessLifeMs).toBe(1_200_000);
  });

  test('with a new one takes it', async () => {
    const { broker } = adapter([jsonResponse(200, { ...REFRESHED, refresh_token: 'next' })]);
    const renewed = await broker.renew(TOKEN);
    expect(renewed.ok && renewed.token?.refreshToken?.reveal()).toBe('next');
  });

  test.each([
    [403, { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' }],
    [400, { error: 'invalid_grant' }],
  ])('refused with %d invalid_grant needs a sign-in', async (status, body) => {
    const { broker } = adapter([jsonResponse(status, body)]);
    expect(await broker.renew(TOKEN)).toMatchObject({
      reason: 'sign-in-needed',
      problem: 'invalid_grant',
    });
  });

  test('refused for the key’s sake is configuration', async () => {
    const answer = { error: 'access_denied', error_description: 'Unauthorized' };
    const { broker } = adapter([jsonResponse(401, answer)]);
    expect(await broker.renew(TOKEN)).toMatchObject({ reason: 'configuration' });
  });
});

describe('the probe', () => {
  test('reads the account ids', async () => {
    const { broker, requests } = adapter([jsonResponse(200, ACCOUNTS)]);
    expect(await broker.probe(TOKEN)).toMatchObject({
      ok: true,
      accountIds: ['123456782', '123456789'],
    });
    expect(requests[0]?.url).toBe('https://sim-api.tradestation.com/v3/brokerage/accounts');
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer old-access');
  });

  test.each([
    [null, []],
    [[], []],
    [{ AccountID: 123456782 }, ['123456782']],
    [[{ Alias: 'x' }, { AccountID: '123456789' }], ['123456789']],
    [[{ Alias: 'x' }], null],
    [{}, null],
  ])('accounts of %j are %j', async (Accounts, accountIds) => {
    const { broker } = adapter([jsonResponse(200, { Accounts })]);
    expect(await broker.probe(TOKEN)).toMatchObject({ ok: true, accountIds });
  });

  test.each([
    [401, { Error: 'Unauthorized', Message: 'x' }, 'renewable', 'Unauthorized'],
    [401, '', 'renewable', 'http-401'],
    [401, '<html>', 'transient', 'page-instead-of-answer'],
    [403, { Error: 'Forbidden', Message: 'x' }, 'configuration', 'Forbidden'],
    [404, { Error: 'NotFound', Message: 'x' }, 'configuration', 'NotFound'],
    [503, { Error: 'ServiceUnavailable', Message: 'x' }, 'transient', 'http-503'],
    [504, '', 'transient', 'http-504'],
    [200, { Accounts: 'none' }, 'transient', 'answer-unreadable'],
  ])('%d %o is %s', async (status, body, reason, problem) => {
    const answers = Array.from({ length: 3 }, () => jsonResponse(status, body));
    expect(await adapter(answers).broker.probe(TOKEN)).toMatchObject({ reason, problem, status });
  });

  test('leaves a long Retry-After to the next run', async () => {
    const body = JSON.stringify({ Error: 'TooManyRequests', Message: 'Rate quota exceeded' });
    const limited = new Response(body, { status: 429, headers: { 'retry-after': '60' } });
    const { broker, requests } = adapter([limited]);
    expect(await broker.probe(TOKEN)).toMatchObject({
      reason: 'transient',
      problem: 'rate-limited',
      retryAfterMs: 60_000,
    });
    expect(requests).toHaveLength(1);
  });
});

test('revoking sends the refresh token as "token", in JSON', async () => {
  const { broker, requests } = adapter([new Response(null, { status: 200 })]);
  expect(await broker.revoke(TOKEN)).toEqual({ ok: true });
  expect(requests[0]).toMatchObject({ method: 'POST' });
  expect(requests[0]?.url).toBe('https://signin.tradestation.com/oauth/revoke');
  expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
    client_id: 'the-key',
    client_secret: 'the-secret',
    token: 'old-refresh',
  });
});

describe('a worker’s own calls', () => {
  const calls = BROKERS['tradestation']?.createDataCalls({
    consumerKey: new Secret('the-key'),
    consumerSecret: new Secret('the-secret'),
    clock: () => NOW,
    random: (size) => new Uint8Array(size),
  });

  test('carry the access token', () => {
    const call = { method: 'GET', url: 'https://api.tradestation.com/v3/x', params: {} };
    expect(calls?.authorize(call, TOKEN)).toBe('Bearer old-access');
  });

  test.each([
    [200, null],
    [400, null],
    [403, null],
    [404, null],
    [401, { reason: 'renewable', undone: true }],
    [429, { reason: 'transient', undone: false }],
    [503, { reason: 'transient', undone: false }],
  ])('answered with %d: %o', (status, expected) => {
    const refusal = calls?.judge(received(status, { Error: 'Word', Message: 'x' }));
    if (expected === null) expect(refusal).toBeNull();
    else expect(refusal).toMatchObject(expected);
  });
});
