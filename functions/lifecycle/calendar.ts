/**
 * Trading days of a market: holidays, half days, open and close as moments.
 *
 * Pure: the day is handed in. Published years come from a table, later ones from the exchange's rules
 * and are marked so; past the end every weekday counts.
 */

import { HEALTH_CHECK_AFTER_CLOSE_MS, HEALTH_CHECK_BEFORE_OPEN_MS } from './limits.ts';

/** One day of a market. `null` for opens and closes on a day without trading. */
export type MarketDay = {
  /** `2026-03-09` in the market's zone. */
  readonly date: string;
  readonly isTradingDay: boolean;
  readonly opensAt: number | null;
  readonly closesAt: number | null;
  /** Why there is no trading, or why it ends early: "Thanksgiving Day", "weekend". */
  readonly note: string | null;
  /** `published` by the exchange, `rule` computed from its rules, `unknown` past the end of both. */
  readonly basis: 'published' | 'rule' | 'unknown';
};

export type Calendar = {
  readonly zone: string;
  /** The market's day that contains the moment. */
  readonly dayOf: (at: number) => MarketDay;
  /** The next trading day strictly after the one that contains the moment. */
  readonly nextTradingDay: (at: number) => MarketDay;
};

/** Whether the market trades now, opens soon or has just closed: when health-check looks. */
export function isActive(calendar: Calendar, now: number): boolean {
  // Trading near midnight may be of another date than the moment asked about.
  return [now - HEALTH_CHECK_AFTER_CLOSE_MS, now, now + HEALTH_CHECK_BEFORE_OPEN_MS]
    .map(calendar.dayOf)
    .some(
      ({ opensAt, closesAt }) =>
        opensAt !== null &&
        closesAt !== null &&
        opensAt - HEALTH_CHECK_BEFORE_OPEN_MS <= now &&
        now <= closesAt + HEALTH_CHECK_AFTER_CLOSE_MS,
    );
}
