/**
 * Tells what is new in the functions' output from what they have just said already: the same sentence every
 * quarter of an hour is said once.
 *
 * Used by `start.ts`; nothing is left out where the whole log is asked for.
 */

import type { Clock } from '../../functions/clock.ts';

/** Longer than from one scheduled run to the next. */
const SAID_MS = 20 * 60_000;

/** Date, time and zone, as the log begins its lines. */
const STAMP = /^\S*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+\s+/;

/** @param clock the run's own, which may jump */
export function createNews(clock: Clock): (name: string, line: string) => boolean {
  const saidAt = new Map<string, number>();

  return (name, line) => {
    // A line without a stamp belongs to the one before it.
    if (!STAMP.test(line)) return true;
    const now = clock();
    for (const [said, at] of saidAt) if (now - at > SAID_MS) saidAt.delete(said);
    const what = `${name} ${line.replace(STAMP, '')}`;
    const isNew = !saidAt.has(what);
    saidAt.set(what, now);
    return isNew;
  };
}
