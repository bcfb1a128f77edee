import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Broker, BrokerToken, OpenSignIn } from '../../functions/brokers/broker.ts';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { createUpstoxBroker } from '../../functions/brokers/upstox.ts';
import { UPSTOX_DEFAULTS } from '../../functions/brokers/upstox-rules.ts';
import { Secret } from '../../functions/secret.ts';
import {
  createScriptedFetch,
  type ScriptedAnswer,
  type SentRequest,
} from '../fixtures/scripted-fetch.ts';
import { received } from './answer.ts';

const NOW = Date.parse('2026-01-15T03:00:00.250Z');
const CLIENT = '615b1297-d443-3b39-ba19-1927fbcdddc7';
const REDIRECT = 'https://app.example/callback/upstox';
const TOKEN: BrokerToken = {
  accessToken: new Secret('eyJ0.access.token'),
  tokenSecret: null,
  refreshToken: null,
};
const SIGN_IN: OpenSignIn = {
  id: 'the-state',
  secret: new Secret('never-sent'),
  startedAt: NOW - 60_000,
  expiresAt: NOW + 540_000,
};
const CODE = new Secret('mk404x');
const PROFILE = { status: 'success', data: { user_id: '4HAB72', broker: 'UPSTOX' } };

type Change = Partial<Parameters<typeof createUpstoxBroker>[0]>;

function adapter(
  answers: readonly ScriptedAnswer[] = [],
  change: Change = {},
): { broker: Broker; requests: readonly SentRequest[]; waits: readonly number[] } {
  const { fetch, requests } = createScriptedFetch(answers);
  const waits: number[] = [];
  const broker = createUpstoxBroker({
    ...UPSTOX_DEFAULTS.prod,
    environment: 'prod',
    consumerKey: new Secret(CLIENT),
    consumerSecret: new Secret('the+secret'),
    redirectUrl: REDIRECT,
    fetch,
    clock: () => NOW + requests.length * 1_000,
    random: (size) => new Uint8Array(size).fill(7),
    wait: async (ms) => {
      waits.push(ms);
    },
    ...change,
  });
  return { broker, requests, waits };
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status });
}

function refusal(status: number, code: string): Response {
  return json(status, { status: 'error', errors: [{ error_code: code, errorCode: code }] });
}

describe('begin', () => {
  test('opens a sign-in for ten minutes, bound to a state, and asks nobody', async () => {
    const { broker, requests } = adapter();
    const begun = await broker.begin();
    if (!begun.ok) throw new Error(begun.problem);
    const url = new URL(begun.authorizeUrl);
    expect(url.origin + url.pathname).toBe('https://api.upstox.com/v2/login/authorization/dialog');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: CLIENT,
      redirect_uri: REDIRECT,
      state: begun.signIn.id,
    });
    expect(begun.signIn).toMatchObject({ startedAt: NOW, expiresAt: NOW + 600_000 });
    expect(Buffer.from(begun.signIn.id, 'base64url').length).toBeGreaterThanOrEqual(16);
    expect(begun.authorizeUrl).not.toContain(begun.signIn.secret.reveal());
    expect(requests).toEqual([]);
  });

  test('names a missing redirect address as configuration', async () => {
    const { broker, requests } = adapter([], { redirectUrl: null });
    const expected = { ok: false, reason: 'configuration', problem: 'redirect-url-missing' };
    expect(await broker.begin()).toMatchObject(expected);
    expect(await broker.complete(SIGN_IN, CODE)).toMatchObject(expected);
    expect(requests).toEqual([]);
  });
});

describe('readCallback', () => {
  test.each([
    ['code=mk404x&state=s', { ok: true, signInId: 's' }],
    ['error=access_denied&state=s', { ok: false, reason: 'declined', signInId: 's' }],
    ['code=mk404x', { ok: false, reason: 'unreadable' }],
    ['state=s', { ok: false, reason: 'unreadable', signInId: 's' }],
    ['code=a&code=b&state=s', { ok: false, reason: 'unreadable' }],
    ['code=a&state=s&state=t', { ok: false, reason: 'unreadable' }],
  ])('%s', (query, expected) => {
    const answer = adapter().broker.readCallback(new URLSearchParams(query));
    expect(answer).toMatchObject(expected);
  });
});

describe('complete', () => {
  test('trades the code for the token, in a form, without state or secret of the sign-in', async () => {
    const flat = { broker: 'UPSTOX', user_id: '4HAB72', access_token: 'a.b.c', extended_token: '' };
    const { broker, requests } = adapter([json(200, flat)]);
    const answer = await broker.complete(SIGN_IN, CODE);
    expect(answer).toMatchObject({ ok: true, issuedAt: NOW, accessLifeMs: null });
    expect(answer.ok && answer.token.accessToken.reveal()).toBe('a.b.c');
    expect(answer.ok && [answer.token.refreshToken, answer.token.tokenSecret]).toEqual([
      null,
      null,
    ]);
    const [sent] = requests;
    expect(`${sent?.method} ${sent?.url}`).toBe(
      'POST https://api.upstox.com/v2/login/authorization/token',
    );
    expect(Object.fromEntries(new URLSearchParams(sent?.body))).toEqual({
      code: 'mk404x',
      client_id: CLIENT,
      client_secret: 'the+secret',
      redirect_uri: REDIRECT,
      grant_type: 'authorization_code',
    });
    expect(sent?.headers.get('accept')).toBe('application/json');
  });

  test.each<[string, () => ScriptedAnswer, object]>([
    ['a spent code', () => refusal(401, 'UDAPI100057'), { reason: 'sign-in-needed' }],
    ['bad credentials', () => refusal(401, 'UDAPI100069'), { reason: 'configuration' }],
    ['a wrong redirect', () => refusal(400, 'UDAPI100068'), { reason: 'configuration' }],
    ['an outage', () => refusal(500, 'UDAPI100500'), { reason: 'transient', answered: true }],
    ['no answer', () => new Error('lost'), { reason: 'transient', answered: false }],
    [
      'an answer without a token',
      () => json(200, { status: 'success', data: { user_id: '4HAB72' } }),
      { reason: 'transient', problem: 'answer-unreadable' },
    ],
  ])('sends the code once on %s', async (_name, script, expected) => {
    const { broker, requests, waits } = adapter([script()]);
    expect(await broker.complete(SIGN_IN, CODE)).toMatchObject({ ok: false, ...expected });
    expect([requests.length, waits.length]).toEqual([1, 0]);
  });
});

describe('the token answer', () => {
  test.each([
    ['null for everything else', '{"access_token":"a.b.c","expires_in":null,"token_type":null}'],
    ['the comma that its own example lacks', '{"access_token":"a.b.c" "extended_token":""}'],
    ['the envelope of its other answers', '{"status":"success","data":{"access_token":"a.b.c"}}'],
  ])('is read with %s', async (_name, body) => {
    const { broker } = adapter([new Response(body, { status: 200 })]);
    const answer = await broker.complete(SIGN_IN, CODE);
    expect(answer).toMatchObject({ ok: true, issuedAt: NOW, accessLifeMs: null });
    expect(answer.ok && answer.token.accessToken.reveal()).toBe('a.b.c');
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
    const expected = { ok: true, accountIds: ['4HAB72'], skewMs: null };
    expect(await broker.probe(TOKEN)).toEqual(expected);
    expect(await broker.glance(TOKEN)).toEqual(expected);
    for (const { method, url, headers } of requests) {
      expect(`${method} ${url}`).toBe('GET https://api.upstox.com/v2/user/profile');
      expect(headers.get('authorization')).toBe('Bearer eyJ0.access.token');
    }
  });

  test('a dead token needs a sign-in and is not asked about again', async () => {
    const { broker, requests } = adapter([refusal(401, 'UDAPI100050')]);
    expect(await broker.probe(TOKEN)).toMatchObject({
      reason: 'sign-in-needed',
      problem: 'UDAPI100050',
    });
    expect(requests).toHaveLength(1);
  });

  test('a probe is tried again while Upstox is in trouble, a glance is not', async () => {
    const probed = adapter([refusal(500, 'UDAPI100500'), json(200, PROFILE)]);
    expect((await probed.broker.probe(TOKEN)).ok).toBe(true);
    expect(probed.waits).toHaveLength(1);
    const glanced = adapter([refusal(500, 'UDAPI100500')]);
    expect((await glanced.broker.glance(TOKEN)).ok).toBe(false);
  });
});

test('revoke logs out', async () => {
  const { broker, requests } = adapter([json(200, { status: 'success', data: true })]);
  expect(await broker.revoke(TOKEN)).toEqual({ ok: true });
  expect(`${requests[0]?.method} ${requests[0]?.url}`).toBe(
    'DELETE https://api.upstox.com/v2/logout',
  );
  expect(requests[0]?.headers.get('authorization')).toBe('Bearer eyJ0.access.token');
});

test('nothing renews a token, and nobody is asked to', async () => {
  const { broker, requests } = adapter();
  expect(await broker.renew(TOKEN)).toMatchObject({
    ok: false,
    reason: 'sign-in-needed',
    problem: 'not-renewable',
  });
  expect(requests).toEqual([]);
});

describe('a worker’s calls', () => {
  const calls = BROKERS['upstox']?.createDataCalls({
    consumerKey: new Secret(CLIENT),
    consumerSecret: new Secret('secret'),
    clock: () => NOW,
    random: (size) => new Uint8Array(size),
  });

  test('carry the token alone', () => {
    const call = { method: 'GET', url: 'https://api.upstox.com/v2/order', params: {} };
    expect(calls?.authorize(call, TOKEN)).toBe('Bearer eyJ0.access.token');
  });

  test('are known to be undone when the token was refused', () => {
    const body = { status: 'error', errors: [{ error_code: 'UDAPI100050' }] };
    expect(calls?.judge(received(401, body))).toMatchObject({
      reason: 'sign-in-needed',
      undone: true,
    });
    expect(calls?.judge(received(500, ''))).toMatchObject({ reason: 'transient', undone: false });
    expect(calls?.judge(received(400, ''))).toBeNull();
  });
});

test('no answer and no failure shows a secret when it is printed', async () => {
  const { broker } = adapter([json(200, { access_token: 'top.secret.token' })]);
  const begun = await broker.begin();
  const printed = inspect([begun, await broker.complete(SIGN_IN, CODE), broker], { depth: 9 });
  for (const secret of ['top.secret.token', 'the+secret', 'mk404x']) {
    expect(printed).not.toContain(secret);
  }
});
