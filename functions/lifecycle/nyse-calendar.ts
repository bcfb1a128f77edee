/**
 * The New York Stock Exchange's trading days as a `Calendar`: 09:30 to 16:00, early closes at 13:00.
 *
 * Pure. Published years from the table, later ones by rule up to `LAST_YEAR_BY_RULE`, any other year
 * `unknown`: there every weekday counts. Made once by `compose.ts`.
 */

import type { Calendar, MarketDay } from './calendar.ts';
import { NYSE_PUBLISHED, type NyseYear } from './nyse-days.ts';
import { nyseYearByRule } from './nyse-rule.ts';
import { dateIn, dayAfter, momentOf, weekdayOf } from './wall-clock.ts';

export type NyseCalendarOptions = {
  /** Unscheduled closures, date → reason: `{ '2025-01-09': 'National Day of Mourning' }`. */
  readonly closures?: Readonly<Record<string, string>>;
};

const ZONE = 'America/New_York';
const OPENS = '09:30';
const CLOSES = '16:00';
const CLOSES_EARLY = '13:00';

const FIRST_PUBLISHED_YEAR = Math.min(...Object.keys(NYSE_PUBLISHED).map(Number));
const LAST_YEAR_BY_RULE = 2099;
const FRIDAY = 5;

const NOTHING_KNOWN: NyseYear = { holidays: {}, earlyCloses: {} };

export function createNyseCalendar({ closures = {} }: NyseCalendarOptions = {}): Calendar {
  const unscheduled = new Map(Object.entries(closures));
  const years = new Map<number, KnownYear>();

  function yearOf(year: number): KnownYear {
    const known = years.get(year) ?? lookUp(year);
    years.set(year, known);
    return known;
  }

  function dayOn(date: string): MarketDay {
    const { basis, holidays, earlyCloses } = yearOf(Number(date.slice(0, 4)));
    const closed =
      unscheduled.get(date) ?? (weekdayOf(date) > FRIDAY ? 'weekend' : holidays.get(date));
    if (closed !== undefined) {
      return { date, isTradingDay: false, opensAt: null, closesAt: null, note: closed, basis };
    }
    const early = earlyCloses.get(date);
    return {
      date,
      isTradingDay: true,
      opensAt: momentOf(ZONE, date, OPENS),
      closesAt: momentOf(ZONE, date, early === undefined ? CLOSES : CLOSES_EARLY),
      note: early ?? null,
      basis,
    };
  }

  return {
    zone: ZONE,
    dayOf: (at) => dayOn(dateIn(ZONE, at)),
    nextTradingDay: (at) => {
      let day = dayOn(dayAfter(dateIn(ZONE, at)));
      while (!day.isTradingDay) day = dayOn(dayAfter(day.date));
      return day;
    },
  };
}

type KnownYear = {
  readonly basis: MarketDay['basis'];
  readonly holidays: ReadonlyMap<string, string>;
  readonly earlyCloses: ReadonlyMap<string, string>;
};

function lookUp(year: number): KnownYear {
  const published = NYSE_PUBLISHED[year];
  if (published !== undefined) return knownYear('published', published);
  const isByRule = year > FIRST_PUBLISHED_YEAR && year <= LAST_YEAR_BY_RULE;
  return isByRule ? knownYear('rule', nyseYearByRule(year)) : knownYear('unknown', NOTHING_KNOWN);
}

function knownYear(basis: MarketDay['basis'], { holidays, earlyCloses }: NyseYear): KnownYear {
  return {
    basis,
    holidays: new Map(Object.entries(holidays)),
    earlyCloses: new Map(Object.entries(earlyCloses)),
  };
}
