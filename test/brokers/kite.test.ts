import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Broker, BrokerToken, OpenSignIn } from '../../functions/brokers/broker.ts';
import { createKiteBroker } from '../../functions/brokers/kite.ts';
import { checksum } from '../../functions/brokers/kite-requests.ts';
import { KITE_DEFAULTS } from '../../functions/brokers/kite-rules.ts';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { Secret } from '../../functions/secret.ts';
import {
  createScriptedFetch,
  type ScriptedAnswer,
  type SentRequest,
} from '../fixtures/scripted-fetch.ts';
import { received } from './answer.ts';

/** 09:00:00.250 in India. */
const NOW = Date.parse('2026-01-15T03:30:00.250Z');
const TOKEN: BrokerToken = {
  accessToken: new Secret('access&token'),
  tokenSecret: null,
  refreshToken: null,
};
const SIGN_IN: OpenSignIn = {
  id: 'the-state',
  secret: new Secret('never-sent'),
  startedAt: NOW - 60_000,
  expiresAt: NOW + 540_000,
};
const REQUEST_TOKEN = new Secret('request-token');
const PROFILE = { status: 'success', data: { user_id: 'XK4821', broker: 'ZERODHA' } };

function adapter(
  answers: readonly ScriptedAnswer[] = [],
  now = NOW,
): { broker: Broker; requests: readonly SentRequest[]; waits: readonly number[] } {
  const { fetch, requests } = createScriptedFetch(answers);
  const waits: number[] = [];
  const broker = createKiteBroker({
    ...KITE_DEFAULTS.prod,
    environment: 'prod',
    consumerKey: new Secret('api-key'),
    consumerSecret: new Secret('api-secret'),
    fetch,
    clock: () => now + requests.length * 1_000,
    random: (size) => new Uint8Array(size).fill(251),
    wait: async (ms) => {
      waits.push(ms);
    },
  });
  return { broker, requests, waits };
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status });
}

function session(login_time: unknown = '2026-01-15 09:00:00'): Response {
  const data = { user_id: 'XK4821', access_token: 'fresh-token', refresh_token: '', login_time };
  return json(200, { status: 'success', data });
}

function refusal(status: number, error_type: string, message: string): Response {
  return json(status, { status: 'error', message, data: null, error_type });
}

test('the checksum is a plain SHA-256 of key, request token and secret, in lower-case hex', () => {
  expect(checksum(new Secret('a'), new Secret('b'), new Secret('c'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

describe('begin', () => {
  test('opens a sign-in for ten minutes, with the state where it will come back', async () => {
    const { broker, requests } = adapter();
    const begun = await broker.begin();
    if (!begun.ok) throw new Error(begun.problem);
    const url = new URL(begun.authorizeUrl);
    expect(url.origin + url.pathname).toBe('https://kite.zerodha.com/connect/login');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      v: '3',
      api_key: 'api-key',
      redirect_params: `state=${begun.signIn.id}`,
    });
    expect(begun.signIn).toMatchObject({ startedAt: NOW, expiresAt: NOW + 600_000 });
    expect(begun.authorizeUrl).not.toContain(begun.signIn.secret.reveal());
    expect(requests).toEqual([]);
  });
});

describe('readCallback', () => {
  test.each([
    ['request_token=r&status=success&action=login&state=s', { ok: true, signInId: 's' }],
    ['request_token=r&status=success&state=s', { ok: true, signInId: 's' }],
    ['status=cancelled&action=login&state=s', { ok: false, reason: 'declined', signInId: 's' }],
    ['request_token=r&status=error&state=s', { ok: false, reason: 'refused', problem: 'error' }],
    ['status=%3Cb%3E&state=s', { ok: false, reason: 'refused', problem: 'status-unreadable' }],
    ['request_token=r&status=success', { ok: false, reason: 'unreadable', signInId: null }],
    ['status=cancelled', { ok: false, reason: 'unreadable', signInId: null }],
    ['request_token=r&status=success&state=', { ok: false, reason: 'unreadable' }],
    ['request_token=r&status=success&state=s&state=t', { ok: false, reason: 'unreadable' }],
    ['status=success&state=s', { ok: false, reason: 'unreadable', signInId: 's' }],
    ['request_token=r&request_token=q&status=success&state=s', { ok: false, reason: 'unreadable' }],
    ['request_token=a%20b&status=success&state=s', { ok: false, reason: 'unreadable' }],
    ['request_token=a%40&status=success&state=s', { ok: false, reason: 'unreadable' }],
    ['request_token=%E2%80%8Br%C2%AD&status=success&state=s', { ok: true, signInId: 's' }],
    [
      `request_token=${'x'.repeat(257)}&status=success&state=s`,
      { ok: false, reason: 'unreadable' },
    ],
  ])('%s', (query, expected) => {
    const answer = adapter().broker.readCallback(new URLSearchParams(query));
    expect(answer).toMatchObject(expected);
    if (answer.ok) expect(answer.verifier.reveal()).toBe('r');
  });
});

describe('complete', () => {
  test('trades the request token with a checksum; the secret stays here', async () => {
    const { broker, requests } = adapter([session()]);
    const answer = await broker.complete(SIGN_IN, REQUEST_TOKEN);
    expect(answer).toMatchObject({ ok: true, issuedAt: NOW, accessLifeMs: null });
    expect(answer.ok && answer.token.accessToken.reveal()).toBe('fresh-token');
    expect(answer.ok && answer.token.refreshToken).toBeNull();
    const [sent] = requests;
    expect(`${sent?.method} ${sent?.url}`).toBe('POST https://api.kite.trade/session/token');
    expect(sent?.headers.get('x-kite-version')).toBe('3');
    expect(Object.fromEntries(new URLSearchParams(sent?.body))).toEqual({
      api_key: 'api-key',
      request_token: 'request-token',
      checksum: checksum(new Secret('api-key'), REQUEST_TOKEN, new Secret('api-secret')),
    });
    expect(sent?.body).not.toContain('api-secret');
  });

  test.each([
    ['India’s time, before 06:00 passed', '2026-01-15 05:59:58', '2026-01-15T00:29:58Z'],
    ['the same day', '2026-01-15 06:00:00', null],
    ['a login in the future', '2026-01-15 18:00:00', null],
    ['no login time', undefined, null],
    ['another form', '2026-01-15T05:59:58+05:30', null],
    ['no date', '2026-13-45 05:59:58', null],
    ['no text', 5, null],
  ])(
    'counts the token from the exchange, or from the login before 06:00: %s',
    async (_name, login, expected) => {
      const now = Date.parse('2026-01-15T00:30:03Z');
      const answer = await adapter([session(login)], now).broker.complete(SIGN_IN, REQUEST_TOKEN);
      expect(answer.ok && answer.issuedAt).toBe(expected === null ? now : Date.parse(expected));
    },
  );

  test('a login years ago is a time read wrongly', async () => {
    const answer = await adapter([session('1970-01-01 05:30:00')]).broker.complete(
      SIGN_IN,
      REQUEST_TOKEN,
    );
    expect(answer.ok && answer.issuedAt).toBe(NOW);
  });

  test.each([
    [200, { data: { access_token: 'fresh-token' } }],
    [201, { status: 'success', data: { access_token: ' fresh-token ', user_id: null } }],
    [
      200,
      { status: '', data: { access_token: 'fresh-token', refresh_token: 0, expires_in: null } },
    ],
  ])('needs the access token and nothing else: %d %j', async (status, body) => {
    const answer = await adapter([json(status, body)]).broker.complete(SIGN_IN, REQUEST_TOKEN);
    expect(answer.ok && answer.token.accessToken.reveal()).toBe('fresh-token');
  });

  test.each<[string, () => ScriptedAnswer, object]>([
    [
      'a spent request token',
      () => refusal(403, 'TokenException', 'Token is invalid or has expired.'),
      { reason: 'sign-in-needed' },
    ],
    [
      'a wrong secret',
      () => refusal(403, 'TokenException', 'Invalid `checksum`.'),
      { reason: 'configuration', problem: 'invalid-checksum' },
    ],
    ['an outage', () => refusal(503, 'NetworkException', 'down'), { reason: 'transient' }],
    ['no answer', () => new Error('lost'), { reason: 'transient', answered: false }],
    ['a page', () => new Response('<html>'), { reason: 'transient', problem: 'answer-unreadable' }],
  ])('sends the request token once on %s', async (_name, script, expected) => {
    const { broker, requests, waits } = adapter([script()]);
    expect(await broker.complete(SIGN_IN, REQUEST_TOKEN)).toMatchObject({ ok: false, ...expected });
    expect([requests.length, waits.length]).toEqual([1, 0]);
  });
});

describe('probe and glance', () => {
  test.each([
    [{ user_id: 48_210 }, ['48210']],
    [{ user_name: 'x' }, null],
    [{ user_id: null }, null],
    [null, null],
  ])('a profile of %j is that of %j', async (data, accountIds) => {
    const { broker } = adapter([json(200, { status: 'success', data })]);
    expect(await broker.probe(TOKEN)).toMatchObject({ ok: true, accountIds });
  });

  test('a profile without a status is one, a refusal with a profile is not', async () => {
    const { data } = PROFILE;
    const probed = adapter([json(200, { data })]);
    expect(await probed.broker.probe(TOKEN)).toMatchObject({
      ok: true,
      accountIds: [data.user_id],
    });
    for (const body of [{ data: {} }, { data: null }, { status: 'error', data }]) {
      const refused = adapter([json(200, body), json(200, body), json(200, body)]);
      expect(await refused.broker.probe(TOKEN)).toMatchObject({ ok: false, reason: 'transient' });
    }
  });

  test('ask for the profile and answer its user', async () => {
    const { broker, requests } = adapter([json(200, PROFILE), json(200, PROFILE)]);
    const expected = { ok: true, accountIds: ['XK4821'], skewMs: null };
    expect(await broker.probe(TOKEN)).toEqual(expected);
    expect(await broker.glance(TOKEN)).toEqual(expected);
    for (const { method, url, headers } of requests) {
      expect(`${method} ${url}`).toBe('GET https://api.kite.trade/user/profile');
      expect(headers.get('authorization')).toBe('token api-key:access&token');
      expect(headers.get('x-kite-version')).toBe('3');
    }
  });

  test('a probe is tried again while Kite is in trouble, a dead token is not', async () => {
    const trouble = refusal(503, 'NetworkException', 'down');
    const probed = adapter([trouble, json(200, PROFILE)]);
    expect((await probed.broker.probe(TOKEN)).ok).toBe(true);
    const dead = refusal(403, 'TokenException', 'Incorrect `api_key` or `access_token`.');
    expect(await adapter([dead]).broker.probe(TOKEN)).toMatchObject({ reason: 'sign-in-needed' });
  });
});

test('revoke logs out as documented: key and token in the query', async () => {
  const { broker, requests } = adapter([json(200, { status: 'success', data: true })]);
  expect(await broker.revoke(TOKEN)).toEqual({ ok: true });
  expect(`${requests[0]?.method} ${requests[0]?.url}`).toBe(
    'DELETE https://api.kite.trade/session/token?api_key=api-key&access_token=access%26token',
  );
  expect(requests[0]?.headers.get('x-kite-version')).toBe('3');
});

test('nothing renews a token, and nobody is asked to', async () => {
  const { broker, requests } = adapter();
  expect(await broker.renew(TOKEN)).toMatchObject({
    reason: 'sign-in-needed',
    problem: 'not-renewable',
  });
  expect(requests).toEqual([]);
});

describe('a worker’s calls', () => {
  const calls = BROKERS['kite']?.createDataCalls({
    consumerKey: new Secret('api-key'),
    consumerSecret: new Secret('api-secret'),
    clock: () => NOW,
    random: (size) => new Uint8Array(size),
  });

  test('carry key and token', () => {
    const call = { method: 'GET', url: 'https://api.kite.trade/orders', params: {} };
    expect(calls?.authorize(call, TOKEN)).toBe('token api-key:access&token');
    expect(calls?.headers).toEqual({ 'X-Kite-Version': '3' });
  });

  test('are known to be undone when the token was refused with 403', () => {
    const dead = {
      status: 'error',
      message: 'Incorrect `access_token`.',
      error_type: 'TokenException',
    };
    expect(calls?.judge(received(403, dead))).toMatchObject({
      reason: 'sign-in-needed',
      undone: true,
    });
    expect(calls?.judge(received(503, ''))).toMatchObject({ undone: false });
  });
});

test('no answer and no failure shows a secret when it is printed', async () => {
  const { broker } = adapter([session()]);
  const begun = await broker.begin();
  const answers = [begun, await broker.complete(SIGN_IN, REQUEST_TOKEN), broker];
  const printed = inspect(answers, { depth: 9 });
  for (const secret of ['fresh-token', 'api-secret', 'request-token']) {
    expect(printed).not.toContain(secret);
  }
});
