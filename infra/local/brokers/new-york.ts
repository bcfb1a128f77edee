/**
 * Midnight in New York, for the simulators: when the broker ends the day's access tokens.
 *
 * Uses `Intl` and nothing of the product's own calendar, so that the two can disagree in a test. It
 * reads no clock. Called by the E*TRADE simulator.
 */

const parts = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  calendar: 'gregory',
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
});

type WallClock = { year: number; month: number; day: number; hour: number };

function inNewYork(at: number): WallClock {
  const wall: WallClock = { year: 0, month: 0, day: 0, hour: 0 };
  for (const { type, value } of parts.formatToParts(at)) {
    if (type === 'year' || type === 'month' || type === 'day' || type === 'hour') {
      wall[type] = Number(value);
    }
  }
  return wall;
}

/** The next 00:00 in New York strictly after `at`, both in epoch ms; the day in between may have 23 or 25 hours. */
export function nextNewYorkMidnight(at: number): number {
  const { year, month, day } = inNewYork(at);
  // New York is four hours behind UTC in summer and five in winter; its clocks change at 02:00, so
  // that exactly one of the two is a midnight.
  const summer = Date.UTC(year, month - 1, day + 1, 4);
  return inNewYork(summer).hour === 0 ? summer : summer + 3_600_000;
}
