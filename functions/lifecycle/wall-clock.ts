/**
 * Dates and wall-clock times of a zone, turned into moments and back.
 *
 * Pure; the one file of this room that knows the zone library. A time that a zone skips (02:30 when
 * clocks go forward) is the moment as many minutes after the jump; one that comes twice is the first.
 */

import { DateTime } from 'luxon';

/** The zone's date at a moment: `2026-03-09`. */
export function dateIn(zone: string, at: number): string {
  return inZone(zone, at).toFormat('yyyy-MM-dd');
}

/** The zone's wall-clock time at a moment: `08:30`. */
export function timeIn(zone: string, at: number): string {
  return inZone(zone, at).toFormat('HH:mm');
}

/** The moment at which the zone's clocks show `time` (`HH:MM`) on `date` (`YYYY-MM-DD`), in epoch ms. */
export function momentOf(zone: string, date: string, time: string): number {
  const moment = DateTime.fromISO(`${date}T${time}`, { zone });
  if (!moment.isValid) throw new RangeError(`"${date} ${time}" in "${zone}" is no moment`);
  // Which of two possible moments the library takes depends on today's offset; the first never does.
  return Math.min(...moment.getPossibleOffsets().map((possible) => possible.toMillis()));
}

/** The date after `date`. */
export function dayAfter(date: string): string {
  return DateTime.fromISO(date, { zone: 'utc' }).plus({ days: 1 }).toFormat('yyyy-MM-dd');
}

/** The date before `date`. */
export function dayBefore(date: string): string {
  return DateTime.fromISO(date, { zone: 'utc' }).minus({ days: 1 }).toFormat('yyyy-MM-dd');
}

/** 1 is Monday, 7 is Sunday. */
export function weekdayOf(date: string): number {
  return DateTime.fromISO(date, { zone: 'utc' }).weekday;
}

function inZone(zone: string, at: number): DateTime {
  const moment = DateTime.fromMillis(at, { zone });
  if (!moment.isValid) throw new RangeError(`${at} in "${zone}" is no moment`);
  return moment;
}
