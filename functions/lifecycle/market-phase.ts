/**
 * Where a market stands: open, opening later today, or done for today; and when it next opens.
 *
 * Pure. The one judge of whether a session is needed today, for pages, messages and the command line.
 */

import type { Calendar, MarketDay } from './calendar.ts';

/** `over` after the close and on a day without trading. */
export type MarketPhase = 'open' | 'ahead' | 'over';

export function phaseOf(
  { opensAt, closesAt }: Pick<MarketDay, 'opensAt' | 'closesAt'>,
  now: number,
): MarketPhase {
  if (opensAt === null || closesAt === null || now >= closesAt) return 'over';
  return now >= opensAt ? 'open' : 'ahead';
}

/** When it opened, while it is open; else when it opens next. The earliest is the most urgent. */
export function opensNextAt(calendar: Calendar, now: number): number | null {
  const day = calendar.dayOf(now);
  return phaseOf(day, now) === 'over' ? calendar.nextTradingDay(now).opensAt : day.opensAt;
}

/** The more urgent first: what is open, then what opens soonest. */
export function byOpening(a: number | null, b: number | null): number {
  return (a ?? Number.MAX_SAFE_INTEGER) - (b ?? Number.MAX_SAFE_INTEGER);
}
