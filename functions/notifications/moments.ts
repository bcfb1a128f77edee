/**
 * Moments and durations as people read them: "09:30 New York", "midnight New York", "1 h 25 min".
 *
 * Pure: now and the zone are handed in. Used by `messages.ts`.
 */

import { DateTime } from 'luxon';

/** Up to this many minutes a countdown reads better without hours. */
const MINUTES_SPOKEN = 90;

/**
 * A moment in a zone, with the zone's city and, unless it is today, its day: "09:30 New York",
 * "midnight New York" for the coming one, "Tue 10 Mar, 03:30 New York".
 */
export function moment(at: number, now: number, zone: string): string {
  return `${bareMoment(at, now, zone)} ${cityOf(zone)}`;
}

/** The same where the city is an aside: "midnight (New York)". */
export function momentAndCity(at: number, now: number, zone: string): string {
  return `${bareMoment(at, now, zone)} (${cityOf(zone)})`;
}

/** The same without the city. */
export function bareMoment(at: number, now: number, zone: string): string {
  const then = DateTime.fromMillis(at, { zone, locale: 'en-GB' });
  const today = DateTime.fromMillis(now, { zone });
  if (then.hasSame(today, 'day')) return then.toFormat('HH:mm');
  const isComingMidnight = at === today.plus({ days: 1 }).startOf('day').toMillis();
  return isComingMidnight ? 'midnight' : then.toFormat('ccc d LLL, HH:mm');
}

/** A day with its year, where the hour says nothing: "15 Jan 2028". */
export function day(at: number, zone: string): string {
  return DateTime.fromMillis(at, { zone, locale: 'en-GB' }).toFormat('d LLL yyyy');
}

/** A length of time in full minutes: 25 → "25 min", 60 → "60 min", 565 → "9 h 25 min", 120 → "2 h". */
export function inMinutes(minutes: number): string {
  if (minutes <= MINUTES_SPOKEN) return `${minutes} min`;
  const rest = minutes % 60;
  const hours = (minutes - rest) / 60;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** Whether "Good morning" is the right word in this zone. */
export function isMorning(at: number, zone: string): boolean {
  const { hour } = DateTime.fromMillis(at, { zone });
  return hour >= 4 && hour < 12;
}

/** The city of an IANA zone: `America/New_York` → "New York". */
function cityOf(zone: string): string {
  return zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ');
}
