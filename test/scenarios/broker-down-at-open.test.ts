/**
 * E*TRADE answers nothing but maintenance pages from 09:10 to 09:55, with one session signed in and one
 * not: nobody is asked to sign in again, the ladder goes on, and one tap works as soon as the broker does.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSignIn } from '../../functions/operations/start-sign-in.ts';
import { type EtradeHost, startEtrade } from '../fixtures/etrade-host.ts';
import { createTestSystem, type TestSystem } from '../fixtures/system.ts';
import { playUntil, timelineOf } from '../fixtures/trading-day.ts';

const SIGNED_IN = 'etrade-prod';
const WAITING = 'etrade-sandbox';

describe('a broker that is down at the open', () => {
  let etrade: EtradeHost;
  let world: TestSystem;

  beforeAll(async () => {
    etrade = await startEtrade();
    world = createTestSystem({
      startsAt: '2026-03-10T08:35-04:00',
      sessions: [{ key: SIGNED_IN }, { key: WAITING }],
      brokers: etrade,
    });
    await world.signIn(SIGNED_IN);
    await playUntil(world, '2026-03-10T09:00-04:00');
    world.clock.set('2026-03-10T09:10-04:00');
  });

  afterAll(() => etrade.close());

  it.each([
    { name: 'an HTML page with 500', fault: 'status', value: 500, problem: 'http-500' },
    {
      name: 'a cut connection',
      fault: 'down',
      value: true,
      problem: expect.stringMatching(/^[a-z_]+$/),
    },
    { name: 'a rate limit with 400', fault: 'overLimit', value: 400, problem: 'rate-limited' },
    { name: 'garbage', fault: 'malformed', value: true, problem: 'answer-unreadable' },
  ])(
    'opens no sign-in and says why, after three tries: $name',
    async ({ fault, value, problem }) => {
      const before = etrade.stats().calls['request_token'] ?? {};
      etrade.setSwitch(fault, value);
      const started = await startSignIn(world.system, world.session(WAITING));
      expect(started).toMatchObject({
        ok: false,
        reason: 'broker',
        failure: { reason: 'transient', problem },
      });
      expect(sum(etrade.stats().calls['request_token']) - sum(before)).toBe(3);
      etrade.clearSwitches();
    },
  );

  it.each([
    {
      name: 'settings, when the consumer key is refused',
      fault: 'consumerKeyRejected',
      value: 'sandbox',
      failure: { reason: 'configuration', problem: 'consumer_key_rejected' },
    },
    {
      name: 'clocks, when the timestamp is refused',
      fault: 'clockSkewMs',
      value: 600_000,
      failure: {
        reason: 'clock',
        problem: 'timestamp_refused',
        skewMs: expect.closeTo(600_000, -4),
      },
    },
  ])('is a matter of $name, and not tried again', async ({ fault, value, failure }) => {
    const before = sum(etrade.stats().calls['request_token']);
    etrade.setSwitch(fault, value);
    const started = await startSignIn(world.system, world.session(WAITING));
    expect(started).toMatchObject({ failure });
    expect(sum(etrade.stats().calls['request_token']) - before).toBe(1);
    etrade.clearSwitches();
  });

  it('warns once that the signed-in session cannot be proven, and goes on reminding of the other', async () => {
    etrade.setSwitch('status', 500);
    await playUntil(world, '2026-03-10T09:45-04:00');
    const told = timelineOf(world).slice(2);
    expect(told.shift()).toBe('09:00 sign-in-due reminder');
    expect(told.filter((line) => !line.includes('failing'))).toEqual([
      '09:15 sign-in-due reminder',
      '09:30 sign-in-due open',
    ]);
    expect(told.filter((line) => line.includes('failing'))).toEqual([
      expect.stringMatching(/^09:(15|30) failing transient$/),
    ]);
    expect(world.messages.filter(({ notice }) => notice.kind === 'sign-in-needed')).toEqual([]);
  });

  it('gives one all-clear when it is back, and the sign-in works at once', async () => {
    etrade.clearSwitches();
    world.clock.set('2026-03-10T09:55-04:00');
    expect(await world.signIn(WAITING)).toMatchObject({ ok: true, generation: 1 });
    await playUntil(world, '2026-03-10T16:00-04:00');
    expect(timelineOf(world).slice(6)).toEqual(['09:55 signed-in', '10:00 recovered']);
    expect((await world.record(SIGNED_IN)).counts).toMatchObject({ failuresInARow: 0 });
  });
});

function sum(counts: Readonly<Record<string, number>> = {}): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
