/**
 * Nobody waits for ever: a caller's signal is heeded whatever a call waits for, and a store or a Google that
 * hangs is given up in time.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WorkerSession } from '../../functions/worker/worker-session.ts';
import { createDesk, type Desk } from '../fixtures/worker/desk.ts';
import { settle } from '../fixtures/worker/manual-time.ts';

const LIST = '/v1/accounts/list.json';
const RENEW = '/oauth/renew_access_token';
const LOOK_WITHIN_MS = 20_000;

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

const accounts = () => Response.json({ AccountListResponse: { Accounts: { Account: [] } } });
const refused = (problem: string) =>
  new Response(`{"Error":{"message":"oauth_problem=${problem}"}}`, { status: 401 });
const never = new Promise<never>(() => {});

function watch(call: Promise<unknown>) {
  const seen = { outcome: 'waiting' as unknown };
  call.then(
    () => {
      seen.outcome = 'answered';
    },
    (error: unknown) => {
      seen.outcome = error;
    },
  );
  return seen;
}

type Answer = () => Response | Promise<Response>;

async function facing(answers: Readonly<Record<string, Answer>>, record = {}) {
  await desk.put({ generation: 7 }, record);
  const fetch: typeof globalThis.fetch = async (input) =>
    (answers[new URL(String(input)).pathname] ?? accounts)();
  return desk.connect({ fetch });
}

/** Aborts a call that waits, and says how it ended. */
async function aborted(worker: WorkerSession, path = LIST): Promise<unknown> {
  const abort = new AbortController();
  const seen = watch(worker.fetch(path, { signal: abort.signal }));
  await settle();
  expect(seen.outcome).toBe('waiting');
  abort.abort(new Error('enough'));
  await settle();
  return seen.outcome;
}

const ENOUGH = expect.objectContaining({ message: 'enough' });

describe("the caller's signal ends the wait", () => {
  test('for a renewal', async () => {
    const worker = await facing({ [LIST]: () => refused('token_expired'), [RENEW]: () => never });
    expect(await aborted(worker)).toEqual(ENOUGH);
  });

  test('for a probe', async () => {
    const other = () => new Response('{}', { status: 401 });
    const worker = await facing({ '/v1/other': other, [LIST]: () => never });
    expect(await aborted(worker, '/v1/other')).toEqual(ENOUGH);
  });

  test('for a sign-in that is under way', async () => {
    const pending = { id: 'a', startedAt: desk.time.now() };
    const dead = () => refused('token_revoked');
    const worker = await facing({ [LIST]: dead }, { pending });
    expect(await aborted(worker)).toEqual(ENOUGH);
  });

  test('for a store that hangs', async () => {
    const worker = await facing({ [LIST]: () => refused('token_expired') });
    desk.store.load = () => never;
    expect(await aborted(worker)).toEqual(ENOUGH);
  });

  test('for an answer that is slow to say what it means', async () => {
    const slow = () => new Response(new ReadableStream({}), { status: 404 });
    const worker = await facing({ [LIST]: slow });
    expect(await aborted(worker)).toEqual(ENOUGH);
  });

  test('of one caller; the others go on waiting and are served', async () => {
    const renewal = Promise.withResolvers<Response>();
    let isAwake = false;
    const worker = await facing({
      [LIST]: () => (isAwake ? accounts() : refused('token_expired')),
      [RENEW]: () => renewal.promise,
    });
    const other = watch(worker.fetch(LIST));
    expect(await aborted(worker)).toEqual(ENOUGH);
    isAwake = true;
    renewal.resolve(new Response('renewed'));
    await settle();
    expect(other.outcome).toBe('answered');
  });
});

describe('a store that hangs', () => {
  test('is given up after 20 seconds, said, and asked again', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const { load } = desk.store;
    desk.store.load = () => never;
    await desk.time.advance(60_000 + LOOK_WITHIN_MS - 1);
    expect(worker.state.status).toBe('ready');
    await desk.time.advance(1);
    expect(worker.state).toMatchObject({
      status: 'failing',
      problem: 'The token store did not answer within 20 s',
    });
    desk.store.load = load;
    await desk.put({ generation: 8 });
    await desk.time.advance(60_000);
    expect(worker.state).toMatchObject({ status: 'ready', generation: 8 });
  });

  test('while an event is followed holds up the next one no longer', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const { readToken } = desk.store;
    desk.store.readToken = () => never;
    desk.events.tell({ generation: 8, version: await desk.put({ generation: 8 }) });
    await settle();
    desk.store.readToken = readToken;
    desk.events.tell({ generation: 9, version: await desk.put({ generation: 9 }) });
    await desk.time.advance(LOOK_WITHIN_MS);
    expect(worker.state.generation).toBe(9);
  });

  test('brings nothing any more when it answers after all', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const { load } = desk.store;
    const old = await load(worker.session as never);
    const late = Promise.withResolvers<typeof old>();
    desk.store.load = () => late.promise;
    await desk.time.advance(60_000 + LOOK_WITHIN_MS);
    desk.store.load = load;
    await desk.put({ generation: 8 });
    await desk.time.advance(60_000);
    const signedOut = { ...old.record, version: null, generation: 99 };
    late.resolve({ ...old, record: signedOut });
    await settle();
    expect(worker.state).toMatchObject({ status: 'ready', generation: 8 });
  });

  test('does not hold up a close', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    desk.store.load = () => never;
    await desk.time.advance(60_000);
    await worker.close();
    expect(desk.time.waiting()).toEqual([]);
    expect(desk.lines.entries().filter(({ event }) => event === 'token-not-read')).toEqual([]);
  });
});
