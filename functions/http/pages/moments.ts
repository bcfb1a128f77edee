/**
 * Moments and durations as people read them, in the market's zone.
 *
 * Pure: `now` is handed in. Twenty-four-hour clock, because a token's life must not hang on "am" or
 * "pm". Used by the pages; `script.ts` counts down in the same form.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `09:30`, `midnight` for the coming one, `Tue 10 Mar, 09:30` on another day. */
export function momentText(at: number, now: number, zone: string): string {
  const time = format(at, zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const day = format(at, zone, { weekday: 'short', day: 'numeric', month: 'short' });
  const today = format(now, zone, { weekday: 'short', day: 'numeric', month: 'short' });
  if (day === today && Math.abs(at - now) < 2 * DAY_MS) return time;
  if (time === '00:00' && at > now && at - now <= 25 * HOUR_MS) return 'midnight';
  return `${day.replace(',', '')}, ${time}`;
}

/** What a countdown shows: `5 h 12 min`, under an hour `42:07`. */
export function countdownText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
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
