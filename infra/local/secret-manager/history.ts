/**
 * What a thing was at any moment of the last day: the ground of answers that lag behind.
 *
 * Plain data, so that it can be saved. Used by `book.ts` for secrets and versions.
 */

/** Oldest first; never empty. */
export type History<T> = readonly { readonly at: number; readonly value: T }[];

/** Longer than any lag that is worth simulating. */
const KEPT_MS = 24 * 60 * 60_000;

/** However busy the day. */
const KEPT_ENTRIES = 100;

export function startHistory<T>(at: number, value: T): History<T> {
  return [{ at, value }];
}

export function added<T>(history: History<T>, at: number, value: T): History<T> {
  const longer = [...history, { at, value }].slice(-KEPT_ENTRIES);
  const firstNeeded = longer.findLastIndex((entry) => entry.at <= at - KEPT_MS);
  return longer.slice(Math.max(0, firstNeeded));
}

export function current<T>(history: History<T>): T {
  return history[history.length - 1]?.value as T;
}

/** What it was at `at`; what it was first, when it did not exist yet. */
export function asOf<T>(history: History<T>, at: number): T {
  const entry = history.findLast((candidate) => candidate.at <= at) ?? history[0];
  return entry?.value as T;
}
