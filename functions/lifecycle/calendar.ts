/**
 * Trading days of a market: holidays, half days, open and close as moments.
 *
 * Pure: the day is handed in. Published years come from a table, later ones from the exchange's rules
 * and are marked so; past the end every weekday counts. Used by coverage, the alert ladder, pages.
 */

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
