/**
 * A worker at a broker with refresh tokens: it asks keep-alive for the next access token and never refreshes,
 * or stores, anything itself.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BrokerEntry } from '../../functions/brokers/registry.ts';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { Secret } from '../../functions/secret.ts';
import type { ConnectOptions } from '../../functions/worker/connect.ts';
import { TRADESTATION } from '../fixtures/rules.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';
import { createDesk, type Desk, SIGN_IN_URL } from '../fixtures/worker/desk.ts';
import { settle } from '../fixtures/worker/manual-time.ts';

const KEEP_ALIVE = 'https://keep-alive.example';
const LIST = '/v1/accounts/list.json';
/** An endpoint that refuses every token. */
const NOT_MINE = '/v1/not-mine';

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

const ACCOUNTS = { AccountListResponse: { Accounts: { Account: [] } } };

type Asked = { readonly authorization: string | null; readonly body: unknown };

/** E*TRADE's calls under the rules of a broker whose access tokens are refreshed. */
function refreshing(): Readonly<Record<string, BrokerEntry>> {
  const { etrade } = BROKERS;
  if (etrade === undefined) throw new Error('no E*TRADE');
  return { etrade: { ...etrade, rules: TRADESTATION } };
}

/** A worker whose token ends in `lastsMs`; `onAsked` is keep-alive. */
async function facing(
  lastsMs: number,
  onAsked: () => Promise<Response>,
  options: Partial<ConnectOptions> = {},
) {
  const asked: Asked[] = [];
  const atBroker: string[] = [];
  await desk.put({ generation: 7, accessExpiresAt: desk.time.now() + lastsMs });
  const good = new Set<string | undefined>();
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (request.url.startsWith(KEEP_ALIVE)) {
      const authorization = request.headers.get('authorization');
      asked.push({ authorization, body: await request.json() });
      return onAsked();
    }
    const header = request.headers.get('authorization') ?? '';
    const token = /oauth_token="([^"]+)"/.exec(header)?.[1];
    atBroker.push(token ?? '');
    const isRefused = request.url.endsWith(NOT_MINE) || (good.size > 0 && !good.has(token));
    if (!isRefused) return Response.json(ACCOUNTS);
    return new Response('oauth_problem=token_expired', { status: 401 });
  };
  const worker = await desk.connect({
    fetch,
    keepAliveUrl: KEEP_ALIVE,
    ...options,
    parts: {
      brokers: refreshing(),
      identityToken: async (audience) => new Secret(`identity for ${audience}`),
      ...options.parts,
    },
  });
  return { worker, asked, atBroker, accept: (token: string) => void good.add(token) };
}

/** What keep-alive does: stores the next token, then answers. */
async function refreshed(action = 'renewed'): Promise<Response> {
  await desk.add({
    generation: 8,
    accessToken: new Secret('new-token'),
    accessExpiresAt: desk.time.now() + 20 * MINUTE_MS,
  });
  return Response.json({ outcomes: [{ session: 'etrade-sandbox', action, reason: 'x' }] });
}

test('what a broker wants with every call is sent, unless the caller says otherwise', async () => {
  const { etrade } = BROKERS;
  if (etrade === undefined) throw new Error('no E*TRADE');
  const brokers: Readonly<Record<string, BrokerEntry>> = {
    etrade: {
      ...etrade,
      createDataCalls: (options) => ({
        ...etrade.createDataCalls(options),
        headers: { 'X-Version': '3' },
      }),
    },
  };
  await desk.put({ generation: 7 });
  const seen: (string | null)[] = [];
  const worker = await desk.connect({
    parts: { brokers },
    async fetch(input, init) {
      seen.push(new Request(input, init).headers.get('x-version'));
      return Response.json(ACCOUNTS);
    },
  });
  await worker.fetch(LIST);
  await worker.fetch(LIST, { headers: { 'x-version': '4' } });
  expect(seen).toEqual(['3', '4']);
});

const did = (action: string) => async () =>
  Response.json({ outcomes: [{ session: 'etrade-sandbox', action, reason: 'x' }] });

describe('an access token that has ended', () => {
  test('is refreshed by keep-alive before the call, once for 100 calls', async () => {
    const { worker, asked, atBroker } = await facing(MINUTE_MS, refreshed);
    await desk.time.advance(MINUTE_MS);
    const calls = Array.from({ length: 100 }, () => worker.fetch(LIST));
    const answers = await Promise.all(calls);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(asked).toEqual([
      { authorization: `Bearer identity for ${KEEP_ALIVE}`, body: { session: 'etrade-sandbox' } },
    ]);
    expect(new Set(atBroker)).toEqual(new Set(['new-token']));
    expect(worker.state.generation).toBe(8);
  });

  test('is no reason to ask while it lasts longer than a minute', async () => {
    const { worker, asked } = await facing(MINUTE_MS + 1, refreshed);
    await worker.fetch(LIST);
    expect(asked).toHaveLength(0);
  });

  test('within its last minute is used, and the next is asked for beside it', async () => {
    const { worker, asked } = await facing(MINUTE_MS, refreshed);
    await worker.fetch(LIST);
    await settle();
    expect(asked).toHaveLength(1);
    expect(worker.state.generation).toBe(8);
  });

  test('is asked for only every 15 seconds while keep-alive brings nothing', async () => {
    const { worker, asked } = await facing(MINUTE_MS, did('failed'));
    for (let call = 0; call < 10; call += 1) await worker.fetch(LIST);
    await settle();
    expect(asked).toHaveLength(1);
    await desk.time.advance(15_000);
    await worker.fetch(LIST);
    await settle();
    expect(asked).toHaveLength(2);
  });

  test('is shown as a problem, and as none once the next is there', async () => {
    const { worker } = await facing(MINUTE_MS, refreshed);
    await desk.time.advance(MINUTE_MS);
    expect(worker.state).toMatchObject({ status: 'failing' });
    await worker.fetch(LIST);
    expect(worker.state).toMatchObject({ status: 'ready', problem: null });
  });
});

test('a 401 before the end asks keep-alive, too, and makes the call again', async () => {
  const { worker, asked, accept } = await facing(10 * MINUTE_MS, refreshed);
  accept('new-token');
  expect((await worker.fetch(LIST)).status).toBe(200);
  expect(asked).toHaveLength(1);
});

test('a 401 of one endpoint costs a probe, and no refresh', async () => {
  const { worker, asked, atBroker } = await facing(10 * MINUTE_MS, refreshed);
  for (let call = 0; call < 5; call += 1) expect((await worker.fetch(NOT_MINE)).status).toBe(401);
  expect(asked).toHaveLength(0);
  expect(atBroker).toHaveLength(6);
  expect(worker.state).toMatchObject({ status: 'ready', generation: 7 });
});

test('`token` gets one that lasts longer, where there is one', async () => {
  const { worker, asked } = await facing(5 * MINUTE_MS, refreshed);
  expect(await worker.token({ minimumSeconds: 600 })).toMatchObject({ generation: 8 });
  expect(asked).toHaveLength(1);
});

describe('keep-alive that brings nothing', () => {
  test.each([
    ['whose end has come', MINUTE_MS, MINUTE_MS],
    ['that the broker refuses', 10 * MINUTE_MS, 0],
  ])('is not asked with every call for a token %s', async (_name, lastsMs, laterMs) => {
    const { worker, asked, atBroker, accept } = await facing(lastsMs, did('failed'));
    accept('another');
    await desk.time.advance(laterMs);
    const outcomes = new Set<string>();
    for (let call = 0; call < 30; call += 1) {
      await worker.fetch(LIST).catch((error: Error) => outcomes.add(error.message));
    }
    expect(asked).toHaveLength(1);
    expect(atBroker.length).toBeLessThanOrEqual(2);
    expect(outcomes.size).toBe(1);
    expect([...outcomes][0]).toMatch(/no newer token; it is tried again at 2026-/);
    for (const seconds of [5, 10, 20]) {
      await desk.time.advance(seconds * 1_000);
      for (let call = 0; call < 10; call += 1) await worker.fetch(LIST).catch(() => {});
    }
    expect(asked).toHaveLength(4);
  });

  test('does not keep calls from a token that still works', async () => {
    const { worker, asked } = await facing(MINUTE_MS, did('failed'));
    for (let call = 0; call < 10; call += 1) {
      expect((await worker.fetch(LIST)).status).toBe(200);
      await settle();
    }
    expect(asked).toHaveLength(1);
  });

  test('because Google does not answer is given up after 20 seconds', async () => {
    const identityToken = () => new Promise<never>(() => {});
    const { refusal } = await ended(refreshed, { parts: { identityToken } });
    refusal.catch(() => {});
    await desk.time.advance(20_000);
    await expect(refusal).rejects.toThrow(/no Google identity/);
  });

  const ended = async (onAsked: () => Promise<Response>, options = {}) => {
    const { worker, asked } = await facing(MINUTE_MS, onAsked, options);
    await desk.time.advance(MINUTE_MS);
    return { asked, refusal: worker.fetch(LIST), worker };
  };

  test('because a person is needed says so', async () => {
    const { refusal, worker } = await ended(did('sign-in-needed'));
    await expect(refusal).rejects.toMatchObject({ code: 'SIGN_IN_NEEDED', signInUrl: SIGN_IN_URL });
    expect(worker.state.status).toBe('expired');
  });

  test.each([
    ['an error page', async () => new Response('<html>', { status: 403 }), /answered 403/],
    ['silence', () => Promise.reject(new Error('no')), /could not be reached/],
    ['no newer token', did('failed'), /no newer token/],
  ])('but %s is trouble of the moment', async (_name, onAsked, message) => {
    const { refusal } = await ended(onAsked);
    await expect(refusal).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      undone: true,
      message: expect.stringMatching(message),
    });
  });

  test('because nobody knows its address names the setting', async () => {
    const { refusal } = await ended(refreshed, { keepAliveUrl: undefined });
    await expect(refusal).rejects.toThrow(/"KEEP_ALIVE_URL" is not set/);
  });

  test('because there is no identity says so', async () => {
    const identityToken = () => Promise.reject(new Error('secret detail'));
    const { refusal } = await ended(refreshed, { parts: { identityToken } });
    await expect(refusal).rejects.toThrow(/no Google identity/);
  });
});

test('an API product that the app lacks stops the calls to it, and no others', async () => {
  const { etrade, schwab } = BROKERS;
  if (etrade === undefined || schwab === undefined) throw new Error('not in the table');
  await desk.put({ generation: 7, accessExpiresAt: desk.time.now() + 20 * MINUTE_MS });
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { url } = new Request(input, init);
    asked.push(new URL(url).pathname);
    if (!url.endsWith(NOT_MINE)) return Response.json(ACCOUNTS);
    return Response.json({ fault: { faultstring: 'NoApiProductMatchFound' } }, { status: 401 });
  };
  const { createDataCalls } = schwab;
  const worker = await desk.connect({
    fetch,
    keepAliveUrl: KEEP_ALIVE,
    parts: { brokers: { etrade: { ...etrade, rules: TRADESTATION, createDataCalls } } },
  });
  await expect(worker.fetch(NOT_MINE)).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('"Accounts and Trading Production"'),
  });
  expect((await worker.fetch(LIST)).status).toBe(200);
  await expect(worker.fetch(NOT_MINE)).rejects.toMatchObject({ code: 'CONFIGURATION' });
  expect(asked).toEqual([NOT_MINE, LIST]);
});
