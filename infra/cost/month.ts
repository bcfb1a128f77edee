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
  const tradingDays = tradingDaysOf(start, days);
  return {
    title: start.toFormat('LLLL yyyy'),
    days,
    hours: end.diff(start, 'hours').hours,
    tradingDays: tradingDays.size,
    runs: Object.fromEntries(
      jobs.map((job) => [job.name, countRuns(job, start.toMillis(), end.toMillis(), tradingDays)]),
    ),
  };
}

/** Their dates. */
function tradingDaysOf(start: DateTime, days: number): ReadonlySet<string> {
  const nyse = createNyseCalendar();
  const all = Array.from({ length: days }, (_, day) =>
    nyse.dayOf(start.plus({ days: day, hours: 12 }).toMillis()),
  );
  return new Set(all.filter(({ isTradingDay }) => isTradingDay).map(({ date }) => date));
}

function countRuns(job: Job, from: number, to: number, tradingDays: ReadonlySet<string>): Runs {
  let live = 0;
  let expired = 0;
  let at = nextRunAt(job, from - 1);
  while (at !== null && at < to) {
    const local = DateTime.fromMillis(at, { zone: ZONE });
    const isLive = local.toFormat('HH:mm') >= SIGNED_IN_AT;
    if (isLive && tradingDays.has(local.toFormat('yyyy-MM-dd'))) live += 1;
    else expired += 1;
    at = nextRunAt(job, at);
  }
  return { live, expired };
}
