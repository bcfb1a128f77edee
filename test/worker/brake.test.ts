/**
 * What is wrong until a person, or time, mends it is not tried with every call: how long the wait is, what ends
 * it, and what it leaves alone.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBrake } from '../../functions/worker/brake.ts';
import { WorkerError } from '../../functions/worker/errors.ts';
import type { WorkerSession } from '../../functions/worker/worker-session.ts';
import { createDesk, type Desk } from '../fixtures/worker/desk.ts';
import { createManualTime, settle } from '../fixtures/worker/manual-time.ts';

const LIST = '/v1/accounts/list.json';
const ODD = '/v1/odd';
const RENEW = '/oauth/renew_access_token';
const SECOND_MS = 1_000;
/** Of the adapter; everybody else waits longer. */
const LONGEST_PAUSE_MS = 2_000;

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

const ok = () => Response.json({ AccountListResponse: { Accounts: { Account: [] } } });
const refused = (problem: string) => () =>
  new Response(`{"Error":{"message":"oauth_problem=${problem}"}}`, { status: 401 });
const busy = () => new Response('', { status: 503 });

type Answer = () => Response;

/** A broker that answers by path, as it is told at the moment. */
async function facing(answers: Record<string, Answer>, record = {}) {
  await desk.put({ generation: 7 }, record);
  const paths: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    const { pathname } = new URL(String(input));
    paths.push(pathname);
    return (answers[pathname] ?? ok)();
  };
  return { worker: await desk.connect({ fetch }), paths, answers };
}

type Failed = { code: string; triedAgainAt: number | null; message: string; undone: boolean };

async function failure(worker: WorkerSession, path = LIST, init?: RequestInit): Promise<Failed> {
  const call = worker.fetch(path, init);
  call.catch(() => {});
  await settle();
  // The adapter's own pauses while it renews.
  for (let shortest = 0; shortest <= LONGEST_PAUSE_MS; ) {
    await desk.time.advance(shortest);
    shortest = desk.time.waiting()[0] ?? Number.POSITIVE_INFINITY;
  }
  return call.then(
    (answer) => Promise.reject(new Error(`it was answered: ${answer.status}`)),
    (error: unknown) => error as Failed,
  );
}

describe('the wait', () => {
  const error = new WorkerError('no', { code: 'CLOCK', retryable: false, session: 's' });
  const setUp = () => {
    const time = createManualTime('2026-03-09T09:10:00-04:00');
    return { time, brake: createBrake(time.now) };
  };

  test('doubles from 5 to 60 seconds, and begins anew after a minute without failures', async () => {
    const { time, brake } = setUp();
    const waits: number[] = [];
    for (let failures = 0; failures < 7; failures += 1) {
      const { triedAgainAt } = brake.failed('clock', error);
      waits.push((triedAgainAt ?? 0) - time.now());
      await time.advance(waits.at(-1) ?? 0);
      brake.check('clock');
    }
    expect(waits).toEqual([5, 10, 20, 40, 60, 60, 60].map((seconds) => seconds * SECOND_MS));
    await time.advance(60 * SECOND_MS + 1);
    expect(brake.failed('clock', error).triedAgainAt).toBe(time.now() + 5 * SECOND_MS);
  });

  test('does not grow with failures of calls that were under way', () => {
    const { brake } = setUp();
    const first = brake.failed('clock', error);
    expect(brake.failed('clock', error).triedAgainAt).toBe(first.triedAgainAt);
  });

  test('lets one attempt through, and the next after it has passed or five seconds', async () => {
    const { time, brake } = setUp();
    brake.failed('clock', error);
    await time.advance(4_999);
    expect(() => brake.check('clock')).toThrow('no; it is tried again at 2026-03-09T13:10:05.000Z');
    await time.advance(1);
    brake.check('clock');
    expect(() => brake.check('clock')).toThrow('13:10:10');
    await time.advance(5_000);
    brake.check('clock');
    brake.passed('clock');
    brake.check('clock');
  });

  test('is one for each cause', () => {
    const { brake } = setUp();
    brake.failed('clock', error);
    brake.check('configuration');
    expect(() => brake.check('configuration', 'clock')).toThrow(error.message);
  });
});

describe.each([
  ['a wrong consumer key', 'consumer_key_rejected', 'CONFIGURATION'],
  ['a wrong consumer secret', 'signature_invalid', 'CONFIGURATION'],
  ['a wrong clock', 'timestamp_refused', 'CLOCK'],
])('after %s', (_name, problem, code) => {
  test('calls fail at once with the same error, and say when it is tried again', async () => {
    const { worker, paths } = await facing({ [LIST]: refused(problem) });
    const first = await failure(worker);
    const triedAgainAt = desk.time.now() + 5 * SECOND_MS;
    expect(first).toMatchObject({ code, triedAgainAt });
    expect(first.message).toContain(new Date(triedAgainAt).toISOString());
    for (let call = 0; call < 50; call += 1) {
      const again = await failure(worker, ODD);
      expect(again).toMatchObject({ code, triedAgainAt, message: first.message, undone: true });
    }
    expect(paths).toEqual([LIST]);
  });

  test('ten minutes of five calls a second send no more than one a minute and the first few', async () => {
    const { worker, paths } = await facing({ [LIST]: refused(problem) });
    for (let second = 0; second < 600; second += 1) {
      await Promise.allSettled(Array.from({ length: 5 }, () => worker.fetch(LIST)));
      await desk.time.advance(SECOND_MS);
    }
    // The first five at once; then after 5, 15, 35, 75 seconds, and every minute.
    expect(paths).toHaveLength(5 + 4 + 8);
  });

  test('the first call that works ends it', async () => {
    const { worker, answers } = await facing({ [LIST]: refused(problem) });
    await failure(worker);
    answers[LIST] = ok;
    await desk.time.advance(5 * SECOND_MS);
    for (let call = 0; call < 3; call += 1) expect((await worker.fetch(LIST)).status).toBe(200);
    expect(worker.state.status).toBe('ready');
  });

  test('a new sign-in ends it', async () => {
    const { worker, answers } = await facing({ [LIST]: refused(problem) });
    await failure(worker);
    answers[LIST] = ok;
    desk.events.tell({ generation: 8, version: await desk.put({ generation: 8 }) });
    await settle();
    expect((await worker.fetch(LIST)).status).toBe(200);
  });

  test('`ready` asks the broker no more often', async () => {
    const { worker, paths } = await facing({ [LIST]: refused(problem) }, { proof: 'unproven' });
    for (let call = 0; call < 20; call += 1) {
      await expect(worker.ready()).rejects.toMatchObject({ code });
    }
    expect(paths).toEqual([LIST]);
  });
});

test('one call that cannot be signed holds back itself alone, where others have worked', async () => {
  const { worker, paths } = await facing({ [ODD]: refused('signature_invalid') });
  await worker.fetch(LIST);
  for (let call = 0; call < 5; call += 1) {
    expect(await failure(worker, ODD)).toMatchObject({ code: 'CONFIGURATION' });
    expect((await worker.fetch(LIST)).status).toBe(200);
  }
  expect(paths.filter((path) => path === ODD)).toHaveLength(1);
});

describe('after a renewal that failed', () => {
  const sleeping = { [LIST]: refused('token_expired'), [RENEW]: busy };

  test('calls fail at once with the same error', async () => {
    const { worker, paths } = await facing({ ...sleeping });
    const first = await failure(worker);
    expect(first).toMatchObject({ code: 'BROKER_UNAVAILABLE', undone: true });
    expect(first.triedAgainAt).toBeGreaterThan(desk.time.now());
    const sent = paths.length;
    for (let call = 0; call < 50; call += 1) {
      expect(await failure(worker, ODD)).toMatchObject({ message: first.message });
    }
    expect(paths).toHaveLength(sent);
  });

  test('the next one is tried when the wait is over, once for all who call', async () => {
    const { worker, paths, answers } = await facing({ ...sleeping });
    await failure(worker);
    await desk.time.advance(5 * SECOND_MS);
    answers[RENEW] = () => {
      answers[LIST] = ok;
      return new Response('renewed');
    };
    paths.length = 0;
    const calls = Array.from({ length: 100 }, () => worker.fetch(LIST));
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(paths.filter((path) => path === RENEW)).toHaveLength(1);
  });

  test('a token that works after all ends the wait', async () => {
    const { worker, answers } = await facing({ ...sleeping });
    await failure(worker);
    answers[LIST] = ok;
    await desk.time.advance(5 * SECOND_MS);
    expect((await worker.fetch(LIST)).status).toBe(200);
    expect((await worker.fetch(ODD)).status).toBe(200);
  });

  test('a new token ends the wait', async () => {
    const { worker, answers } = await facing({ ...sleeping });
    await failure(worker);
    answers[LIST] = ok;
    desk.events.tell({ generation: 8, version: await desk.put({ generation: 8 }) });
    await settle();
    expect((await worker.fetch(LIST)).status).toBe(200);
  });
});

test('a probe that is not served is asked again after the wait only; other calls go on', async () => {
  const notEntitled = () => new Response('{"Error":{"code":1022}}', { status: 401 });
  const { worker, paths } = await facing({ [ODD]: notEntitled, [LIST]: busy });
  for (let call = 0; call < 10; call += 1) {
    expect(await failure(worker, ODD)).toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    expect((await worker.fetch('/v1/market/quote/A.json')).status).toBe(200);
  }
  expect(paths.filter((path) => path === LIST)).toHaveLength(1);
});
