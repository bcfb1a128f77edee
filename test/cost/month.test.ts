import { describe, expect, it } from 'vitest';
import { readMonth } from '../../infra/cost/month.ts';
import { readJobs } from '../../infra/local/schedule.ts';

const jobs = readJobs();
const NEW_YORK = new Set(['NYSE'] as const);

describe('a month of the schedule', () => {
  it.each([
    // 31 days; 21 whole trading days and Christmas Eve, on which health-check looks until 13:45.
    {
      month: '2026-12',
      days: 31,
      tradingDays: 22,
      keepAlive: 31 * 96,
      health: 21 * 36 + 24,
      alerts: 31,
    },
    // 28 days, 20 weekdays, Presidents' Day closed.
    {
      month: '2026-02',
      days: 28,
      tradingDays: 19,
      keepAlive: 28 * 96,
      health: 19 * 36,
      alerts: 28,
    },
    // The clocks go forward: a day of 23 hours.
    {
      month: '2026-03',
      days: 31,
      tradingDays: 22,
      keepAlive: 31 * 96 - 4,
      health: 22 * 36,
      alerts: 31,
    },
  ])('counts the runs of $month', ({ month, days, tradingDays, keepAlive, health, alerts }) => {
    const read = readMonth(month, jobs, NEW_YORK);
    expect(read).toMatchObject({ days, tradingDays });
    const count = (name: string): number => {
      const runs = read?.runs[name];
      return runs === undefined ? Number.NaN : runs.live + runs.expired;
    };
    expect(count('keep-alive')).toBe(keepAlive);
    expect(count('health-check')).toBe(health);
    expect(read?.runs['health-check']?.idle).toBe(keepAlive - health);
    expect(count('morning-alert')).toBe(alerts);
  });

  it('tells runs with a live token from those before the sign-in and without trading', () => {
    const december = readMonth('2026-12', jobs, NEW_YORK);
    // Of 96 a trading day, 35 come from 00:00 to 08:30.
    expect(december?.runs['keep-alive']).toEqual({
      live: 22 * 61,
      expired: 22 * 35 + 9 * 96,
      idle: 0,
    });
    // 08:00, 08:15 and 08:30; Christmas Eve is a half day.
    expect(december?.runs['health-check']).toEqual({
      live: 21 * 33 + 21,
      expired: 22 * 3,
      idle: 31 * 96 - (21 * 36 + 24),
    });
  });

  it('counts the hours of a month with a change of clocks', () => {
    expect(readMonth('2026-03', jobs, NEW_YORK)?.hours).toBe(31 * 24 - 1);
    expect(readMonth('2026-11', jobs, NEW_YORK)?.hours).toBe(30 * 24 + 1);
  });

  it.each(['2026', '2026-13', '2026-00', '12-2026', '2026-1', 'December', ''])(
    'takes "%s" for no month',
    (text) => {
      expect(readMonth(text, jobs, NEW_YORK)).toBeNull();
    },
  );
});
