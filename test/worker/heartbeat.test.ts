/**
 * What a worker says of itself: at the start, at each switch, every five minutes, and when it stops.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EventError } from '../../functions/errors.ts';
import { createScriptedFetch } from '../fixtures/scripted-fetch.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';
import { aToken } from '../fixtures/tokens.ts';
import { createDesk, type Desk } from '../fixtures/worker/desk.ts';
import { settle } from '../fixtures/worker/manual-time.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

const unavailable = () => new EventError('Away', { code: 'EVENTS_UNAVAILABLE', retryable: true });

const generations = () => desk.reports.sent.map(({ generation }) => generation);

test('reports who it is and what it uses', async () => {
  await desk.put();
  const { fetch } = createScriptedFetch([new Response('')]);
  const worker = await desk.connect({ fetch });
  await settle();
  await worker.fetch('/v1/accounts/list');
  const usedAt = desk.time.now();
  await desk.time.advance(5 * MINUTE_MS);
  expect(desk.reports.sent.at(-1)).toEqual({
    worker: 'orb-bot',
    instance: 'one',
    session: 'etrade-sandbox',
    generation: 7,
    lastUsedAt: usedAt,
    at: usedAt + 5 * MINUTE_MS,
    stopped: false,
  });
});

test('reports every five minutes, not before', async () => {
  await desk.put();
  await desk.connect();
  await settle();
  const atStart = desk.reports.sent.length;
  await desk.time.advance(5 * MINUTE_MS - 1);
  expect(desk.reports.sent).toHaveLength(atStart);
  await desk.time.advance(1);
  expect(desk.reports.sent).toHaveLength(atStart + 1);
  await desk.time.advance(5 * MINUTE_MS);
  expect(desk.reports.sent).toHaveLength(atStart + 2);
});

test('reports a switch at once, and that it has no token yet', async () => {
  await desk.connect();
  await settle();
  expect(generations()).toEqual([0]);
  desk.events.tell({ generation: 7, version: await desk.put() });
  await settle();
  expect(generations()).toEqual([0, 7]);
});

test('reports a new token again within seconds when the report was not taken', async () => {
  await desk.connect();
  await settle();
  desk.reports.fail(unavailable());
  desk.events.tell({ generation: 7, version: await desk.put() });
  await settle();
  desk.reports.fail(null);
  await desk.time.advance(999);
  expect(generations()).toEqual([0]);
  await desk.time.advance(1);
  expect(generations()).toEqual([0, 7]);
});

test('reports the first token again within seconds, too', async () => {
  await desk.put();
  desk.reports.fail(unavailable());
  await desk.connect();
  await settle();
  desk.reports.fail(null);
  await desk.time.advance(1_000);
  expect(generations()).toEqual([7]);
});

test('asks less and less of a channel that takes nothing, until the next switch', async () => {
  const tried: { readonly after: number; readonly generation: number }[] = [];
  const startedAt = desk.time.now();
  desk.reports.send = async ({ generation, at }) => {
    tried.push({ after: (at - startedAt) / 1_000, generation });
    throw unavailable();
  };
  await desk.connect();
  await desk.time.advance(5 * MINUTE_MS);
  expect(tried.map(({ after }) => after)).toEqual([0, 1, 6, 26]);
  desk.events.tell({ generation: 7, version: await desk.put() });
  await settle();
  await desk.time.advance(6_000);
  expect(tried.slice(4)).toEqual([
    { after: 300, generation: 7 },
    { after: 301, generation: 7 },
    { after: 306, generation: 7 },
  ]);
});

test('reports the last of several switches that come while a report is on its way', async () => {
  await desk.put();
  await desk.connect();
  await settle();
  const taken = Promise.withResolvers<void>();
  const { send } = desk.reports;
  desk.reports.send = async (report) => {
    await send(report);
    await taken.promise;
  };
  for (const generation of [8, 9, 10, 11]) {
    desk.events.tell({ generation, version: await desk.put({ generation }) });
    await settle();
  }
  expect(generations().at(-1)).toBe(8);
  taken.resolve();
  await settle();
  expect(generations().slice(-2)).toEqual([8, 11]);
  await desk.time.advance(5 * MINUTE_MS - 1);
  expect(generations().at(-1)).toBe(11);
  expect(generations().filter((generation) => generation === 11)).toHaveLength(1);
});

test('reports a token of a secret that was made anew, which has the number of the one before', async () => {
  await desk.put();
  await desk.connect();
  await settle();
  const before = desk.reports.sent.length;
  const version = 1;
  const { load } = desk.store;
  const fresh = aToken({ generation: 1, issuedAt: desk.time.now() });
  desk.store.readToken = async () => ({ status: 'found', version, token: fresh });
  desk.store.load = async (session) => {
    const loaded = await load(session);
    const { issuedAt, generation } = fresh;
    return { ...loaded, record: { ...loaded.record, version, generation, issuedAt } };
  };
  await desk.time.advance(MINUTE_MS);
  expect(desk.reports.sent.slice(before)).toMatchObject([{ generation: 1 }]);
});

test('reports the last use of the token that it reports, not of the one before', async () => {
  await desk.put();
  const { fetch } = createScriptedFetch([new Response(''), new Response('')]);
  const worker = await desk.connect({ fetch });
  await worker.fetch('/v1/accounts/list');
  const usedAt = desk.time.now();
  await desk.time.advance(MINUTE_MS);
  desk.events.tell({ generation: 8, version: await desk.put({ generation: 8 }) });
  await settle();
  expect(desk.reports.sent.at(-1)).toMatchObject({ generation: 8, lastUsedAt: null });
  expect(worker.state.lastUsedAt).toBeNull();
  await worker.fetch('/v1/accounts/list');
  await desk.time.advance(5 * MINUTE_MS);
  expect(desk.reports.sent.at(-1)).toMatchObject({
    generation: 8,
    lastUsedAt: usedAt + MINUTE_MS,
  });
});

test('a call that ends after the switch is no use of the new token', async () => {
  await desk.put();
  const answer = Promise.withResolvers<Response>();
  const worker = await desk.connect({ fetch: () => answer.promise });
  const call = worker.fetch('/v1/accounts/list');
  desk.events.tell({ generation: 8, version: await desk.put({ generation: 8 }) });
  await settle();
  answer.resolve(new Response(''));
  await call;
  expect(worker.state).toMatchObject({ generation: 8, lastUsedAt: null });
});

test('says goodbye when it stops, after everything else', async () => {
  await desk.put();
  const worker = await desk.connect();
  await worker.close();
  expect(desk.reports.sent.at(-1)).toMatchObject({ stopped: true, generation: 7 });
  expect(desk.reports.sent.filter(({ stopped }) => stopped)).toHaveLength(1);
  expect(desk.reports.isClosed()).toBe(true);
});

test('works on when nobody takes reports, and reports again when somebody does', async () => {
  desk.reports.fail(
    new EventError('The topic is gone', { code: 'EVENTS_REFUSED', retryable: false }),
  );
  await desk.put();
  const worker = await desk.connect();
  await desk.time.advance(5 * MINUTE_MS);
  expect(worker.state).toMatchObject({ status: 'ready', problem: null });
  desk.reports.fail(null);
  await desk.time.advance(5 * MINUTE_MS);
  expect(generations()).toEqual([7]);
  await worker.close();
});

test('closes even when the goodbye hangs', async () => {
  await desk.put();
  const worker = await desk.connect();
  await settle();
  desk.reports.send = () => new Promise(() => {});
  let isClosed = false;
  void worker.close().then(() => {
    isClosed = true;
  });
  await desk.time.advance(9_999);
  expect(isClosed).toBe(false);
  await desk.time.advance(1);
  expect(isClosed).toBe(true);
});
