/**
 * A whole morning with metadata that lag an hour behind: the four functions and a worker, each an instance
 * with a memory of its own, on Google's client. Only access by version number is up to date.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStatus, type SessionStatus } from '../../functions/operations/read-status.ts';
import { readNewestToken } from '../../functions/storage/session-store.ts';
import { at } from '../fixtures/records.ts';
import { type SecretManagerServer, startSecretManager } from '../fixtures/secret-manager.ts';
import { createTestSystem, type TestSystem } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';
import { callFunction, dueAt, type FunctionName, timelineOf } from '../fixtures/trading-day.ts';

const KEY = 'etrade-prod';
const QUARTER_MS = 15 * MINUTE_MS;

let server: SecretManagerServer;
let person: TestSystem;
let worker: TestSystem;
let instances: Readonly<Record<FunctionName, TestSystem>>;

beforeAll(async () => {
  server = await startSecretManager();
  person = createTestSystem({
    startsAt: '2026-03-09T05:00-04:00',
    sessions: [{ key: KEY }],
    store: ({ clock, random }) => {
      server.follow(clock);
      return server.store({ clock, random, wait: async () => {} });
    },
  });
  await server.createSecret(`${KEY}-session`);
  await server.createSecret('token-cadence-app');
  instances = {
    'morning-alert': person.restarted(),
    'keep-alive': person.restarted(),
    'health-check': person.restarted(),
  };
  worker = person.restarted();
  // Yesterday is longer ago than the lag.
  person.clock.set('2026-03-09T07:50-04:00');
  server.standIn.setLag(HOUR_MS);
});

afterAll(() => server.close());

/** Every quarter hour to `until`, one function after the other, and a look after each. */
async function play(until: string, look: () => Promise<void>): Promise<void> {
  const { clock } = person;
  let moment = (Math.floor(clock.now() / QUARTER_MS) + 1) * QUARTER_MS;
  for (; moment <= at(until); moment += QUARTER_MS) {
    clock.set(new Date(Math.max(moment, clock.now())).toISOString());
    for (const name of dueAt(moment)) {
      await callFunction(instances[name], name);
      await look();
    }
  }
}

/** The generation of a token with which a signed call works. */
async function workerCall(): Promise<number | string> {
  const { broker, key } = worker.session();
  const { version, generation } = await worker.record();
  const newest = await readNewestToken(worker.store, key, version, generation);
  if (newest === null) return 'no token';
  const answer = await broker.probe(newest.token);
  return answer.ok ? newest.token.generation : answer.problem;
}

/** What the dashboard shows, to the instance that signed in and to one that has just started. */
async function dashboards(): Promise<readonly (SessionStatus | undefined)[]> {
  return Promise.all(
    [person, person.restarted()].map(async ({ system }) => (await readStatus(system)).sessions[0]),
  );
}

async function expectGeneration(generation: number): Promise<void> {
  expect(await workerCall()).toBe(generation);
  for (const session of await dashboards()) {
    expect(session?.generation).toBe(generation);
    expect(['active', 'unknown']).toContain(session?.state);
  }
}

describe('a morning with metadata an hour behind', () => {
  it('asks once, and finds nobody signed in', async () => {
    await play('2026-03-09T08:30-04:00', async () => {
      expect(await workerCall()).toBe('no token');
      for (const session of await dashboards()) expect(session?.state).toBe('none');
    });
    expect(timelineOf(person)).toEqual(['08:30 sign-in-due first']);
  });

  it('takes the sign-in at once: worker and dashboards are right a moment later', async () => {
    person.clock.set('2026-03-09T08:31-04:00');
    expect(await person.signIn()).toMatchObject({ ok: true, generation: 1, follow: 'told' });
    await expectGeneration(1);
  });

  it('bothers nobody who has signed in, all the way to the open and after', async () => {
    await play('2026-03-09T10:00-04:00', () => expectGeneration(1));
    expect(timelineOf(person)).toEqual(['08:30 sign-in-due first', '08:31 signed-in']);
  });

  it('takes a second sign-in on another instance', async () => {
    person.clock.set('2026-03-09T10:02-04:00');
    person = person.restarted();
    expect(await person.signIn()).toMatchObject({ ok: true, generation: 2 });
    await expectGeneration(2);
    await play('2026-03-09T13:00-04:00', () => expectGeneration(2));
  });

  it('ends with one enabled version, nothing undelivered, and each event about a stored token', async () => {
    server.standIn.setLag(0);
    const fresh = person.restarted();
    const versions = await fresh.store.listVersions(fresh.session().key);
    expect(versions.filter(({ destroyed }) => !destroyed)).toHaveLength(1);
    const record = await fresh.record();
    expect(record).toMatchObject({ generation: 2, undelivered: [], pending: null });
    expect([...new Set(person.published.map(({ generation }) => generation))]).toEqual([1, 2]);
    expect(timelineOf(person)).toEqual([
      '08:30 sign-in-due first',
      '08:31 signed-in',
      '10:02 signed-in',
    ]);
  });
});
