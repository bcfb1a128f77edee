import { describe, expect, it } from 'vitest';
import type { MarketDay } from '../../functions/lifecycle/calendar.ts';
import { createNyseCalendar } from '../../functions/lifecycle/nyse-calendar.ts';
import { NYSE_PUBLISHED } from '../../functions/lifecycle/nyse-days.ts';
import { nyseYearByRule } from '../../functions/lifecycle/nyse-rule.ts';
import { at } from '../fixtures/records.ts';

const calendar = createNyseCalendar();

/** The market day that contains New York's noon of a date. */
function dayOn(date: string): MarketDay {
  return calendar.dayOf(at(`${date}T12:00-05:00`));
}

const iso = (moment: number | null) => (moment === null ? null : new Date(moment).toISOString());

describe('the published years', () => {
  it('are 2024 to 2028', () => {
    expect(Object.keys(NYSE_PUBLISHED)).toEqual(['2024', '2025', '2026', '2027', '2028']);
  });

  it.each(Object.keys(NYSE_PUBLISHED).map(Number))('follow from the rule: %i', (year) => {
    expect(nyseYearByRule(year)).toEqual(NYSE_PUBLISHED[year]);
  });

  it.each(
    Object.values(NYSE_PUBLISHED).flatMap((year) =>
      Object.entries({ ...year.holidays, ...year.earlyCloses }),
    ),
  )('name weekdays only: %s, %s', (date) => {
    expect([1, 2, 3, 4, 5]).toContain(new Date(`${date}T00:00Z`).getUTCDay());
  });
});

describe('a holiday', () => {
  it.each([
    { date: '2024-06-19', note: 'Juneteenth' },
    { date: '2024-03-29', note: 'Good Friday' },
    { date: '2025-04-18', note: 'Good Friday' },
    { date: '2026-04-03', note: 'Good Friday' },
    { date: '2026-07-03', note: 'Independence Day (observed)' },
    { date: '2026-11-26', note: 'Thanksgiving Day' },
    { date: '2027-06-18', note: 'Juneteenth (observed)' },
    { date: '2027-07-05', note: 'Independence Day (observed)' },
    { date: '2027-12-24', note: 'Christmas Day (observed)' },
    { date: '2028-04-14', note: 'Good Friday' },
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

  it.each(['2027-12-31', '2026-07-02', '2027-07-02', '2028-01-03', '2026-10-12', '2026-11-11'])(
    'is not %s',
    (date) => {
      expect(dayOn(date)).toMatchObject({ isTradingDay: true, note: null });
    },
  );
});

describe('opening hours', () => {
  it.each([
    {
      name: 'in winter',
      date: '2026-01-15',
      opens: '2026-01-15T14:30',
      closes: '2026-01-15T21:00',
    },
    {
      name: 'in summer',
      date: '2026-07-15',
      opens: '2026-07-15T13:30',
      closes: '2026-07-15T20:00',
    },
    {
      name: 'before clocks go forward',
      date: '2026-03-06',
      opens: '2026-03-06T14:30',
      closes: '2026-03-06T21:00',
    },
    {
      name: 'after clocks went forward',
      date: '2026-03-09',
      opens: '2026-03-09T13:30',
      closes: '2026-03-09T20:00',
    },
    {
      name: 'before clocks go back',
      date: '2026-10-30',
      opens: '2026-10-30T13:30',
      closes: '2026-10-30T20:00',
    },
    {
      name: 'after clocks went back',
      date: '2026-11-02',
      opens: '2026-11-02T14:30',
      closes: '2026-11-02T21:00',
    },
    {
      name: 'on the day before Independence Day',
      date: '2024-07-03',
      opens: '2024-07-03T13:30',
      closes: '2024-07-03T17:00',
    },
    {
      name: 'on the day before Independence Day',
      date: '2025-07-03',
      opens: '2025-07-03T13:30',
      closes: '2025-07-03T17:00',
    },
    {
      name: 'on the day before Independence Day',
      date: '2028-07-03',
      opens: '2028-07-03T13:30',
      closes: '2028-07-03T17:00',
    },
    {
      name: 'on the day after Thanksgiving',
      date: '2026-11-27',
      opens: '2026-11-27T14:30',
      closes: '2026-11-27T18:00',
    },
    {
      name: 'on Christmas Eve',
      date: '2026-12-24',
      opens: '2026-12-24T14:30',
      closes: '2026-12-24T18:00',
    },
  ])('are right $name, $date', ({ date, opens, closes }) => {
    const day = dayOn(date);
    expect(iso(day.opensAt)).toBe(`${opens}:00.000Z`);
    expect(iso(day.closesAt)).toBe(`${closes}:00.000Z`);
  });

  it('say why they end early', () => {
    expect(dayOn('2026-11-27').note).toBe('day after Thanksgiving');
  });
});

describe('the day of a moment', () => {
  it.each([
    { moment: '2026-03-08T04:59:59.999Z', date: '2026-03-07' },
    { moment: '2026-03-08T05:00Z', date: '2026-03-08' },
    { moment: '2026-03-09T03:59:59.999Z', date: '2026-03-08' },
    { moment: '2026-03-09T04:00Z', date: '2026-03-09' },
  ])('begins at midnight New York: $moment is in $date', ({ moment, date }) => {
    expect(calendar.dayOf(at(moment)).date).toBe(date);
  });
});

describe('a weekend', () => {
  it.each(['2026-03-07', '2026-03-08'])('has no trading: %s', (date) => {
    expect(dayOn(date)).toMatchObject({ isTradingDay: false, note: 'weekend' });
  });
});

describe('unscheduled closures', () => {
  const mourning = createNyseCalendar({ closures: { '2025-01-09': 'National Day of Mourning' } });
  const moment = at('2025-01-09T10:00-05:00');

  it('come from configuration', () => {
    expect(mourning.dayOf(moment)).toMatchObject({
      isTradingDay: false,
      opensAt: null,
      note: 'National Day of Mourning',
    });
    expect(calendar.dayOf(moment).isTradingDay).toBe(true);
  });

  it('are skipped by the next trading day', () => {
    expect(mourning.nextTradingDay(at('2025-01-08T10:00-05:00')).date).toBe('2025-01-10');
  });
});

describe('the next trading day', () => {
  it.each([
    { from: '2026-03-06T12:00-05:00', next: '2026-03-09', name: 'over a weekend' },
    { from: '2026-03-09T00:00-04:00', next: '2026-03-10', name: 'strictly after its own day' },
    { from: '2026-04-02T23:59-04:00', next: '2026-04-06', name: 'over Good Friday' },
    {
      from: '2026-11-25T12:00-05:00',
      next: '2026-11-27',
      name: 'over Thanksgiving, to the half day',
    },
    { from: '2027-12-23T12:00-05:00', next: '2027-12-27', name: 'over an observed Christmas' },
    {
      from: '2027-12-31T12:00-05:00',
      next: '2028-01-03',
      name: 'over a New Year that is not observed',
    },
  ])('is $next $name', ({ from, next }) => {
    expect(calendar.nextTradingDay(at(from))).toMatchObject({ date: next, isTradingDay: true });
  });
});

describe('years that nobody has published', () => {
  it.each([
    { date: '2023-07-04', basis: 'unknown', isTradingDay: true },
    { date: '2024-01-02', basis: 'published', isTradingDay: true },
    { date: '2028-12-29', basis: 'published', isTradingDay: true },
    { date: '2029-01-01', basis: 'rule', isTradingDay: false },
    { date: '2029-03-30', basis: 'rule', isTradingDay: false },
    { date: '2033-12-26', basis: 'rule', isTradingDay: false },
    { date: '2099-12-25', basis: 'rule', isTradingDay: false },
    { date: '2100-01-01', basis: 'unknown', isTradingDay: true },
    { date: '2100-01-02', basis: 'unknown', isTradingDay: false },
  ])('are marked: $date is $basis', ({ date, basis, isTradingDay }) => {
    expect(dayOn(date)).toMatchObject({ basis, isTradingDay });
  });

  it.each([
    { year: 2029, holiday: '2029-03-30' },
    { year: 2030, holiday: '2030-04-19' },
    { year: 2035, holiday: '2035-03-23' },
    { year: 2038, holiday: '2038-04-23' },
    { year: 2049, holiday: '2049-04-16' },
    { year: 2076, holiday: '2076-04-17' },
  ])('have Good Friday where the church has it: $holiday', ({ year, holiday }) => {
    expect(nyseYearByRule(year).holidays[holiday]).toBe('Good Friday');
  });

  it('have nine or ten holidays, all on weekdays, and no early close on a holiday', () => {
    for (let year = 2022; year <= 2099; year += 1) {
      const { holidays, earlyCloses } = nyseYearByRule(year);
      const dates = Object.keys(holidays);
      expect(dates).toHaveLength(holidays[`${year}-01-01`] || holidays[`${year}-01-02`] ? 10 : 9);
      for (const date of [...dates, ...Object.keys(earlyCloses)]) {
        expect([1, 2, 3, 4, 5]).toContain(new Date(`${date}T00:00Z`).getUTCDay());
      }
      expect(Object.keys(earlyCloses).filter((date) => date in holidays)).toEqual([]);
    }
  });
});
