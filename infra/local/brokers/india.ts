/**
 * India's wall clock, for the simulators: when a broker there ends the day's tokens, and how it writes times.
 *
 * Plain arithmetic on a fixed offset (India's clocks never change) and nothing of the product's own
 * calendar, so that the two can disagree in a test. It reads no clock. Called by Upstox's and Kite's.
 */

const DAY_MS = 86_400_000;
const INDIA_AHEAD_MS = 5.5 * 3_600_000;

/** The next `HH:MM` in India strictly after `at`, both in epoch ms. */
export function nextInIndia(time: string, at: number): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const inUtcDay = (hours * 60 + minutes) * 60_000 - INDIA_AHEAD_MS;
  const sinceLast = (((at - inUtcDay) % DAY_MS) + DAY_MS) % DAY_MS;
  return at - sinceLast + DAY_MS;
}

/** `2021-01-01 16:15:14`, without an offset. */
export function writtenInIndia(at: number): string {
  return new Date(at + INDIA_AHEAD_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** Minutes since midnight in India. */
export function minuteInIndia(at: number): number {
  return Math.floor(((at + INDIA_AHEAD_MS) % DAY_MS) / 60_000);
}
