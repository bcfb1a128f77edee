/** The job runner on the virtual clock: order, retries, pauses, and time that only goes forward. */

import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createScheduler,
  LONGEST_PLAYED_MS,
  PLAYED_AFTER_SLEEP_MS,
  type Run,
  type Scheduler,
} from '../../../infra/local/runner/scheduler.ts';
import { type Job, parseJobs } from '../../../infra/local/schedule.ts';
import { createVirtualClock, type VirtualClock } from '../../../infra/local/virtual-clock.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';

const MINUTE_MS = 60_000;
const START = Date.parse('2026-03-09T12:10:00Z');

const JOBS = parseJobs(
  JSON.stringify({
    jobs: [
      {
        name: 'alert',
        schedule: '30 8 * * *',
        timeZone: 'America/New_York',
        attemptDeadline: '60s',
        retry: { retryCount: 2, minBackoff: '60s', maxBackoff: '600s', maxDoublings: 3 },
      },
      {
        name: 'keep',
        schedule: '*/15 * * * *',
        timeZone: 'America/New_York',
        attemptDeadline: '60s',
        retry: { retryCount: 5, minBackoff: '300s', maxBackoff: '600s', maxDoublings: 0 },
      },
    ],
  }),
);

let real: number;
let clock: VirtualClock;
let calls: string[];
let statuses: Record<string, (number | null)[]>;
let paused: Set<string>;
let arrivals: string[];
let settled: number;
let seen: Run[];
/** How long a call takes, in real time. */
let tookMs: number;

function timeOf(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

async function call(job: Job, scheduledAt: number, isByHand: boolean) {
  calls.push(
    `${timeOf(clock.now())} ${job.name} for ${timeOf(scheduledAt)}${isByHand ? ' by hand' : ''}`,
  );
  real += tookMs;
  const status = statuses[job.name]?.shift();
  return { status: status === undefined ? 200 : status, answer: null };
}

function create(): Scheduler {
  return createScheduler({
    jobs: JOBS,
    clock,
    call,
    isPaused: (job) => paused.has(job),
    arrive: async () => void arrivals.push(`${timeOf(clock.now())} after ${calls.length} calls`),
    settle: async () => {
      settled += 1;
    },
    onRun: (run) => void seen.push(run),
  });
}

beforeEach(() => {
  real = START;
  clock = createVirtualClock(join(temporaryDirectory(), 'clock.json'), () => real);
  calls = [];
  statuses = {};
  paused = new Set();
  arrivals = [];
  settled = 0;
  seen = [];
  tookMs = 0;
});

describe('a jump', () => {
  it('runs what is due in order, each at its own moment', async () => {
    const moved = await create().moveTo(START + 40 * MINUTE_MS);
    expect(calls).toEqual([
      '12:15:00 keep for 12:15:00',
      '12:30:00 alert for 12:30:00',
      '12:30:00 keep for 12:30:00',
      '12:45:00 keep for 12:45:00',
    ]);
    expect(moved).toMatchObject({ ok: true, now: START + 40 * MINUTE_MS, sleptUntil: null });
  });

  it('runs a job that is due at the very end, and not one a millisecond later', async () => {
    const scheduler = create();
    await scheduler.moveTo(START + 5 * MINUTE_MS - 1);
    expect(calls).toEqual([]);
    await scheduler.moveTo(START + 5 * MINUTE_MS);
    expect(calls).toEqual(['12:15:00 keep for 12:15:00']);
  });

  it('lets real time flow while a call lasts', async () => {
    tookMs = 2_000;
    await create().moveTo(START + 20 * MINUTE_MS);
    expect(calls).toEqual([
      '12:15:00 keep for 12:15:00',
      '12:30:00 alert for 12:30:00',
      '12:30:02 keep for 12:30:00',
    ]);
    expect(clock.now()).toBe(START + 20 * MINUTE_MS + 4_000);
  });

  it('is refused into the past and runs nothing', async () => {
    const scheduler = create();
    const moved = await scheduler.moveTo(START - 1);
    expect(moved).toEqual({ ok: false, reason: 'in-the-past', now: START });
    expect(calls).toEqual([]);
  });

  it('lets workers live until each moment before its jobs run', async () => {
    await create().moveTo(START + 40 * MINUTE_MS);
    expect(arrivals).toEqual([
      '12:15:00 after 0 calls',
      '12:30:00 after 1 calls',
      '12:45:00 after 3 calls',
    ]);
  });

  it('lets things settle before time moves and after every moment', async () => {
    await create().moveTo(START + 40 * MINUTE_MS);
    expect(settled).toBe(1 + 3 + 1);
  });

  it('waits for the jump before it', async () => {
    const gate = Promise.withResolvers<void>();
    const scheduler = createScheduler({
      jobs: JOBS,
      clock,
      call: async (job, scheduledAt, isByHand) => {
        await gate.promise;
        return call(job, scheduledAt, isByHand);
      },
      isPaused: () => false,
      arrive: async () => {},
      settle: async () => {},
      onRun: () => {},
    });
    const first = scheduler.moveTo(START + 5 * MINUTE_MS);
    const second = scheduler.moveTo(START + 20 * MINUTE_MS);
    await new Promise((resolve) => setImmediate(resolve));
    gate.resolve();
    expect(await first).toMatchObject({ now: START + 5 * MINUTE_MS });
    expect(await second).toMatchObject({ now: START + 20 * MINUTE_MS });
    expect(calls[0]).toBe('12:15:00 keep for 12:15:00');
  });

  it('of the longest length is played in full', async () => {
    const moved = await create().moveTo(START + LONGEST_PLAYED_MS);
    const quartersPlayed = LONGEST_PLAYED_MS / (15 * MINUTE_MS);
    expect(calls.filter((line) => line.includes('keep'))).toHaveLength(quartersPlayed);
    expect(moved).toMatchObject({ sleptUntil: null });
  });

  it('beyond that sleeps first and plays its last day', async () => {
    const to = START + 10 * LONGEST_PLAYED_MS;
    const moved = await create().moveTo(to);
    const quartersPlayed = PLAYED_AFTER_SLEEP_MS / (15 * MINUTE_MS);
    expect(calls.filter((line) => line.includes('keep'))).toHaveLength(quartersPlayed);
    expect(moved).toMatchObject({ sleptUntil: to - PLAYED_AFTER_SLEEP_MS, now: to });
  });
});

describe('a failed call', () => {
  it('is tried again after the backoff, naming the time it was scheduled for', async () => {
    statuses['alert'] = [503, null];
    await create().moveTo(START + 30 * MINUTE_MS);
    expect(calls.filter((line) => line.includes('alert'))).toEqual([
      '12:30:00 alert for 12:30:00',
      '12:31:00 alert for 12:30:00',
      '12:33:00 alert for 12:30:00',
    ]);
    expect(seen.filter(({ job }) => job === 'alert').map(({ trigger }) => trigger)).toEqual([
      'schedule',
      'retry',
      'retry',
    ]);
  });

  it('is given up after the last retry', async () => {
    statuses['alert'] = [503, 503, 503, 503];
    await create().moveTo(START + 120 * MINUTE_MS);
    expect(calls.filter((line) => line.includes('alert'))).toHaveLength(3);
  });

  it('is not tried again at or after the next scheduled time', async () => {
    statuses['keep'] = [500, 500, 500, 500];
    await create().moveTo(START + 25 * MINUTE_MS);
    expect(calls.filter((line) => line.includes('keep'))).toEqual([
      '12:15:00 keep for 12:15:00',
      '12:20:00 keep for 12:15:00',
      '12:30:00 keep for 12:30:00',
      '12:35:00 keep for 12:30:00',
    ]);
  });
});

describe('a paused job', () => {
  it('is passed over, and runs again at its next time', async () => {
    const scheduler = create();
    paused.add('keep');
    await scheduler.moveTo(START + 10 * MINUTE_MS);
    expect(calls).toEqual([]);
    expect(seen).toMatchObject([{ job: 'keep', trigger: 'paused', status: null }]);
    paused.clear();
    await scheduler.moveTo(START + 20 * MINUTE_MS);
    expect(calls).toContain('12:30:00 keep for 12:30:00');
  });

  it('still runs when asked to', async () => {
    paused.add('keep');
    await create().run('keep');
    expect(calls).toEqual(['12:10:00 keep for 12:10:00 by hand']);
  });
});

describe('a run by hand', () => {
  it('happens now and leaves the schedule alone', async () => {
    const scheduler = create();
    const run = await scheduler.run('alert');
    expect(run).toMatchObject({ job: 'alert', trigger: 'manual', at: START, status: 200 });
    expect(scheduler.view()[0]).toMatchObject({
      name: 'alert',
      lastRunAt: START,
      lastStatus: 200,
      nextRunAt: Date.parse('2026-03-09T12:30:00Z'),
    });
  });

  it('never overlaps with a run of the same job', async () => {
    let running = 0;
    let most = 0;
    const scheduler = createScheduler({
      jobs: JOBS,
      clock,
      call: async () => {
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        return { status: 200, answer: null };
      },
      isPaused: () => false,
      arrive: async () => {},
      settle: async () => {},
      onRun: () => {},
    });
    await Promise.all([scheduler.run('keep'), scheduler.run('keep'), scheduler.run('keep')]);
    expect(most).toBe(1);
  });

  it('knows when there is no such job', () => {
    expect(create().run('nothing')).toBeNull();
  });
});

describe('real time', () => {
  it('calls what has come due, once for all that a sleeping machine missed', async () => {
    const scheduler = create();
    real += 60 * MINUTE_MS;
    const ran = new Promise<void>((resolve) => {
      const check = setInterval(() => {
        if (calls.length < 2) return;
        clearInterval(check);
        resolve();
      }, 10);
    });
    scheduler.start();
    await ran;
    await scheduler.stop();
    expect(calls.sort()).toEqual(['13:10:00 alert for 12:30:00', '13:10:00 keep for 12:15:00']);
    expect(scheduler.view()[1]?.nextRunAt).toBe(Date.parse('2026-03-09T13:15:00Z'));
  });
});
