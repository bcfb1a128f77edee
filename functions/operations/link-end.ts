/**
 * When a sign-in link ends.
 *
 * Pure. A link is as good as a password: it lives as long as a sign-in made now would, at most a day.
 */

import { hardEndAt } from '../lifecycle/hard-end.ts';
import { firstOf, type SessionKey } from '../lifecycle/session.ts';
import type { ConfiguredSession } from './system.ts';

/** A day with its change of the clocks. */
const LINK_MAX_AGE_MS = 25 * 60 * 60_000;

/** @param key `null`: of the dashboard's link, the latest such end */
export function linkEnd(
  sessions: readonly ConfiguredSession[],
  key: SessionKey | null,
  now: number,
): number {
  const ends = sessions
    .filter((session) => key === null || session.key === key)
    .map((session) => hardEndAt(session.broker.rules, { issuedAt: now, signedInAt: now }))
    .map((end) => firstOf(end, now + LINK_MAX_AGE_MS) ?? now);
  return Math.max(now, ...ends);
}
