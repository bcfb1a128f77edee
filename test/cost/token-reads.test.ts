/**
 * The cost table's counts of secret reads and remote calls, held against the code: whole days of the schedule
 * are played, and what the store is asked for is counted.
 */

import { describe, expect, it } from 'vitest';
import { readStatus } from '../../functions/operations/read-status.ts';
import { CALLS, PROBES_AN_EVENING, TOKEN_READS } from '../../infra/cost/assumptions.ts';
import { at } from '../fixtures/records.ts';
import { startSecretManager } from '../fixtures/secret-manager.ts';
import { createTestSystem, type TestSystem } from '../fixtures/system.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';
import { callFunction, dueAt, type FunctionName } from '../fixtures/trading-day.ts';

const KEYS = ['etrade-sandbox', 'etrade-prod'];
const QUARTER_MS = 15 * MINUTE_MS;

const readsIn = (world: TestSystem): number =>
  world.steps.taken.filter((step) => step.startsWith('store.readToken')).length;

/** Reads of one day in New York, by function; everybody signs in at 08:31. */
async function playDay(world: TestSystem, from: string, signsIn: boolean) {
  const reads: Record<string, number> = {};
  const count = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    world.steps.forget();
    await work();
    reads[name] = (reads[name] ?? 0) + readsIn(world);
  };
  const midnight = at(from);
  for (let moment = midnight; moment < midnight + 96 * QUARTER_MS; moment += QUARTER_MS) {
    world.clock.set(new Date(Math.max(moment, world.clock.now())).toISOString());
    for (const name of dueAt(moment)) await count(name, () => callFunction(world, name));
    if (!signsIn || moment !== midnight + 34 * QUARTER_MS) continue;
    world.clock.set(new Date(Math.max(moment + MINUTE_MS, world.clock.now())).toISOString());
    for (const key of KEYS) await count('sign-in', () => world.signIn(key));
    await count('sign-in', () => readStatus(world.system));
  }
  return reads;
}

describe('secret reads', () => {
  const world = createTestSystem({
    startsAt: '2026-03-05T08:31-05:00',
    sessions: KEYS.map((key) => ({ key })),
  });
  const { keepAlive, keepAliveProbes, healthCheck, healthCheckExpired } = TOKEN_READS;

  it('of a trading day are those that the table counts', async () => {
    for (const key of KEYS) await world.signIn(key);
    const reads = await playDay(world, '2026-03-06T00:00-05:00', true);
    const aSession = (name: string): number => (reads[name] ?? 0) / KEYS.length;
    const probes = PROBES_AN_EVENING * (keepAliveProbes - keepAlive);
    const scheduled = 96 * keepAlive + probes + 33 * healthCheck + 3 * healthCheckExpired;
    const all = aSession('keep-alive') + aSession('health-check') + aSession('morning-alert');
    expect(all).toBe(scheduled + TOKEN_READS.firstAlert + TOKEN_READS.pruning);
    expect(aSession('sign-in')).toBeLessThanOrEqual(TOKEN_READS.signIn);
  });

  it('of a day without trading are one look by each keep-alive', async () => {
    const reads = await playDay(world, '2026-03-07T00:00-05:00', false);
    expect(reads).toEqual({
      'keep-alive': 96 * keepAlive * KEYS.length,
      'morning-alert': 0,
    });
  });
});

describe('remote calls', () => {
  it.each([1, 3])(
    'of a run over %i sessions are at most those that the table counts',
    async (n) => {
      const keys = Array.from({ length: n }, (_, index) => `etrade-prod-a${index}`);
      const secretManager = await startSecretManager();
      try {
        const world = createTestSystem({
          startsAt: '2026-03-06T08:31-05:00',
          sessions: keys.map((key) => ({ key })),
          store: ({ clock }) => {
            secretManager.follow(clock);
            return secretManager.store({ clock });
          },
        });
        await secretManager.createSecret('token-cadence-app');
        for (const key of keys) await secretManager.createSecret(`${key}-session`);
        for (const key of keys) await world.signIn(key);
        const callsAt = async (moment: string, name: FunctionName): Promise<number> => {
          world.clock.set(new Date(at(moment)).toISOString());
          secretManager.calls.length = 0;
          world.steps.forget();
          await callFunction(world, name);
          const others = world.steps.taken.filter((step) => /^(broker|deliver|publish)/.test(step));
          return secretManager.calls.length + others.length;
        };
        const allowed = (name: FunctionName): number =>
          CALLS[name].own + CALLS[name].perSession * n;
        // The prune's hour is over, so that the versions are listed as well.
        const checked = await callsAt('2026-03-06T10:00-05:00', 'health-check');
        expect(checked).toBeLessThanOrEqual(allowed('health-check'));
        expect(checked).toBeGreaterThanOrEqual(CALLS['health-check'].perSession * n);
        expect(await callsAt('2026-03-06T10:15-05:00', 'keep-alive')).toBeLessThanOrEqual(
          allowed('keep-alive'),
        );
        // All are expired.
        expect(await callsAt('2026-03-07T03:00-05:00', 'keep-alive')).toBeLessThanOrEqual(
          allowed('keep-alive'),
        );
        expect(await callsAt('2026-03-09T08:30-04:00', 'morning-alert')).toBeLessThanOrEqual(
          allowed('morning-alert'),
        );
      } finally {
        await secretManager.close();
      }
    },
  );
});
