/**
 * Moments and durations as the terminal shows them, in the market's zone: "09:30", "Tue 10 Mar 00:00",
 * "5 h 12 min", "3 min ago".
 *
 * Pure: now and the zone are handed in. Used by the commands.
 */

import { DateTime } from 'luxon';

const MINUTE_MS = 60_000;

/** `09:30` today, `midnight` for the coming one, `Tue 10 Mar 09:30` on other days. */
export function momentText(at: number, now: number, zone: string): string {
  const then = DateTime.fromMillis(at, { zone, locale: 'en-GB' });
  const today = DateTime.fromMillis(now, { zone });
  const isToday = then.hasSame(today, 'day');
  if (at === today.plus({ days: 1 }).startOf('day').toMillis()) return 'midnight';
  return then.toFormat(isToday ? 'HH:mm' : 'ccc d LLL HH:mm');
}

/** `15 Jan 2028`: a date that is the same everywhere. */
export function dateText(at: number): string {
  return DateTime.fromMillis(at, { zone: 'utc', locale: 'en-GB' }).toFormat('d LLL yyyy');
}

/** `Mon 9 Mar 2026, 08:31:05 New York` */
export function nowText(now: number, zone: string): string {
  const then = DateTime.fromMillis(now, { zone, locale: 'en-GB' });
  return `${then.toFormat('ccc d LLL yyyy, HH:mm:ss')} ${cityOf(zone)}`;
}

/** In full minutes: `59 min`, `5 h 12 min`; `less than a minute`. */
export function durationText(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** In one unit, for a narrow column: `119 min`, from two hours on `15 h`; `< 1 min`. */
export function shortDurationText(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes < 1) return '< 1 min';
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}

/** `just now`, `12 min ago`, `3 h ago`, and the moment itself after a day. */
export function agoText(at: number, now: number, zone: string): string {
  const ms = now - at;
  if (ms < MINUTE_MS) return 'just now';
  return ms < 24 * 60 * MINUTE_MS ? `${shortDurationText(ms)} ago` : momentText(at, now, zone);
}

/** `1 time`, `2 times` */
export function countText(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** The city of an IANA zone: `America/New_York` → "New York". */
export function cityOf(zone: string): string {
  return zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ');
}

/** `Fri 27 Nov 2026` */
export function dayText(at: number, zone: string): string {
  return DateTime.fromMillis(at, { zone, locale: 'en-GB' }).toFormat('ccc d LLL yyyy');
}

/** `09:30` */
export function timeText(at: number, zone: string): string {
  return DateTime.fromMillis(at, { zone }).toFormat('HH:mm');
}
