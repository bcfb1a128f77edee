/**
 * A calendar month in New York: its trading days, and every run that `scheduler.yaml` makes in it.
 *
 * Reads no clock: the month is named. Used by `usage.ts`.
 */

import { DateTime } from 'luxon';
import { createNyseCalendar } from '../../functions/lifecycle/nyse-calendar.ts';
import { type Job, nextRunAt } from '../local/schedule.ts';
import { SIGNED_IN_AT } from './assumptions.ts';

const ZONE = 'America/New_York';

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
  const nyse = createNyseCalendar();
  const isTradingDay = (day: number): boolean =>
    nyse.dayOf(start.plus({ days: day }).set({ hour: 12 }).toMillis()).isTradingDay;
  return {
    title: start.toFormat('LLLL yyyy'),
    days,
    hours: end.diff(start, 'hours').hours,
    tradingDays: Array.from({ length: days }, (_, day) => day).filter(isTradingDay).length,
    runs: Object.fromEntries(
      jobs.map((job) => [job.name, countRuns(job, start.toMillis(), end.toMillis())]),
    ),
  };
}

function countRuns(job: Job, from: number, to: number): Runs {
  const nyse = createNyseCalendar();
  let live = 0;
  let expired = 0;
  let at = nextRunAt(job, from - 1);
  while (at !== null && at < to) {
    const time = DateTime.fromMillis(at, { zone: ZONE }).toFormat('HH:mm');
    if (nyse.dayOf(at).isTradingDay && time >= SIGNED_IN_AT) live += 1;
    else expired += 1;
    at = nextRunAt(job, at);
  }
  return { live, expired };
}
