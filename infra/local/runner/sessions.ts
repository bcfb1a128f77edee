/**
 * The sessions a local run was asked for: checked against the known brokers, and the markets they trade on.
 *
 * Pure. Used by `system.ts`.
 */

import { BROKERS } from '../../../functions/brokers/registry.ts';
import { createCalendars } from '../../../functions/lifecycle/calendars.ts';
import type { Market } from '../../../functions/lifecycle/rules.ts';
import { parseSessionKey } from '../../../functions/lifecycle/session.ts';

/** @throws Error with words for the person at the terminal */
export function checkSessions(sessions: readonly string[]): void {
  if (sessions.length === 0) throw new Error('Name at least one session');
  for (const session of sessions) {
    const name = parseSessionKey(session);
    if (name === null) {
      throw new Error(`"${session}" is no session key; one looks like "etrade-sandbox"`);
    }
    if (BROKERS[name.broker] === undefined) {
      const known = Object.keys(BROKERS).join(', ');
      throw new Error(`The broker of "${session}" is unknown; there are: ${known}`);
    }
  }
}

export function marketsOf(sessions: readonly string[]): ReadonlySet<Market> {
  return new Set(
    sessions.flatMap((session) => {
      const rules = BROKERS[parseSessionKey(session)?.broker ?? '']?.rules;
      return rules === undefined ? [] : [rules.market];
    }),
  );
}

/** Whose clock the terminal shows: that of the first session's market. */
export function zoneOf(sessions: readonly string[]): string {
  const [market = 'NYSE'] = marketsOf(sessions);
  return createCalendars()(market).zone;
}
