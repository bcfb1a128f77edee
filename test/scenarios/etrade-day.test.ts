/**
 * A whole E*TRADE day, from one midnight to the next: the product's own adapter against the simulated
 * broker over HTTP, the schedule of the cloud, virtual time.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStatus } from '../../functions/operations/read-status.ts';
import { readNewestToken } from '../../functions/storage/session-store.ts';
import { type EtradeHost, startEtrade } from '../fixtures/etrade-host.ts';
import { createTestSystem, type TestSystem } from '../fixtures/system.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';
import { callFunction, playUntil, timelineOf } from '../fixtures/trading-day.ts';

const KEY = 'etrade-prod';

/** What a worker does with the token that the record points at: a signed call. */
async function workerCall(world: TestSystem): Promise<string> {
  const { broker, key } = world.session();
  const { version, generation } = await world.record();
  const newest = await readNewestToken(world.store, key, version, generation);
  if (newest === null) return 'no token';
  const answer = await broker.probe(newest.token);
  return answer.ok ? `200 with generation ${newest.token.generation}` : answer.problem;
}

async function stateOf(world: TestSystem): Promise<string | undefined> {
  return (await readStatus(world.system)).sessions[0]?.state;
}

describe('an E*TRADE day', () => {
  let etrade: EtradeHost;
  let world: TestSystem;

  beforeAll(async () => {
    etrade = await startEtrade();
    world = createTestSystem({
      startsAt: '2026-03-09T22:50-04:00',
      sessions: [{ key: KEY }],
      brokers: etrade,
    });
  });

  afterAll(() => etrade.close());

  it('begins with yesterday’s token, kept alive until midnight', async () => {
    await world.signIn();
    await playUntil(world, '2026-03-09T23:45-04:00');
    world.clock.set('2026-03-09T23:59:59-04:00');
    expect(await stateOf(world)).toBe('active');
    expect(await workerCall(world)).toBe('200 with generation 1');
  });

  it('finds it expired at midnight, and asks nobody in the night', async () => {
    world.clock.set('2026-03-10T00:00:00-04:00');
    expect(await stateOf(world)).toBe('expired');
    expect(await workerCall(world)).toBe('token_expired');
    await playUntil(world, '2026-03-10T08:15-04:00');
    expect(timelineOf(world)).toEqual(['22:50 signed-in']);
    expect(etrade.stats().calls['renew_access_token']).toBeUndefined();
  });

  it('asks at 08:30, once, and takes the sign-in at 08:40', async () => {
    await playUntil(world, '2026-03-10T08:30-04:00');
    world.clock.set('2026-03-10T08:40-04:00');
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 2, follow: 'told' });
    expect(timelineOf(world).slice(1)).toEqual(['08:30 sign-in-due first', '08:40 signed-in']);
    expect(await workerCall(world)).toBe('200 with generation 2');
    expect((await readStatus(world.system)).sessions[0]?.coverage).toEqual({
      untilClose: true,
      limitedBy: null,
    });
  });

  it('keeps the session active all morning without a renewal', async () => {
    for (const time of ['09:30', '10:30', '11:30', '12:00']) {
      await playUntil(world, `2026-03-10T${time}-04:00`);
      expect(await stateOf(world)).toBe('active');
    }
    expect(etrade.stats().calls['renew_access_token']).toBeUndefined();
  });

  it('finds it inactive after a gap of two hours and ten minutes, renews it and proves it', async () => {
    world.clock.advance(130 * MINUTE_MS);
    expect(await stateOf(world)).toBe('inactive');
    await callFunction(world, 'keep-alive');
    expect(await stateOf(world)).toBe('active');
    expect(await workerCall(world)).toBe('200 with generation 2');
    expect(etrade.stats().calls['renew_access_token']).toEqual({ '200': 1 });
    expect((await world.record()).counts).toMatchObject({ renewals: 1, failuresInARow: 0 });
  });

  it('ends at the next midnight, with two messages since the morning and one event a token', async () => {
    await playUntil(world, '2026-03-10T23:45-04:00');
    expect(await stateOf(world)).toBe('active');
    world.clock.set('2026-03-11T00:00:00-04:00');
    expect(await stateOf(world)).toBe('expired');
    expect(await workerCall(world)).toBe('token_expired');
    expect(timelineOf(world)).toEqual([
      '22:50 signed-in',
      '08:30 sign-in-due first',
      '08:40 signed-in',
    ]);
    expect(world.published.map(({ generation, version }) => [generation, version])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('has spent two PINs and one renewal, and no call was refused but the two after midnight', () => {
    const { calls } = etrade.stats();
    expect(Object.keys(calls).sort()).toEqual([
      'access_token',
      'accounts/list',
      'renew_access_token',
      'request_token',
    ]);
    expect(calls).toMatchObject({
      request_token: { '200': 2 },
      access_token: { '200': 2 },
      renew_access_token: { '200': 1 },
      'accounts/list': { '401': 2 },
    });
  });
});
