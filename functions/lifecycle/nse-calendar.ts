/**
 * The National Stock Exchange of India's trading days as a `Calendar`: 09:15 to 15:30, all the year.
 *
 * Pure. Published years from the table; any other year `unknown`: there every weekday counts, because a
 * needless question on a holiday is better than none on a trading day. Made once by `calendars.ts`.
 */

import type { Calendar } from './calendar.ts';
import { createMarketCalendar, type MarketYear, type NamedDays } from './market-calendar.ts';
import { NSE_CLOSES, NSE_OPENS, NSE_PUBLISHED } from './nse-days.ts';

export type NseCalendarOptions = {
  /** Unscheduled closures, date → reason: `{ '2026-01-15': 'Elections' }`. */
  readonly closures?: NamedDays;
};

export function createNseCalendar({ closures = {} }: NseCalendarOptions = {}): Calendar {
  const facts = { zone: 'Asia/Kolkata', opens: NSE_OPENS, closes: NSE_CLOSES, year: lookUp };
  return createMarketCalendar(facts, closures);
}

function lookUp(year: number): MarketYear {
  const published = NSE_PUBLISHED[year];
  if (published === undefined) return { basis: 'unknown', holidays: {}, specialDays: {} };
  return { basis: 'published', ...published };
}
