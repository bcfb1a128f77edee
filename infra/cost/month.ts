/**
 * A calendar month in New York: its trading days, and every run that `scheduler.yaml` makes in it. A market's
 * jobs find live tokens on that market's own days; health-check works in the hours of any market in use.
 *
 * Reads no clock: the month is named.
 */

import { DateTime } from 'luxon';
import { type Calendar, isActive } from '../../functions/lifecycle/calendar.ts';
import { createCalendars } from '../../functions/lifecycle/calendars.ts';
import type { Market } from '../../functions/lifecycle/rules.ts';
import { timeIn } from '../../functions/lifecycle/wall-clock.ts';
import { type Job, nextRunAt } from '../local/schedule.ts';
import { SIGNED_IN_AT } from './assumptions.ts';

const calendarOf = createCalendars();
const HOME = calendarOf('NYSE');
const ZONE = HOME.zone;

export type Month = {
  /** `December 2026` */
  readonly title: string;
  readonly days: number;
  readonly hours: number;
  readonly tradingDays: number;
  /** Runs of each job. */
  readonly runs: Readonly<Record<string, Runs>>;
};

export type Runs = {
  /** That find a live token. */
  readonly live: number;
  /** That do not. */
  readonly expired: number;
  /** That return at once: no market is active. */
  readonly idle: number;
};

/**
 * @param text `2026-12`
 * @param markets where the sessions trade
 * @returns `null` when the text is not a month
 */
export function readMonth(
  text: string,
  jobs: readonly Job[],
  markets: ReadonlySet<Market>,
): Month | null {
  if (!/^\d{4}-\d{2}$/.test(text)) return null;
  const start = DateTime.fromISO(`${text}-01`, { zone: ZONE, locale: 'en' });
  if (!start.isValid) return null;
  const end = start.plus({ months: 1 });
  const days = Math.round(end.diff(start, 'days').days);
  return {
    title: start.toFormat('LLLL yyyy'),
    days,
    hours: end.diff(start, 'hours').hours,
    tradingDays: tradingDaysOf(start, days),
    runs: Object.fromEntries(
      jobs.map((job) => {
        const calendar = job.market === null ? HOME : calendarOf(job.market);
        const works =
          job.function === 'health-check'
            ? (at: number) => [...markets].some((market) => isActive(calendarOf(market), at))
            : () => true;
        return [job.name, countRuns(job, start.toMillis(), end.toMillis(), calendar, works)];
      }),
    ),
  };
}

function tradingDaysOf(start: DateTime, days: number): number {
  const all = Array.from({ length: days }, (_, day) =>
    HOME.dayOf(start.plus({ days: day, hours: 12 }).toMillis()),
  );
  return all.filter(({ isTradingDay }) => isTradingDay).length;
}

function countRuns(
  job: Job,
  from: number,
  to: number,
  calendar: Calendar,
  works: (at: number) => boolean,
): Runs {
  let idle = 0;
  let live = 0;
  let expired = 0;
  let at = nextRunAt(job, from - 1);
  while (at !== null && at < to) {
    const isLive = timeIn(calendar.zone, at) >= SIGNED_IN_AT;
    if (!works(at)) idle += 1;
    else if (isLive && calendar.dayOf(at).isTradingDay) live += 1;
    else expired += 1;
    at = nextRunAt(job, at);
  }
  return { live, expired, idle };
}
