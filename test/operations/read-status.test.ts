import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { readStatus } from '../../functions/operations/read-status.ts';
import { renewSessions } from '../../functions/operations/renew-sessions.ts';
import { brokerFailure } from '../fixtures/fake-broker.ts';
import { SCHWAB, UPSTOX } from '../fixtures/rules.ts';
import { createTestSystem, eventsDown, storeDown, type TestSystem } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../fixtures/test-clock.ts';

async function signedIn(): Promise<TestSystem> {
  const world = createTestSystem();
  await world.signIn();
  return world;
}

describe('the status', () => {
  it('is this JSON, and nothing else', async () => {
    const world = await signedIn();
    world.clock.set('2026-03-09T10:20-04:00');
    await renewSessions(world.system, null);
    expect(JSON.parse(JSON.stringify(await readStatus(world.system)))).toEqual({
      now: '2026-03-09T14:20:00.000Z',
      market: {
        isTradingDay: true,
        opensAt: '2026-03-09T13:30:00.000Z',
        closesAt: '2026-03-09T20:00:00.000Z',
        note: null,
      },
      markets: [
        {
          name: 'NYSE',
          zone: 'America/New_York',
          isTradingDay: true,
          opensAt: '2026-03-09T13:30:00.000Z',
          closesAt: '2026-03-09T20:00:00.000Z',
          note: null,
          nextOpensAt: '2026-03-09T13:30:00.000Z',
        },
      ],
      warnings: [],
      sessions: [
        {
          key: 'etrade-sandbox',
          title: 'E*TRADE sandbox',
          market: 'NYSE',
          required: true,
          state: 'active',
          apiValidated: true,
          generation: 1,
          issuedAt: '2026-03-09T12:31:00.000Z',
          accessExpiresAt: '2026-03-10T04:00:00.000Z',
          hardEndsAt: '2026-03-10T04:00:00.000Z',
          idleAt: '2026-03-09T16:20:00.000Z',
          clocks: [
            { name: 'idle', endsAt: '2026-03-09T16:20:00.000Z', movedBy: 'renewal' },
            { name: 'hard-end', endsAt: '2026-03-10T04:00:00.000Z', movedBy: 'sign-in' },
          ],
          timeRemainingHours: 13.67,
          lastUsedAt: '2026-03-09T14:20:00.000Z',
          lastRenewedAt: null,
          lastSuccessAt: '2026-03-09T14:20:00.000Z',
          coverage: { untilClose: true, limitedBy: null },
          needsSignIn: false,
          nextSignInAt: '2026-03-10T12:30:00.000Z',
          unconfirmed: null,
          trouble: null,
          counts: { unauthorized: 0, renewals: 0, failuresInARow: 0, undelivered: 0 },
          workers: [],
          adoption: {
            expected: 0,
            current: 0,
            lagging: [],
            waiting: [],
            offline: [],
            text: null,
          },
        },
      ],
      keepAlive: {
        status: 'ok',
        lastRunAt: '2026-03-09T14:20:00.000Z',
        nextRunAt: '2026-03-09T14:30:00.000Z',
        consecutiveFailures: 0,
      },
    });
  });

  it('reads records and does nothing else', async () => {
    const world = await signedIn();
    world.steps.forget();
    await readStatus(world.system);
    expect(world.steps.effects()).toEqual([]);
  });

  it('of a session nobody has signed in to has no times', async () => {
    const world = createTestSystem();
    expect((await readStatus(world.system)).sessions).toMatchObject([
      {
        state: 'none',
        apiValidated: false,
        generation: 0,
        issuedAt: null,
        hardEndsAt: null,
        idleAt: null,
        timeRemainingHours: null,
        coverage: { untilClose: false, limitedBy: 'no-token' },
      },
    ]);
  });

  it('says when a session will go idle, until it has ended', async () => {
    const world = await signedIn();
    world.clock.set('2026-03-09T10:31-04:00');
    expect((await readStatus(world.system)).sessions).toMatchObject([
      { state: 'inactive', idleAt: '2026-03-09T14:31:00.000Z' },
    ]);
    world.clock.set('2026-03-10T00:00-04:00');
    expect((await readStatus(world.system)).sessions).toMatchObject([
      { state: 'expired', idleAt: null, timeRemainingHours: null },
    ]);
  });

  it('says what people were warned of, a wrong setting too, until it works again', async () => {
    const world = await signedIn();
    world.clock.set('2026-03-09T10:00-04:00');
    world.broker().failAll(brokerFailure('configuration'));
    await checkHealth(world.system);
    expect((await readStatus(world.system)).sessions).toMatchObject([
      {
        trouble: { reason: 'configuration', since: '2026-03-09T14:00:00.000Z' },
        counts: { failuresInARow: 0 },
      },
    ]);
    world.broker().failAll(null);
    await checkHealth(world.system);
    expect((await readStatus(world.system)).sessions).toMatchObject([{ trouble: null }]);
  });

  it('says when people are next asked, and when the market next opens', async () => {
    const world = createTestSystem({ startsAt: '2026-03-06T08:31-05:00' });
    const next = async () => {
      const { sessions, markets } = await readStatus(world.system);
      return [sessions[0]?.nextSignInAt, markets[0]?.nextOpensAt];
    };
    const friday = '2026-03-06T14:30:00.000Z';
    expect(await next()).toEqual(['2026-03-06T13:30:00.000Z', friday]);
    await world.signIn();
    // The clocks go forward on Sunday.
    expect(await next()).toEqual(['2026-03-09T12:30:00.000Z', friday]);
    world.clock.set('2026-03-06T16:00-05:00');
    expect(await next()).toEqual(['2026-03-09T12:30:00.000Z', '2026-03-09T13:30:00.000Z']);
    world.clock.set('2026-03-08T12:00-04:00');
    expect(await next()).toEqual(['2026-03-09T12:30:00.000Z', '2026-03-09T13:30:00.000Z']);
  });

  it('names the reason on a day without trading', async () => {
    const world = createTestSystem({ startsAt: '2026-11-26T09:00-05:00' });
    expect((await readStatus(world.system)).market).toEqual({
      isTradingDay: false,
      opensAt: null,
      closesAt: null,
      note: 'Thanksgiving Day',
    });
  });

  it('has every market, and the end that people are told of', async () => {
    const week = { ...SCHWAB, renewal: 'none', accessLifeMs: null } as const;
    const world = createTestSystem({
      startsAt: '2026-03-09T11:00-04:00',
      sessions: [
        { key: 'upstox-prod', rules: UPSTOX },
        { key: 'schwab-prod', rules: week },
      ],
    });
    await world.signIn('schwab-prod');
    world.clock.set('2026-03-13T18:00-04:00');
    const { market, markets, warnings, sessions } = await readStatus(world.system);
    expect(markets).toMatchObject([
      { name: 'NSE', zone: 'Asia/Kolkata', isTradingDay: false, note: 'weekend' },
      { name: 'NYSE', isTradingDay: true },
    ]);
    expect(market).toMatchObject({ note: 'weekend' });
    const endsAt = '2026-03-16T15:00:00.000Z';
    expect(warnings).toEqual([
      { sessions: ['schwab-prod'], clock: 'refresh-token', lead: 'evening', endsAt },
    ]);
    expect(sessions.map(({ market: name, clocks }) => ({ name, clocks }))).toEqual([
      { name: 'NSE', clocks: [] },
      { name: 'NYSE', clocks: [{ name: 'refresh-token', endsAt, movedBy: 'sign-in' }] },
    ]);
  });

  it('counts what workers have not been told', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', eventsDown());
    await world.signIn();
    expect((await readStatus(world.system)).sessions).toMatchObject([
      { counts: { undelivered: 1 } },
    ]);
  });

  it('is a failure when a record cannot be read', async () => {
    const world = await signedIn();
    world.steps.fail('store.load', storeDown());
    await expect(readStatus(world.system)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('keep-alive in the status', () => {
  const statusOf = async (world: TestSystem) => (await readStatus(world.system)).keepAlive;

  it('has never run, or ran well, or is late', async () => {
    const world = await signedIn();
    expect(await statusOf(world)).toMatchObject({ status: 'never-run', lastRunAt: null });
    await renewSessions(world.system, null);
    world.clock.advance(20 * MINUTE_MS);
    expect(await statusOf(world)).toMatchObject({ status: 'ok' });
    world.clock.advance(SECOND_MS);
    expect(await statusOf(world)).toMatchObject({ status: 'late' });
  });

  it('is failing after a failed run', async () => {
    const world = await signedIn();
    world.clock.advance(2 * HOUR_MS);
    world.broker().failAll(brokerFailure('transient'));
    await renewSessions(world.system, null);
    expect(await statusOf(world)).toMatchObject({ status: 'failing', consecutiveFailures: 1 });
  });
});
