/**
 * The New York Stock Exchange's trading days as a `Calendar`: 09:30 to 16:00, early closes at 13:00.
 *
 * Pure. Published years from the table, later ones by rule up to `LAST_YEAR_BY_RULE`, any other year
 * `unknown`: there every weekday counts.
 */

import type { Calendar } from './calendar.ts';
import { type Announced, createMarketCalendar, type MarketYear } from './market-calendar.ts';
import { NYSE_PUBLISHED, type NyseYear } from './nyse-days.ts';
import { nyseYearByRule } from './nyse-rule.ts';

const OPENS = '09:30';
export const NYSE_CLOSES_EARLY = '13:00';

const FIRST_PUBLISHED_YEAR = Math.min(...Object.keys(NYSE_PUBLISHED).map(Number));
const LAST_YEAR_BY_RULE = 2099;

const NOTHING_KNOWN: NyseYear = { holidays: {}, earlyCloses: {} };

export function createNyseCalendar(announced: Announced = {}): Calendar {
  const facts = { zone: 'America/New_York', opens: OPENS, closes: '16:00', year: lookUp };
  return createMarketCalendar(facts, announced);
}

function lookUp(year: number): MarketYear {
  const published = NYSE_PUBLISHED[year];
  if (published !== undefined) return marketYear('published', published);
  const isByRule = year > FIRST_PUBLISHED_YEAR && year <= LAST_YEAR_BY_RULE;
  return isByRule ? marketYear('rule', nyseYearByRule(year)) : marketYear('unknown', NOTHING_KNOWN);
}

function marketYear(basis: MarketYear['basis'], { holidays, earlyCloses }: NyseYear): MarketYear {
  const halfDays = Object.entries(earlyCloses).map(([date, note]) => [
    date,
    { opens: OPENS, closes: NYSE_CLOSES_EARLY, note },
  ]);
  return { basis, holidays, specialDays: Object.fromEntries(halfDays) };
}
