/**
 * Moments and durations as people read them, in the market's zone.
 *
 * Pure: `now` is handed in. Twenty-four-hour clock, because a token's life must not hang on "am" or
 * "pm". Used by the pages; `script.ts` counts down in the same form.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The day on which the clocks go back. */
const LONGEST_DAY_MS = 25 * HOUR_MS;

/** `09:30`, `midnight` for the coming one, `Tue 09:30` in days near, `10 Apr, 09:30` further off. */
export function momentText(at: number, now: number, zone: string): string {
  const time = format(at, zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const date: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'short', day: 'numeric' };
  if (format(at, zone, date) === format(now, zone, date)) return time;
  if (time === '00:00' && at > now && at - now <= LONGEST_DAY_MS) return 'midnight';
  return Math.abs(at - now) < 6 * DAY_MS
    ? `${format(at, zone, { weekday: 'short' })} ${time}`
    : `${format(at, zone, { day: 'numeric', month: 'short' })}, ${time}`;
}

/** `14 Jan 2028`, for what is months away. */
export function dayText(at: number, zone: string): string {
  return format(at, zone, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** What a countdown shows: `6 d 23 h`, `5 h 12 min`, `42 min`, and in the last ten minutes `9:07`. */
export function countdownText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  if (minutes >= 10) return `${minutes} min`;
  return `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}

/** `2 min ago`, `3 h ago`, `just now`. */
export function agoText(at: number, now: number): string {
  const minutes = Math.floor((now - at) / MINUTE_MS);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}

/** `America/New_York` → `New York`. */
export function zoneText(zone: string): string {
  return (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
}

function format(at: number, zone: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options }).format(new Date(at));
}
