/**
 * Which markets the sessions trade on, and whose clock people are told the time by.
 *
 * Reads the list of sessions, no record.
 */

import { type Calendar, isActive } from '../lifecycle/calendar.ts';
import type { Market } from '../lifecycle/rules.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { System } from './system.ts';

type WithMarkets = Pick<System, 'sessions' | 'calendar'>;

/** In the order of the sessions, the first session's first. */
export function marketsOf({ sessions }: Pick<System, 'sessions'>): readonly Market[] {
  return [...new Set(sessions.map(({ broker }) => broker.rules.market))];
}

/** The market that counts where nothing says which: the first session's. */
export function homeCalendar(system: WithMarkets): Calendar {
  return system.calendar(marketsOf(system)[0] ?? 'NYSE');
}

/** Whether a market of the sessions trades now, opens soon or has just closed. */
export function isAnyMarketActive(system: WithMarkets, now: number): boolean {
  return marketsOf(system).some((market) => isActive(system.calendar(market), now));
}

/** The zone of the sessions' market; of the first session's where they trade on several or none is named. */
export function zoneOf(system: WithMarkets, keys: readonly SessionKey[]): string {
  const named = system.sessions.filter(({ key }) => keys.includes(key));
  const [market, ...others] = marketsOf({ sessions: named });
  const calendar =
    market === undefined || others.length > 0 ? homeCalendar(system) : system.calendar(market);
  return calendar.zone;
}
