/** The schedule file: its rules, and every job expanded to the moments of whole days. */

import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../functions/lifecycle/calendars.ts';
import {
  DEFAULT_ALERT_BEFORE_OPEN_MS,
  KEEP_ALIVE_EVERY_MS,
  NOTICE_CLAIM_MS,
  NOTICE_RETRY_AFTER_MS,
} from '../../functions/lifecycle/limits.ts';
import { dateIn, momentOf } from '../../functions/lifecycle/wall-clock.ts';
import { FUNCTIONS } from '../../infra/local/runner/gateway.ts';
import {
  type Job,
  jobsForMarkets,
  nextRunAt,
  parseJobs,
  readJobs,
  retryBackoffMs,
} from '../../infra/local/schedule.ts';

const HOUR_MS = 3_600_000;

const jobs = readJobs();

function jobNamed(name: string): Job {
  const job = jobs.find((candidate) => candidate.name === name);
  if (job === undefined) throw new Error(`scheduler.yaml has no job "${name}"`);
  return job;
}

/** Every moment in `[from, until)` at which the job is due. */
function expand(job: Job, from: string, until: string): number[] {
  const moments: number[] = [];
  let next = nextRunAt(job, Date.parse(from) - 1);
  while (next !== null && next < Date.parse(until)) {
    moments.push(next);
    next = nextRunAt(job, next);
  }
  return moments;
}

function newYorkTimes(moments: readonly number[]): string[] {
  return timesIn('America/New_York', moments);
}

function timesIn(timeZone: string, moments: readonly number[]): string[] {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
  });
  return moments.map((at) => format.format(at));
}

function quarters(from: number, until: number): string[] {
  const times: string[] = [];
  for (let minute = from * 60; minute < until * 60; minute += 15) {
    const pad = (value: number) => String(value).padStart(2, '0');
    times.push(`${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`);
  }
  return times;
}

/** 00:00 New York to the next, on an ordinary weekday and on both days on which the clocks change. */
const MONDAY = ['2026-03-09T04:00:00Z', '2026-03-10T04:00:00Z'] as const;
const SPRING_SUNDAY = ['2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z'] as const;
const AUTUMN_SUNDAY = ['2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'] as const;

describe('scheduler.yaml', () => {
  const scheduled = FUNCTIONS.filter((name) => name !== 'pin-exchange').sort();

  it('calls each scheduled function, and no other', () => {
    expect([...new Set(jobs.map((job) => job.function))].sort()).toEqual(scheduled);
  });

  it.each([
    { markets: ['NYSE'], names: ['morning-alert', 'keep-alive', 'health-check'] },
    { markets: ['NSE'], names: ['keep-alive', 'health-check', 'morning-alert-nse'] },
    {
      markets: ['NYSE', 'NSE'],
      names: ['morning-alert', 'keep-alive', 'health-check', 'morning-alert-nse'],
    },
  ] as const)('has for $markets: $names', ({ markets, names }) => {
    expect(jobsForMarkets(jobs, new Set(markets)).map((job) => job.name)).toEqual(names);
  });

  it.each(['NYSE', 'NSE'] as const)('has every function where only %s is traded', (market) => {
    const called = jobsForMarkets(jobs, new Set([market])).map((job) => job.function);
    expect(called.sort()).toEqual(scheduled);
  });

  it.each(jobs.flatMap((job) => (job.market === null ? [] : [{ ...job, market: job.market }])))(
    'reads the times of $name on the clock of its market',
    ({ market, timeZone }) => {
      expect(timeZone).toBe(createCalendars()(market).zone);
    },
  );

  it('calls morning-alert an hour before the open of each market', () => {
    const alerts = jobs.filter((job) => job.function === 'morning-alert');
    expect(alerts.map(({ market }) => market)).toEqual(['NYSE', 'NSE']);
    for (const job of alerts) {
      const at = nextRunAt(job, Date.parse('2026-03-09T01:00:00Z')) ?? 0;
      const { opensAt } = createCalendars()(job.market ?? 'NYSE').dayOf(at);
      expect(at).toBe((opensAt ?? 0) - DEFAULT_ALERT_BEFORE_OPEN_MS);
    }
  });

  it('calls keep-alive every quarter of an hour around the clock', () => {
    expect(newYorkTimes(expand(jobNamed('keep-alive'), ...MONDAY))).toEqual(quarters(0, 24));
  });

  it('calls health-check every quarter of an hour: a session may be in the evening', () => {
    expect(newYorkTimes(expand(jobNamed('health-check'), ...MONDAY))).toEqual(quarters(0, 24));
  });

  it('calls morning-alert at 08:30 only', () => {
    expect(newYorkTimes(expand(jobNamed('morning-alert'), ...MONDAY))).toEqual(['08:30']);
  });

  it.each(jobs)(
    'calls $name on every day of the week: the calendars know which are traded',
    (job) => {
      const from = momentOf(job.timeZone, '2026-03-02', '00:00');
      const until = momentOf(job.timeZone, '2026-03-09', '00:00');
      const moments = expand(job, new Date(from).toISOString(), new Date(until).toISOString());
      const dates = moments.map((moment) => dateIn(job.timeZone, moment));
      expect(new Set(dates).size).toBe(7);
    },
  );

  it.each([
    { day: 'an ordinary day', span: MONDAY, runs: 96 },
    { day: 'the day of 23 hours', span: SPRING_SUNDAY, runs: 92 },
    { day: 'the day of 25 hours', span: AUTUMN_SUNDAY, runs: 100 },
  ] as const)('never lets keep-alive miss a quarter of an hour on $day', ({ span, runs }) => {
    const [from, until] = span;
    const moments = expand(jobNamed('keep-alive'), from, until);
    expect(moments).toHaveLength(runs);
    const gaps = new Set(moments.slice(1).map((at, index) => at - (moments[index] ?? 0)));
    expect([...gaps]).toEqual([KEEP_ALIVE_EVERY_MS]);
  });

  it.each([
    { season: 'winter', from: '2026-03-06T05:00:00Z', utc: '2026-03-06T13:30:00.000Z' },
    { season: 'summer', from: '2026-03-09T04:00:00Z', utc: '2026-03-09T12:30:00.000Z' },
    { season: 'winter again', from: '2026-11-02T05:00:00Z', utc: '2026-11-02T13:30:00.000Z' },
  ])('keeps morning-alert at 08:30 New York in $season', ({ from, utc }) => {
    const next = nextRunAt(jobNamed('morning-alert'), Date.parse(from));
    expect(new Date(next ?? 0).toISOString()).toBe(utc);
  });

  it.each(jobs.map((job) => [job.name, job] as const))(
    'lets the last retry of %s be over before its next run',
    (_name, job) => {
      let total = job.attemptDeadlineMs;
      for (let retry = 0; retry < job.retry.retryCount; retry += 1) {
        total += retryBackoffMs(job.retry, retry) + job.attemptDeadlineMs;
      }
      expect(total).toBeLessThanOrEqual(KEEP_ALIVE_EVERY_MS);
    },
  );

  it.each(jobs.map((job) => [job.name, job] as const))(
    'calls %s again after a claim has lapsed and a failed message may be tried again',
    (_name, job) => {
      let lastRetryMs = 0;
      for (let retry = 0; retry < job.retry.retryCount; retry += 1) {
        lastRetryMs += retryBackoffMs(job.retry, retry);
      }
      // A message is claimed, or has failed, some seconds after the call began.
      const someSeconds = 15_000;
      expect(lastRetryMs).toBeGreaterThan(NOTICE_CLAIM_MS + someSeconds);
      expect(lastRetryMs).toBeGreaterThan(NOTICE_RETRY_AFTER_MS + someSeconds);
    },
  );
});

describe('the reader', () => {
  const valid = {
    name: 'keep-alive',
    schedule: '*/15 * * * *',
    timeZone: 'America/New_York',
    attemptDeadline: '60s',
    retry: { retryCount: 1, minBackoff: '5s', maxBackoff: '10s', maxDoublings: 1 },
  };
  const parse = (...list: unknown[]) => parseJobs(JSON.stringify({ jobs: list }));

  it('reads a valid job', () => {
    expect(parse(valid)).toEqual([
      {
        name: 'keep-alive',
        function: 'keep-alive',
        schedule: '*/15 * * * *',
        timeZone: 'America/New_York',
        attemptDeadlineMs: 60_000,
        retry: { retryCount: 1, minBackoffMs: 5_000, maxBackoffMs: 10_000, maxDoublings: 1 },
        market: null,
      },
    ]);
  });

  it.each([
    { wrong: 'a sixth field', change: { schedule: '0 */15 * * * *' }, says: 'unix-cron' },
    { wrong: 'an hour that does not exist', change: { schedule: '0 25 * * *' }, says: 'unix-cron' },
    { wrong: 'a function that is no name', change: { function: '/' }, says: 'name of a function' },
    { wrong: 'an unknown zone', change: { timeZone: 'New York' }, says: 'IANA' },
    { wrong: 'a deadline below the service’s', change: { attemptDeadline: '14s' }, says: '15s' },
    { wrong: 'a deadline without unit', change: { attemptDeadline: '60' }, says: 'whole seconds' },
    { wrong: 'an unknown market', change: { market: 'LSE' }, says: 'market' },
    { wrong: 'a misspelt setting', change: { timezone: 'UTC' }, says: 'timezone' },
    {
      wrong: 'more retries than the service allows',
      change: { retry: { ...valid.retry, retryCount: 6 } },
      says: 'retryCount',
    },
    {
      wrong: 'backoffs the wrong way round',
      change: { retry: { ...valid.retry, minBackoff: '20s' } },
      says: 'minBackoff exceeds maxBackoff',
    },
  ])('refuses $wrong', ({ change, says }) => {
    expect(() => parse({ ...valid, ...change })).toThrow(says);
  });

  it('reads which function a job calls', () => {
    const [job] = parse({ ...valid, name: 'keep-alive-nse', function: 'keep-alive' });
    expect(job).toMatchObject({ name: 'keep-alive-nse', function: 'keep-alive' });
  });

  it('refuses two jobs of one name', () => {
    expect(() => parse(valid, valid)).toThrow('same name');
  });

  it('skips jobs of markets where no session trades', () => {
    const list = parse(
      valid,
      { ...valid, name: 'a', market: 'NYSE' },
      { ...valid, name: 'b', market: 'NSE' },
    );
    const names = (...markets: ('NYSE' | 'NSE')[]) =>
      jobsForMarkets(list, new Set(markets)).map((job) => job.name);
    expect(names('NYSE')).toEqual(['keep-alive', 'a']);
    expect(names('NSE')).toEqual(['keep-alive', 'b']);
    expect(names()).toEqual(['keep-alive']);
  });
});

describe('retry backoff', () => {
  it('doubles, then grows by the last step, then stays at the maximum', () => {
    const rules = { retryCount: 5, minBackoffMs: 10, maxBackoffMs: 300, maxDoublings: 3 };
    const waits = Array.from({ length: 8 }, (_, retry) => retryBackoffMs(rules, retry));
    expect(waits).toEqual([10, 20, 40, 80, 160, 240, 300, 300]);
  });
});

describe('the next run', () => {
  it('is strictly after the moment asked from', () => {
    const job = jobNamed('keep-alive');
    const due = Date.parse('2026-03-09T12:30:00Z');
    expect(nextRunAt(job, due)).toBe(due + KEEP_ALIVE_EVERY_MS);
    expect(nextRunAt(job, due - 1)).toBe(due);
  });

  it('of a weekday job on Friday evening is on Monday', () => {
    const friday = Date.parse('2026-03-06T22:00:00Z');
    const monday = Date.parse('2026-03-09T12:30:00Z');
    const job = { ...jobNamed('morning-alert'), schedule: '30 8 * * 1-5' };
    expect(nextRunAt(job, friday)).toBe(monday);
    expect(monday - friday).toBeGreaterThan(48 * HOUR_MS);
  });
});
