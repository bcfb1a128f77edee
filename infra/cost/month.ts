/**
 * A calendar month in New York: its trading days, and every run that `scheduler.yaml` makes in it. A market's
 * jobs find live tokens on that market's own days.
 *
 * Reads no clock: the month is named. Used by `usage.ts`.
 */

import { DateTime } from 'luxon';
import type { Calendar } from '../../functions/lifecycle/calendar.ts';
import { createCalendars } from '../../functions/lifecycle/calendars.ts';
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
  /** Runs of each job: how many find a live token, how many do not. */
  readonly runs: Readonly<Record<string, Runs>>;
};

export type Runs = { readonly live: number; readonly expired: number };

/** @param text `2026-12` @returns `null` when it is no month */
export function readMonth(text: string, jobs: readonly Job[]): Month | null {
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
        return [job.name, countRuns(job, start.toMillis(), end.toMillis(), calendar)];
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

function countRuns(job: Job, from: number, to: number, calendar: Calendar): Runs {
  let live = 0;
  let expired = 0;
  let at = nextRunAt(job, from - 1);
  while (at !== null && at < to) {
    const isLive = timeIn(calendar.zone, at) >= SIGNED_IN_AT;
    if (isLive && calendar.dayOf(at).isTradingDay) live += 1;
    else expired += 1;
    at = nextRunAt(job, at);
  }
  return { live, expired };
}
