/**
 * A worker's calls against a scripted broker: what is repeated, what never is, and what a refusal leads to.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WorkerSession } from '../../functions/worker/worker-session.ts';
import { createScriptedFetch, type ScriptedAnswer } from '../fixtures/scripted-fetch.ts';
import { createDesk, type Desk, SIGN_IN_URL } from '../fixtures/worker/desk.ts';
import { settle } from '../fixtures/worker/manual-time.ts';

const LIST = 'https://apisb.etrade.com/v1/accounts/list.json';
const ORDER = 'https://apisb.etrade.com/v1/accounts/abc/orders/place.json';
const ORDER_INIT = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"order":1}',
};

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

/** A worker with a token, before a broker that answers so. */
async function facing(...answers: ScriptedAnswer[]) {
  await desk.put({ generation: 7 });
  const script = createScriptedFetch(answers);
  const worker = await desk.connect({ fetch: script.fetch, timeoutMs: 50 });
  return { worker, requests: script.requests };
}

const ok = () => Response.json({ fine: true });
const refused = (problem: string) =>
  new Response(`{"Error":{"message":"oauth_problem=${problem}"}}`, { status: 401 });
const networkError = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code }) });

/** Longer than any pause between attempts, shorter than the pause between polls. */
const LONGEST_PAUSE_MS = 15_000;

/** Makes the call; time goes by whenever it pauses between two attempts. */
async function inTime<T>(call: Promise<T>): Promise<T> {
  let isDone = false;
  const done = call.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  while (!isDone) {
    const shortest = desk.time.waiting()[0] ?? 0;
    if (shortest > LONGEST_PAUSE_MS) await settle();
    else await desk.time.advance(shortest);
  }
  return done;
}

const outcome = (worker: WorkerSession, url = LIST, init?: RequestInit) =>
  inTime(worker.fetch(url, init)).then(
    (response) => response.status,
    (error: { code?: string; undone?: boolean }) => `${error.code} ${error.undone}`,
  );

describe('what is sent', () => {
  test('a signed request, redirects off, each attempt with a nonce of its own', async () => {
    const { worker, requests } = await facing(new Response('', { status: 503 }), ok());
    expect(await outcome(worker)).toBe(200);
    const headers = requests.map((request) => request.headers.get('authorization') ?? '');
    expect(headers).toHaveLength(2);
    for (const header of headers) expect(header).toMatch(/^OAuth .*oauth_signature="/);
    const nonces = headers.map((header) => /oauth_nonce="([^"]+)"/.exec(header)?.[1]);
    expect(new Set(nonces).size).toBe(2);
    expect(requests.map(({ redirect }) => redirect)).toEqual(['manual', 'manual']);
  });

  test("a path goes to the session's broker", async () => {
    const { worker, requests } = await facing(ok());
    await worker.fetch('/v1/market/quote/A%26B.json?detailFlag=ALL');
    expect(requests[0]?.url).toBe(
      'https://apisb.etrade.com/v1/market/quote/A%26B.json?detailFlag=ALL',
    );
  });

  test.each([
    [
      'the other environment',
      'https://api.etrade.com/v1/accounts/list',
      /sandbox and prod are mixed up/,
    ],
    ['a stranger', 'https://evil.example/v1/accounts/list', /evil\.example/],
    ['plain http', 'http://apisb.etrade.com/v1/accounts/list', /http:/],
    ['a look-alike', 'https://apisb.etrade.com.evil.example/v1', /evil\.example/],
    ['another port', 'https://apisb.etrade.com:8443/v1/accounts/list', /8443/],
    ['a protocol-relative path', '//evil.example/v1', /URL/],
    ['credentials', 'https://me:pw@apisb.etrade.com/v1', /credentials/],
    ['no URL', 'apisb', /URL/],
  ])('nothing goes to %s', async (_name, url, message) => {
    const { worker, requests } = await facing();
    await expect(worker.fetch(url)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(message),
    });
    await expect(worker.authorization('GET', url)).rejects.toMatchObject({ code: 'CONFIGURATION' });
    expect(requests).toEqual([]);
  });

  test('what fetch itself would refuse is thrown as it is', async () => {
    const { worker, requests } = await facing();
    await expect(worker.fetch(LIST, { body: 'x' })).rejects.toBeInstanceOf(TypeError);
    await expect(worker.fetch(LIST, { headers: { 'a b': 'c' } })).rejects.toBeInstanceOf(TypeError);
    expect(requests).toEqual([]);
    expect(worker.state.problem).toBeNull();
  });
});

describe('passing trouble', () => {
  test.each([
    ['500', () => new Response('', { status: 500 })],
    ['503', () => new Response('', { status: 503 })],
    ['429', () => new Response('', { status: 429 })],
    ['no answer', () => networkError('ECONNRESET')],
    ['a timeout', () => 'hang' as const],
  ])('a GET is repeated after %s', async (_name, trouble) => {
    const { worker, requests } = await facing(trouble(), ok());
    expect(await outcome(worker)).toBe(200);
    expect(requests).toHaveLength(2);
  });

  test.each([
    ['500', () => new Response('', { status: 500 }), 500],
    ['429', () => new Response('', { status: 429 }), 429],
    ['a reset connection', () => networkError('ECONNRESET'), 'BROKER_UNAVAILABLE false'],
    ['a refused connection', () => networkError('ECONNREFUSED'), 'BROKER_UNAVAILABLE true'],
    ['a timeout', () => 'hang' as const, 'TIMEOUT false'],
    ['a used nonce', () => refused('nonce_used'), 'BROKER_UNAVAILABLE false'],
  ])('an order is sent once, whatever: %s', async (_name, trouble, expected) => {
    const { worker, requests } = await facing(trouble());
    expect(await outcome(worker, ORDER, ORDER_INIT)).toBe(expected);
    expect(requests).toHaveLength(1);
  });

  test.each(['PUT', 'DELETE', 'PATCH'])('a %s is sent once, too', async (method) => {
    const { worker, requests } = await facing(new Response('', { status: 503 }));
    expect(await outcome(worker, ORDER, { method })).toBe(503);
    expect(requests).toHaveLength(1);
  });

  test('after the last attempt the answer comes as it is, and the worker is failing until one works', async () => {
    const answers = Array.from({ length: 4 }, () => new Response('busy', { status: 503 }));
    const { worker, requests } = await facing(...answers, ok());
    const heard: string[] = [];
    worker.on('failing', ({ problem }) => heard.push(problem));
    worker.on('recovered', () => heard.push('recovered'));
    const last = await inTime(worker.fetch(LIST));
    expect([last.status, await last.text()]).toEqual([503, 'busy']);
    expect(requests).toHaveLength(4);
    expect(worker.state.status).toBe('failing');
    await worker.fetch(LIST);
    expect(worker.state.status).toBe('ready');
    expect(heard).toEqual([expect.stringContaining('http-503'), 'recovered']);
  });

  test('Retry-After is waited for', async () => {
    const busy = new Response('', { status: 429, headers: { 'retry-after': '7' } });
    const { worker, requests } = await facing(busy, ok());
    const call = worker.fetch(LIST);
    await desk.time.advance(6_999);
    expect(requests).toHaveLength(1);
    await desk.time.advance(1);
    expect((await call).status).toBe(200);
  });

  test('a Retry-After longer than a call may take is not waited for', async () => {
    const busy = new Response('', { status: 429, headers: { 'retry-after': '3600' } });
    const { worker } = await facing(busy);
    expect((await worker.fetch(LIST)).status).toBe(429);
  });

  test("the caller's signal ends a pause and a call", async () => {
    const { worker, requests } = await facing(new Response('', { status: 503 }), 'hang');
    const first = new AbortController();
    const paused = worker.fetch(LIST, { signal: first.signal });
    paused.catch(() => {});
    await settle();
    first.abort(new Error('enough'));
    await expect(paused).rejects.toThrow('enough');
    expect(requests).toHaveLength(1);
    const second = new AbortController();
    const hanging = worker.fetch(LIST, { signal: second.signal });
    hanging.catch(() => {});
    await settle();
    second.abort(new Error('now'));
    await expect(hanging).rejects.toThrow('now');
    expect(requests).toHaveLength(2);
  });

  test('closing ends a pause', async () => {
    const { worker, requests } = await facing(new Response('', { status: 503 }));
    const call = worker.fetch(LIST);
    call.catch(() => {});
    await settle();
    await worker.close();
    await expect(call).rejects.toMatchObject({ code: 'CLOSED' });
    expect(requests).toHaveLength(1);
  });
});

describe('answers between broker and caller', () => {
  test.each([
    [400, '{"Error":{"code":1033,"message":"Invalid order"}}'],
    [403, 'no'],
    [404, '{"Error":{"code":102}}'],
    [304, null],
  ])('%s is handed back untouched', async (status, body) => {
    const { worker, requests } = await facing(new Response(body, { status }));
    const answer = await worker.fetch(LIST);
    expect([answer.status, await answer.text()]).toEqual([status, body ?? '']);
    expect(requests).toHaveLength(1);
    expect(worker.state.status).toBe('ready');
  });

  test('only an answer of success counts as use', async () => {
    const { worker } = await facing(new Response('', { status: 404 }), ok());
    await worker.fetch(LIST);
    expect(worker.state.lastUsedAt).toBeNull();
    await worker.fetch(LIST);
    expect(worker.state.lastUsedAt).toBe(desk.time.now());
  });
});

describe('a refused token', () => {
  const renewed = () => new Response('Access Token has been renewed');

  test('is renewed once, and the call made again', async () => {
    const { worker, requests } = await facing(refused('token_expired'), renewed(), ok());
    expect(await outcome(worker)).toBe(200);
    expect(requests.map(({ url }) => new URL(url).pathname)).toEqual([
      '/v1/accounts/list.json',
      '/oauth/renew_access_token',
      '/v1/accounts/list.json',
    ]);
  });

  test('an order that was refused at the door is sent once more, and no third time', async () => {
    const { worker, requests } = await facing(
      refused('token_expired'),
      renewed(),
      refused('token_expired'),
      refused('token_expired'),
    );
    expect(await outcome(worker, ORDER, ORDER_INIT)).toBe('SIGN_IN_NEEDED true');
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  test('an order whose 401 says nothing of OAuth is not sent again', async () => {
    const { worker, requests } = await facing(
      new Response('no', { status: 401 }),
      refused('token_expired'),
      renewed(),
    );
    expect(await outcome(worker, ORDER, ORDER_INIT)).toBe('BROKER_UNAVAILABLE false');
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('a stream cannot be sent again: the caller is told that nothing was done', async () => {
    const { worker, requests } = await facing(refused('token_expired'), renewed());
    const body = new Blob(['{}']).stream();
    const init = { method: 'POST', body, duplex: 'half' as const };
    expect(await outcome(worker, ORDER, init)).toBe('BROKER_UNAVAILABLE true');
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('whose refusal comes after another call has renewed it is not renewed again', async () => {
    await desk.put();
    const late = Promise.withResolvers<Response>();
    const paths: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      const { pathname } = new URL(String(input));
      paths.push(pathname);
      if (pathname.startsWith('/oauth')) return renewed();
      if (paths.filter((path) => path === pathname).length > 1) return ok();
      return pathname === '/v1/slow' ? late.promise : refused('token_expired');
    };
    const worker = await desk.connect({ fetch });
    const slow = worker.fetch('/v1/slow');
    expect((await worker.fetch('/v1/fast')).status).toBe(200);
    late.resolve(refused('token_expired'));
    expect((await slow).status).toBe(200);
    expect(paths.filter((path) => path.startsWith('/oauth'))).toHaveLength(1);
  });

  test('gives way to a newer one in the store, without a renewal', async () => {
    const { worker, requests } = await facing(refused('token_rejected'), ok());
    await desk.put({ generation: 8 });
    expect(await outcome(worker)).toBe(200);
    expect(requests).toHaveLength(2);
    expect(worker.state.generation).toBe(8);
  });

  test('that nothing renews is one error with the link, said once, then refused at once', async () => {
    const { worker, requests } = await facing(refused('token_revoked'), refused('token_revoked'));
    const heard: unknown[] = [];
    worker.on('expired', (news) => heard.push(news));
    await expect(worker.fetch(LIST)).rejects.toMatchObject({
      code: 'SIGN_IN_NEEDED',
      signInUrl: SIGN_IN_URL,
      retryable: false,
    });
    for (let call = 0; call < 20; call += 1) {
      await expect(worker.fetch(LIST)).rejects.toMatchObject({ code: 'SIGN_IN_NEEDED' });
    }
    expect(requests).toHaveLength(2);
    expect(heard).toEqual([{ session: 'etrade-sandbox', generation: 7, signInUrl: SIGN_IN_URL }]);
    expect(worker.state).toMatchObject({
      status: 'expired',
      problem: 'the broker refuses the token (token_revoked)',
    });
  });

  test('works again with the next sign-in', async () => {
    const { worker } = await facing(refused('token_revoked'), refused('token_revoked'), ok());
    await worker.fetch(LIST).catch(() => {});
    desk.events.tell({ generation: 8, version: await desk.put({ generation: 8 }) });
    await settle();
    expect((await worker.fetch(LIST)).status).toBe(200);
    expect(worker.state.status).toBe('ready');
  });

  test('that the service has proven since is taken again', async () => {
    const { worker } = await facing(refused('token_revoked'), refused('token_revoked'), ok());
    await worker.fetch(LIST).catch(() => {});
    const heard: string[] = [];
    for (const event of ['renewed', 'expired', 'recovered'] as const) {
      worker.on(event, () => void heard.push(event));
    }
    await desk.time.advance(1_000);
    await desk.point(1, { generation: 7, proof: 'proven', lastSuccessAt: desk.time.now() });
    await desk.time.advance(60_000);
    expect(worker.state.status).toBe('ready');
    expect(heard).toEqual(['recovered']);
    expect((await worker.fetch(LIST)).status).toBe(200);
    expect(heard).toEqual(['recovered']);
  });

  test('that is taken again and refused again is said again', async () => {
    const dead = () => refused('token_revoked');
    const { worker } = await facing(dead(), dead(), dead(), dead());
    const heard: string[] = [];
    for (const event of ['expired', 'recovered'] as const) {
      worker.on(event, () => void heard.push(event));
    }
    await worker.fetch(LIST).catch(() => {});
    await desk.time.advance(1_000);
    await desk.point(1, { generation: 7, proof: 'proven', lastSuccessAt: desk.time.now() });
    await desk.time.advance(60_000);
    await worker.fetch(LIST).catch(() => {});
    expect(heard).toEqual(['expired', 'recovered', 'expired']);
  });

  test('whose renewal fails for a passing reason is asked for again seconds later', async () => {
    const busy = () => new Response('', { status: 503 });
    const { worker, requests } = await facing(
      refused('token_expired'),
      busy(),
      busy(),
      busy(),
      refused('token_expired'),
      refused('token_expired'),
      renewed(),
      ok(),
    );
    expect(await outcome(worker)).toBe('BROKER_UNAVAILABLE true');
    expect(worker.state.status).toBe('failing');
    await desk.time.advance(10_000);
    expect(await outcome(worker)).toBe(200);
    expect(requests).toHaveLength(8);
  });
});

describe('what trying again does not help', () => {
  test('a wrong consumer key is named with where it comes from', async () => {
    const { worker, requests } = await facing(refused('consumer_key_rejected'));
    await expect(worker.fetch(LIST)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      retryable: false,
      message: expect.stringMatching(/consumer key in option "consumer"/),
    });
    expect(requests).toHaveLength(1);
  });

  test('a wrong consumer secret is told apart from it', async () => {
    const { worker } = await facing(refused('signature_invalid'));
    await expect(worker.fetch(LIST)).rejects.toThrow(/consumer secret in option "consumer"/);
  });

  test.each([
    [10, /10 minutes behind/],
    [-10, /10 minutes ahead of/],
  ])('a clock that is off by %s minutes is named', async (minutes, message) => {
    const date = new Date(desk.time.now() + minutes * 60_000).toUTCString();
    const answer = refused('timestamp_refused');
    answer.headers.set('date', date);
    const { worker, requests } = await facing(answer);
    await expect(worker.fetch(LIST)).rejects.toMatchObject({
      code: 'CLOCK',
      message: expect.stringMatching(message),
    });
    expect(requests).toHaveLength(1);
  });
});
