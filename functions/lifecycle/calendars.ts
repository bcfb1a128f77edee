/**
 * The calendar of each market a session can trade on.
 *
 * Pure. The one place that knows which markets there are.
 */

import type { Calendar } from './calendar.ts';
import type { Announced } from './market-calendar.ts';
import { createNseCalendar } from './nse-calendar.ts';
import { NSE_CLOSES } from './nse-days.ts';
import { createNyseCalendar, NYSE_CLOSES_EARLY } from './nyse-calendar.ts';
import type { Market } from './rules.ts';

/** In the order people are told of them. */
export const MARKETS: readonly Market[] = ['NYSE', 'NSE'];

/** What each market announced after its year's list. */
export type MarketChanges = Readonly<Partial<Record<Market, Announced>>>;

/** `HH:MM` in the market's zone: the close of its shortest ordinary day. */
export const EARLIEST_CLOSE: Readonly<Record<Market, string>> = {
  NYSE: NYSE_CLOSES_EARLY,
  NSE: NSE_CLOSES,
};

export function createCalendars(changes: MarketChanges = {}): (market: Market) => Calendar {
  const calendars: Readonly<Record<Market, Calendar>> = {
    NYSE: createNyseCalendar(changes.NYSE),
    NSE: createNseCalendar(changes.NSE),
  };
  return (market) => calendars[market];
}

/** A market by its name in settings and arguments, in any case; `null` when the text names none. */
export function parseMarket(text: string): Market | null {
  return MARKETS.find((market) => market === text.toUpperCase()) ?? null;
}
