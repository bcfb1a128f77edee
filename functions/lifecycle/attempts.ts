/**
 * How many wrong PINs a session still allows, and whether a sign-in attempt is still alive.
 *
 * Pure. Asked by the sign-in operations and pages before a PIN is spent.
 */

import { PENDING_LOST_AFTER_MS, PIN_ATTEMPT_WINDOW_MS, PIN_ATTEMPTS_ALLOWED } from './limits.ts';
import type { SessionRecord } from './session.ts';

/** The attempts that still count at `now`: those of the last hour. */
export function recentAttempts(record: SessionRecord, now: number): readonly number[] {
  return record.attempts.filter((at) => at > now - PIN_ATTEMPT_WINDOW_MS);
}

/** How many PINs may still be tried at `now`. */
export function attemptsLeft(record: SessionRecord, now: number): number {
  return Math.max(0, PIN_ATTEMPTS_ALLOWED - recentAttempts(record, now).length);
}

/** When a PIN may be tried: `now`, or the moment the oldest attempts that stand in the way have aged out. */
export function nextAttemptAt(record: SessionRecord, now: number): number {
  const recent = [...recentAttempts(record, now)].sort((a, b) => a - b);
  const blocking = recent[recent.length - PIN_ATTEMPTS_ALLOWED];
  return blocking === undefined ? now : blocking + PIN_ATTEMPT_WINDOW_MS;
}

/** Whether an attempt is under way that died in between: its PIN is spent and nothing was saved. */
export function isAttemptLost(record: SessionRecord, now: number): boolean {
  return record.pending !== null && now >= record.pending.startedAt + PENDING_LOST_AFTER_MS;
}
