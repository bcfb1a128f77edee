/**
 * Whether and when a failed broker call is tried again within the same request.
 *
 * Pure: chance is handed in. Asked only for calls that may run twice, and for others (an exchange of a PIN) while
 * the broker cannot have seen them.
 * Called by the broker adapters and by workers, who may be more patient.
 */

import type { Random } from '../clock.ts';
import type { BrokerFailure } from './broker.ts';

/** A person or a scheduler is waiting: three attempts, then the next run takes over. */
export const RETRIES_ALLOWED = 2;

/** First pause, doubled each time, half of it by chance so that functions do not march in step. */
export const FIRST_PAUSE_MS = 500;

/** A broker that asks for more patience than this gets it from the next run. */
export const LONGEST_PAUSE_MS = 5_000;

export type RetryLimits = { readonly retries: number; readonly longestPauseMs: number };

const WITHIN_A_REQUEST: RetryLimits = {
  retries: RETRIES_ALLOWED,
  longestPauseMs: LONGEST_PAUSE_MS,
};

/**
 * Pause in milliseconds before the next attempt, or `null` to stop.
 *
 * @param failuresSoFar attempts that have failed, 1 after the first
 */
export function pauseBeforeRetry(
  failure: BrokerFailure,
  failuresSoFar: number,
  random: Random,
  { retries, longestPauseMs }: RetryLimits = WITHIN_A_REQUEST,
): number | null {
  if (failure.reason !== 'transient' || failuresSoFar > retries) return null;
  // A second collision of random nonces is no accident.
  if (failure.problem === 'nonce_used') return failuresSoFar === 1 ? 0 : null;
  if ((failure.retryAfterMs ?? 0) > longestPauseMs) return null;
  const longest = FIRST_PAUSE_MS * 2 ** (failuresSoFar - 1);
  const chance = (random(1)[0] ?? 0) / 255;
  return Math.max(Math.round(longest * (0.5 + chance / 2)), failure.retryAfterMs ?? 0);
}
