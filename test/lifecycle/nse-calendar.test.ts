import { describe, expect, it } from 'vitest';
import type { MarketDay } from '../../functions/lifecycle/calendar.ts';
import { isActive } from '../../functions/lifecycle/calendar.ts';
import { createCalendars } from '../../functions/lifecycle/calendars.ts';
import { createNseCalendar } from '../../functions/lifecycle/nse-calendar.ts';
import { NSE_PUBLISHED } from '../../functions/lifecycle/nse-days.ts';
import { at } from '../fixtures/records.ts';

const calendar = createNseCalendar();

/** The market day that contains India's noon of a date. */
function dayOn(date: string): MarketDay {
  return calendar.dayOf(at(`${date}T12:00+05:30`));
}

const iso = (moment: number | null) => (moment === null ? null : new Date(moment).toISOString());

describe('the published years', () => {
  it('are 2025 and 2026', () => {
    expect(Object.keys(NSE_PUBLISHED)).toEqual(['2025', '2026']);
  });

  it.each(
    Object.entries(NSE_PUBLISHED).flatMap(([year, { holidays }]) =>
      Object.keys(holidays).map((date) => ({ year, date })),
    ),
  )('name weekdays of their own year only: $date', ({ year, date }) => {
    expect(date.slice(0, 4)).toBe(year);
    expect([1, 2, 3, 4, 5]).toContain(new Date(`${date}T00:00Z`).getUTCDay());
  });

  // As the exchange counts them: a weekday of Muhurat trading is a holiday, the election day came later.
  it.each([
    { year: 2025, holidays: 14 },
    { year: 2026, holidays: 16 },
  ])('have as many holidays as the exchange announced: $year, $holidays', ({ year, holidays }) => {
    const known = NSE_PUBLISHED[year];
    const muhurat = Object.entries(known?.specialDays ?? {}).filter(
      ([date, { note }]) => note.includes('Muhurat') && new Date(`${date}T00:00Z`).getUTCDay() > 0,
    );
    expect(Object.keys(known?.holidays ?? {}).length + muhurat.length).toBe(holidays);
  });

  // 261 weekdays in either year, less the holidays on weekdays, plus the special sessions.
  it.each([
    { year: 2025, days: 249 },
    { year: 2026, days: 247 },
  ])('have $days trading days in $year', ({ year, days }) => {
    let count = 0;
    for (let day = at(`${year}-01-01T12:00+05:30`); ; day += 24 * 60 * 60_000) {
      const marketDay = calendar.dayOf(day);
      if (!marketDay.date.startsWith(String(year))) break;
      if (marketDay.isTradingDay) count += 1;
    }
    expect(count).toBe(days);
  });
});

describe('a holiday', () => {
  it.each([
    { date: '2025-02-26', note: 'Mahashivratri' },
    { date: '2025-10-22', note: 'Diwali Balipratipada' },
    { date: '2026-01-26', note: 'Republic Day' },
    { date: '2026-01-15', note: 'Municipal Corporation Election in Maharashtra' },
    { date: '2026-11-24', note: 'Prakash Gurpurb Sri Guru Nanak Dev' },
    { date: '2026-12-25', note: 'Christmas' },
  ])('has no trading: $date, $note', ({ date, note }) => {
    expect(dayOn(date)).toEqual({
      date,
      isTradingDay: false,
      opensAt: null,
      closesAt: null,
      note,
      basis: 'published',
    });
  });

  it.each(['2025-10-20', '2026-07-03', '2026-11-26', '2026-11-27', '2026-12-24', '2026-01-01'])(
    'is not %s',
    (date) => {
      expect(dayOn(date)).toMatchObject({ isTradingDay: true, note: null });
    },
  );
});

describe('opening hours', () => {
  it.each([
    { name: 'in winter', date: '2026-01-14' },
    { name: 'in summer', date: '2026-07-15' },
    { name: 'on the Monday after New York changed its clocks', date: '2026-03-09' },
  ])('are 09:15 to 15:30 in India $name', ({ date }) => {
    const day = dayOn(date);
    expect(iso(day.opensAt)).toBe(`${date}T03:45:00.000Z`);
    expect(iso(day.closesAt)).toBe(`${date}T10:00:00.000Z`);
  });

  it.each([
    {
      name: 'a Saturday of the Union Budget',
      date: '2025-02-01',
      opens: '2025-02-01T03:45:00.000Z',
      closes: '2025-02-01T10:00:00.000Z',
      note: 'Union Budget',
    },
    {
      name: 'a Sunday of the Union Budget',
      date: '2026-02-01',
      opens: '2026-02-01T03:45:00.000Z',
      closes: '2026-02-01T10:00:00.000Z',
      note: 'Union Budget',
    },
    {
      name: 'the hour of Muhurat trading',
      date: '2025-10-21',
      opens: '2025-10-21T08:15:00.000Z',
      closes: '2025-10-21T09:15:00.000Z',
      note: 'Diwali Laxmi Pujan, Muhurat trading only',
    },
  ])('are special on $name', ({ date, opens, closes, note }) => {
    const day = dayOn(date);
    expect(day).toMatchObject({ isTradingDay: true, note });
    expect([iso(day.opensAt), iso(day.closesAt)]).toEqual([opens, closes]);
  });
});

describe('the day of a moment', () => {
  it.each([
    { moment: '2026-03-08T18:29:59.999Z', date: '2026-03-08' },
    { moment: '2026-03-08T18:30Z', date: '2026-03-09' },
    { moment: '2026-03-09T18:29:59.999Z', date: '2026-03-09' },
    { moment: '2026-03-09T18:30Z', date: '2026-03-10' },
  ])('begins at midnight in India: $moment is in $date', ({ moment, date }) => {
    expect(calendar.dayOf(at(moment)).date).toBe(date);
  });
});

describe('a weekend', () => {
  it.each(['2026-03-07', '2026-03-08', '2025-11-08'])('has no trading: %s', (date) => {
    expect(dayOn(date)).toMatchObject({ isTradingDay: false, note: 'weekend' });
  });
});

describe('a year that is not published', () => {
  it.each([
    { date: '2027-01-26', isTradingDay: true, name: 'Republic Day' },
    { date: '2027-01-01', isTradingDay: true, name: 'its first weekday' },
    { date: '2024-12-31', isTradingDay: true, name: 'the day before the first list' },
    { date: '2027-01-02', isTradingDay: false, name: 'a Saturday' },
  ])('counts every weekday, and says so: $date, $name', ({ date, isTradingDay }) => {
    expect(dayOn(date)).toMatchObject({ isTradingDay, basis: 'unknown' });
  });
});

describe('closures of this market', () => {
  const closed = createNseCalendar({
    closures: { '2027-01-26': 'Republic Day', '2026-02-01': 'Budget moved' },
  });

  it('close a weekday of an unknown year', () => {
    expect(closed.dayOf(at('2027-01-26T12:00+05:30'))).toMatchObject({
      isTradingDay: false,
      note: 'Republic Day',
    });
  });

  it('count more than a special session', () => {
    expect(closed.dayOf(at('2026-02-01T12:00+05:30'))).toMatchObject({
      isTradingDay: false,
      note: 'Budget moved',
    });
  });
});

describe('sessions that this market adds', () => {
  const session = { opens: '18:00', closes: '19:00', note: 'Muhurat trading' };
  it.each([
    { name: 'on a Saturday of an unknown year', date: '2027-10-30' },
    { name: 'on a holiday', date: '2026-11-10' },
    { name: 'instead of an ordinary day’s hours', date: '2026-11-09' },
    { name: 'instead of another special session', date: '2026-11-08' },
    { name: 'on a Sunday', date: '2026-11-15' },
  ])('have their own hours $name', ({ date }) => {
    const added = createNseCalendar({ sessions: { [date]: session } });
    expect(added.dayOf(at(`${date}T00:00+05:30`))).toMatchObject({
      isTradingDay: true,
      opensAt: at(`${date}T18:00+05:30`),
      closesAt: at(`${date}T19:00+05:30`),
      note: 'Muhurat trading',
    });
  });
});

describe('the hours in which health-check looks', () => {
  const { NSE, NYSE } = { NSE: createCalendars()('NSE'), NYSE: createCalendars()('NYSE') };
  it.each([
    { name: 'long before the open', calendar: NYSE, now: '2026-03-09T07:59-04:00', is: false },
    { name: 'from before the open', calendar: NYSE, now: '2026-03-09T08:00-04:00', is: true },
    { name: 'until after the close', calendar: NYSE, now: '2026-03-09T16:45-04:00', is: true },
    { name: 'after that', calendar: NYSE, now: '2026-03-09T16:46-04:00', is: false },
    { name: 'after a half day', calendar: NYSE, now: '2026-11-27T14:00-05:00', is: false },
    { name: 'on a holiday', calendar: NYSE, now: '2026-11-26T12:00-05:00', is: false },
    { name: 'on a weekend', calendar: NYSE, now: '2026-03-08T12:00-04:00', is: false },
    { name: 'on the budget’s Sunday', calendar: NSE, now: '2026-02-01T12:00+05:30', is: true },
    { name: 'on Muhurat’s Sunday', calendar: NSE, now: '2026-11-08T18:30+05:30', is: true },
    { name: 'at noon of that Sunday', calendar: NSE, now: '2026-11-08T12:00+05:30', is: false },
    {
      name: 'before a session that opens after midnight',
      calendar: createNseCalendar({
        sessions: { '2027-05-09': { opens: '00:30', closes: '01:00', note: 'drill' } },
      }),
      now: '2027-05-08T23:30+05:30',
      is: true,
    },
  ])('$name: $is', ({ calendar: days, now, is }) => {
    expect(isActive(days, at(now))).toBe(is);
  });
});

describe('the next trading day', () => {
  it.each([
    { from: '2026-03-06T12:00+05:30', next: '2026-03-09', name: 'over a weekend' },
    { from: '2026-03-09T00:00+05:30', next: '2026-03-10', name: 'strictly after its own day' },
    { from: '2026-04-02T23:59+05:30', next: '2026-04-06', name: 'over Good Friday' },
    { from: '2026-01-30T12:00+05:30', next: '2026-02-01', name: 'to a Sunday of the budget' },
    { from: '2026-12-31T12:00+05:30', next: '2027-01-01', name: 'into a year not published' },
  ])('is $next $name', ({ from, next }) => {
    expect(calendar.nextTradingDay(at(from))).toMatchObject({ date: next, isTradingDay: true });
  });
});
