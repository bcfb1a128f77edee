/**
 * A `Calendar` from a market's hours and what is known of its years.
 *
 * Pure. Weekends are closed by rule; what a year's list says of a day counts before that, and what was
 * announced since, a closure or a session, before everything.
 */

import type { Calendar, MarketDay } from './calendar.ts';
import { dateIn, dayAfter, momentOf, weekdayOf } from './wall-clock.ts';

/** Date → name of the day, or reason. */
export type NamedDays = Readonly<Record<string, string>>;

/** A day with hours of its own, whatever the weekday; times as `HH:MM` of the market's zone. */
export type SpecialDay = {
  readonly opens: string;
  readonly closes: string;
  readonly note: string;
};

/** What is known of one year. */
export type MarketYear = {
  readonly basis: MarketDay['basis'];
  /** No trading at all. */
  readonly holidays: NamedDays;
  readonly specialDays: Readonly<Record<string, SpecialDay>>;
};

export type MarketFacts = {
  readonly zone: string;
  /** `HH:MM` of an ordinary trading day. */
  readonly opens: string;
  readonly closes: string;
  readonly year: (year: number) => MarketYear;
};

/** What was announced after the year's list, by date. */
export type Announced = {
  /** No trading: `{ '2025-01-09': 'National Day of Mourning' }`. */
  readonly closures?: NamedDays;
  /** Trading with hours of its own, on any day of the week and on holidays too. */
  readonly sessions?: Readonly<Record<string, SpecialDay>>;
};

const FRIDAY = 5;

export function createMarketCalendar(
  facts: MarketFacts,
  { closures = {}, sessions = {} }: Announced,
): Calendar {
  const { zone } = facts;
  const unscheduled = new Map(Object.entries(closures));
  const announced = new Map(Object.entries(sessions));
  const years = new Map<number, KnownYear>();

  function yearOf(year: number): KnownYear {
    const known = years.get(year) ?? lookUp(facts.year(year));
    years.set(year, known);
    return known;
  }

  function dayOn(date: string): MarketDay {
    const { basis, holidays, specialDays } = yearOf(Number(date.slice(0, 4)));
    const extra = announced.get(date);
    const special = extra ?? specialDays.get(date);
    const weekend = special === undefined && weekdayOf(date) > FRIDAY ? 'weekend' : undefined;
    const closed = unscheduled.get(date) ?? weekend ?? holidays.get(date);
    if (extra === undefined && closed !== undefined) {
      return { date, isTradingDay: false, opensAt: null, closesAt: null, note: closed, basis };
    }
    return {
      date,
      isTradingDay: true,
      opensAt: momentOf(zone, date, special?.opens ?? facts.opens),
      closesAt: momentOf(zone, date, special?.closes ?? facts.closes),
      note: special?.note ?? null,
      basis,
    };
  }

  return {
    zone,
    dayOf: (at) => dayOn(dateIn(zone, at)),
    nextTradingDay: (at) => {
      let day = dayOn(dayAfter(dateIn(zone, at)));
      while (!day.isTradingDay) day = dayOn(dayAfter(day.date));
      return day;
    },
  };
}

type KnownYear = {
  readonly basis: MarketDay['basis'];
  readonly holidays: ReadonlyMap<string, string>;
  readonly specialDays: ReadonlyMap<string, SpecialDay>;
};

function lookUp({ basis, holidays, specialDays }: MarketYear): KnownYear {
  return {
    basis,
    holidays: new Map(Object.entries(holidays)),
    specialDays: new Map(Object.entries(specialDays)),
  };
}
