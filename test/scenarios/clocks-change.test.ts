/** The day of 23 hours and the day of 25: a token ends at New York's midnight, not a number of hours later. */

import { afterEach, describe, expect, it } from 'vitest';
import { readStatus } from '../../functions/operations/read-status.ts';
import { type EtradeHost, startEtrade } from '../fixtures/etrade-host.ts';
import { at } from '../fixtures/records.ts';
import { createTestSystem } from '../fixtures/system.ts';
import { playUntil, timelineOf } from '../fixtures/trading-day.ts';

const DAYS = [
  {
    name: 'clocks go forward',
    signIn: '2026-03-08T00:05-05:00',
    midnight: '2026-03-09T00:00-04:00',
    lastQuarter: '2026-03-08T23:45-04:00',
    alert: '2026-03-09T08:30-04:00',
  },
  {
    name: 'clocks go back',
    signIn: '2026-11-01T00:05-04:00',
    midnight: '2026-11-02T00:00-05:00',
    lastQuarter: '2026-11-01T23:45-05:00',
    alert: '2026-11-02T08:30-05:00',
  },
];

describe('a Sunday on which New York’s', () => {
  let etrade: EtradeHost;
  afterEach(() => etrade.close());

  it.each(DAYS)('$name', async ({ signIn, midnight, lastQuarter, alert }) => {
    etrade = await startEtrade();
    const world = createTestSystem({
      startsAt: signIn,
      sessions: [{ key: 'etrade-prod' }],
      brokers: etrade,
    });
    expect(await world.signIn()).toMatchObject({ ok: true, hardEndsAt: at(midnight) });

    await playUntil(world, lastQuarter);
    const { keepAlive } = await world.service();
    expect(keepAlive).toMatchObject({ lastRunAt: at(lastQuarter), consecutiveFailures: 0 });
    expect((await world.record()).counts).toEqual({
      unauthorized: 0,
      renewals: 0,
      failuresInARow: 0,
    });

    // The broker, which counts with code of its own, agrees to the second.
    const { version } = await world.record();
    const read = await world.store.readToken(world.session().key, version ?? 0);
    if (read.status !== 'found') throw new Error('the token is not stored');
    world.clock.set(new Date(at(midnight) - 1).toISOString());
    expect((await readStatus(world.system)).sessions[0]?.state).toBe('active');
    expect(await world.session().broker.probe(read.token)).toMatchObject({ ok: true });
    world.clock.set(midnight);
    expect((await readStatus(world.system)).sessions[0]?.state).toBe('expired');
    expect(await world.session().broker.probe(read.token)).toMatchObject({
      problem: 'token_expired',
    });

    await playUntil(world, alert);
    expect(timelineOf(world).at(-1)).toBe('08:30 sign-in-due first');
    // Three functions begin at that moment and settle among themselves which of them sends.
    const late = (world.messages.at(-1)?.at ?? 0) - at(alert);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(1_000);
  });
});
