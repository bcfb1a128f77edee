/**
 * The National Stock Exchange of India's trading days as a `Calendar`: 09:15 to 15:30, all the year.
 *
 * Pure. Published years from the table; any other year `unknown`: there every weekday counts, because a
 * needless question on a holiday is better than none on a trading day.
 */

import type { Calendar } from './calendar.ts';
import { type Announced, createMarketCalendar, type MarketYear } from './market-calendar.ts';
import { NSE_CLOSES, NSE_OPENS, NSE_PUBLISHED } from './nse-days.ts';

export function createNseCalendar(announced: Announced = {}): Calendar {
  const facts = { zone: 'Asia/Kolkata', opens: NSE_OPENS, closes: NSE_CLOSES, year: lookUp };
  return createMarketCalendar(facts, announced);
}

function lookUp(year: number): MarketYear {
  const published = NSE_PUBLISHED[year];
  if (published === undefined) return { basis: 'unknown', holidays: {}, specialDays: {} };
  return { basis: 'published', ...published };
}
