/** Sessions of several markets: each is asked for on its own market's days, at its own hours. */

import { describe, expect, it } from 'vitest';
import { sessionsOf } from '../../functions/lifecycle/notices.ts';
import { dateIn } from '../../functions/lifecycle/wall-clock.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { stillToDo } from '../../functions/operations/judge-status.ts';
import { marketsOf, zoneOf } from '../../functions/operations/markets.ts';
import { readStatus } from '../../functions/operations/read-status.ts';
import { sessionKey } from '../fixtures/records.ts';
import { KITE, UPSTOX } from '../fixtures/rules.ts';
import { createTestSystem, type TestSystem, type TestSystemOptions } from '../fixtures/system.ts';
import { playUntil, timelineOf } from '../fixtures/trading-day.ts';

const INDIA = 'Asia/Kolkata';
const ETRADE_PROD = { key: 'etrade-prod' };
const UPSTOX_PROD = { key: 'upstox-prod', rules: UPSTOX };
const KITE_PROD = { key: 'kite-prod', rules: KITE };

function system(options: TestSystemOptions): TestSystem {
  return createTestSystem({ sessions: [ETRADE_PROD, UPSTOX_PROD, KITE_PROD], ...options });
}

/** Kind of each message with the sessions it names. */
function named(world: TestSystem): string[] {
  return world.messages.map(({ notice }) => sessionsOf(notice).join(' '));
}

const INDIAN_LADDER = [
  '08:15 sign-in-due first',
  '08:45 sign-in-due reminder',
  '09:00 sign-in-due reminder',
  '09:15 sign-in-due open',
];

describe('a day in India', () => {
  it('has its ladder from an hour before 09:15 to the close at 15:30', async () => {
    const world = system({ startsAt: '2026-03-10T00:00+05:30', sessions: [UPSTOX_PROD] });
    await playUntil(world, '2026-03-10T23:45+05:30');
    const told = timelineOf(world, INDIA);
    expect(told.slice(0, 4)).toEqual(INDIAN_LADDER);
    expect(told[4]).toBe('09:45 sign-in-due late');
    expect(told.at(-1)).toBe('15:15 sign-in-due late');
    expect(told).toHaveLength(4 + 12);
  });

  it('is written on the clock of India', async () => {
    const world = system({ startsAt: '2026-03-10T08:00+05:30', sessions: [UPSTOX_PROD] });
    await playUntil(world, '2026-03-10T09:00+05:30');
    expect(world.messages[0]?.html).toContain('Good morning.');
    expect(world.messages[0]?.html).toContain('(09:15 Kolkata)');
  });

  it('ends with the sign-in, whose token is good until 03:30', async () => {
    const world = system({ startsAt: '2026-03-10T08:00+05:30', sessions: [UPSTOX_PROD] });
    await playUntil(world, '2026-03-10T08:15+05:30');
    await world.signIn();
    await playUntil(world, '2026-03-11T08:00+05:30');
    expect(world.told()).toEqual(['sign-in-due first', 'signed-in']);
    expect(world.messages[1]?.html).toContain('Valid until Wed 11 Mar, 03:30 (Kolkata)');
    expect(world.messages[1]?.html).toContain('It covers today’s close.');
  });

  it('takes an alert time of its own on the clock of India', async () => {
    const early = { ...KITE_PROD, alertAt: '06:30' };
    const world = system({ startsAt: '2026-03-10T06:00+05:30', sessions: [early] });
    await playUntil(world, '2026-03-10T08:30+05:30');
    expect(timelineOf(world, INDIA)).toEqual(['06:30 sign-in-due first']);
  });
});

describe('Muhurat trading, a Sunday evening in India', () => {
  it('has the ladder of its own hours, and health-check looks', async () => {
    const world = system({ startsAt: '2026-11-08T00:00+05:30', sessions: [UPSTOX_PROD] });
    await playUntil(world, '2026-11-08T20:00+05:30');
    expect(timelineOf(world, INDIA)).toEqual([
      '17:00 sign-in-due first',
      '17:30 sign-in-due reminder',
      '17:45 sign-in-due reminder',
      '18:00 sign-in-due open',
      '18:30 sign-in-due late',
    ]);
    expect(world.messages[0]?.html).toContain('(18:00 Kolkata)');
  });
});

describe('a session list that mixes brokers', () => {
  it('has one message a market and stage, each naming its own sessions', async () => {
    const world = system({ startsAt: '2026-03-09T23:59+05:30' });
    await playUntil(world, '2026-03-10T09:15+05:30');
    await playUntil(world, '2026-03-10T08:45-04:00');
    const kinds = timelineOf(world).map((line, index) => `${line}: ${named(world)[index]}`);
    expect(kinds.filter((line) => line.includes(' first'))).toEqual([
      '22:45 sign-in-due first: upstox-prod kite-prod',
      '08:30 sign-in-due first: etrade-prod',
    ]);
    const mixed = named(world).filter((keys) => keys.includes('etrade') && keys.includes('-prod '));
    expect(mixed).toEqual([]);
  });

  it.each([
    {
      name: 'Republic Day: New York alone',
      day: '2026-01-26',
      changes: {},
      asked: ['etrade-prod'],
    },
    {
      name: 'Thanksgiving: India alone',
      day: '2026-11-26',
      changes: {},
      asked: ['upstox-prod kite-prod'],
    },
    {
      name: 'elections in India: New York alone',
      day: '2026-03-10',
      changes: { NSE: { closures: { '2026-03-10': 'Elections' } } },
      asked: ['etrade-prod'],
    },
    {
      name: 'mourning in New York: India alone',
      day: '2026-03-10',
      changes: { NYSE: { closures: { '2026-03-10': 'Mourning' } } },
      asked: ['upstox-prod kite-prod'],
    },
    { name: 'Good Friday: nobody', day: '2026-04-03', changes: {}, asked: [] },
    {
      name: 'the budget’s Sunday: India alone',
      day: '2026-02-01',
      changes: {},
      asked: ['upstox-prod kite-prod'],
    },
    {
      name: 'a Saturday that a setting opens: India alone',
      day: '2027-10-30',
      changes: {
        NSE: { sessions: { '2027-10-30': { opens: '18:00', closes: '19:00', note: 'Muhurat' } } },
      },
      asked: ['upstox-prod kite-prod'],
    },
  ])('is asked for on the days of each market: $name', async ({ day, changes, asked }) => {
    const world = system({ startsAt: `${day}T00:00+05:30`, marketChanges: changes });
    await playUntil(world, `${day}T16:00-05:00`);
    const first = world.messages.filter(
      ({ notice, at }) =>
        notice.kind === 'sign-in-due' &&
        notice.stage === 'first' &&
        (dateIn(INDIA, at) === day || dateIn('America/New_York', at) === day),
    );
    expect(first.map(({ notice }) => sessionsOf(notice).join(' '))).toEqual(asked);
  });

  it('does not call a session late whose market is closed', async () => {
    const world = system({ startsAt: '2026-03-10T08:31-04:00' });
    await world.signIn('etrade-prod');
    expect(world.messages.at(-1)?.notice).toMatchObject({ kind: 'signed-in', stillDue: [] });
  });

  it('names what is open, or opens soonest, first', async () => {
    const world = system({ startsAt: '2026-03-10T00:05-04:00' });
    await world.signIn('kite-prod');
    expect(world.messages.at(-1)?.notice).toMatchObject({
      stillDue: ['upstox-prod', 'etrade-prod'],
    });
    const { key } = world.session('kite-prod');
    const listed = stillToDo(await readStatus(world.system), key).map((session) => session.key);
    expect(listed).toEqual(['upstox-prod', 'etrade-prod']);
  });

  it('names one of another market that trades just now', async () => {
    const world = system({ startsAt: '2026-03-10T00:05-04:00' });
    await world.signIn('etrade-prod');
    expect(world.messages.at(-1)?.notice).toMatchObject({
      kind: 'signed-in',
      stillDue: ['upstox-prod', 'kite-prod'],
    });
  });
});

describe('health', () => {
  it.each([
    { sessions: [UPSTOX_PROD], basis: 'unknown', says: ['NSE'] },
    { sessions: [ETRADE_PROD], basis: 'published', says: [] },
    { sessions: [ETRADE_PROD, KITE_PROD], basis: 'unknown', says: ['NSE'] },
  ])('names the calendar that does not reach 2027: $basis', async ({ sessions, basis, says }) => {
    const world = system({ startsAt: '2027-01-04T07:00+05:30', sessions });
    const { calendarBasis, problems } = await checkHealth(world.system);
    expect(calendarBasis).toBe(basis);
    const named = problems.flatMap((text) => /^The calendar of the (\w+)/.exec(text)?.[1] ?? []);
    expect(named).toEqual(says);
  });
});

describe('the zone of a message', () => {
  const { system: mixed } = system({});

  it.each([
    { keys: ['etrade-prod'], zone: 'America/New_York' },
    { keys: ['kite-prod'], zone: INDIA },
    { keys: ['upstox-prod', 'kite-prod'], zone: INDIA },
    { keys: ['kite-prod', 'etrade-prod'], zone: 'America/New_York' },
    { keys: [], zone: 'America/New_York' },
    { keys: ['schwab-prod'], zone: 'America/New_York' },
  ])('is that of its sessions’ market, else of the first session’s: $keys', ({ keys, zone }) => {
    expect(zoneOf(mixed, keys.map(sessionKey))).toBe(zone);
  });

  it('is India’s by itself where all sessions are', () => {
    const { system: indian } = system({ sessions: [KITE_PROD] });
    expect(marketsOf(indian)).toEqual(['NSE']);
    expect(zoneOf(indian, [])).toBe(INDIA);
  });
});
