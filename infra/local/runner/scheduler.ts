/**
 * Runs the jobs of `scheduler.yaml` on the virtual clock, as Cloud Scheduler would: retries with backoff
 * until the next scheduled time, a job never overlaps itself, a paused job is passed over.
 *
 * Two ways of moving: with real time, where jobs due at one moment are called together; and by jumps,
 * where every due job runs in order with the clock set to its moment. Calls go through `call`.
 */

import { createQueue } from '../one-at-a-time.ts';
import { type Job, nextRunAt, retryBackoffMs } from '../schedule.ts';
import type { VirtualClock } from '../virtual-clock.ts';

const HOUR_MS = 3_600_000;

/** A longer jump is a machine that was switched off: only its last day is played. */
export const LONGEST_PLAYED_MS = 8 * 24 * HOUR_MS;
export const PLAYED_AFTER_SLEEP_MS = 24 * HOUR_MS;

const TICK_MS = 500;

export type JobAnswer = { readonly status: number | null; readonly answer: unknown };

export type Run = {
  readonly job: string;
  /** `paused`: passed over. */
  readonly trigger: 'schedule' | 'retry' | 'manual' | 'paused';
  readonly at: number;
  /** HTTP status; `null` without an answer in time. */
  readonly status: number | null;
  readonly answer: unknown;
};

export type MoveResult =
  | {
      readonly ok: true;
      readonly now: number;
      readonly runs: readonly Run[];
      /** Set after a jump too long to play in full. */
      readonly sleptUntil: number | null;
    }
  | { readonly ok: false; readonly reason: 'in-the-past'; readonly now: number };

export type JobView = {
  readonly name: string;
  readonly schedule: string;
  readonly timeZone: string;
  readonly paused: boolean;
  readonly lastRunAt: number | null;
  readonly lastStatus: number | null;
  readonly nextRunAt: number | null;
};

export type SchedulerOptions = {
  readonly jobs: readonly Job[];
  readonly clock: VirtualClock;
  readonly call: (job: Job, scheduledAt: number, isByHand: boolean) => Promise<JobAnswer>;
  /** By function: a fault of one pauses all its jobs. */
  readonly isPaused: (name: string) => boolean;
  /** At each moment of a jump, before its jobs: workers have lived until then, and said so. */
  readonly arrive: () => Promise<void>;
  /** After each moment of a jump: lets events arrive and workers act before time moves on. */
  readonly settle: () => Promise<void>;
  readonly onRun: (run: Run) => void;
};

export type Scheduler = {
  /** Follows real time from here on. */
  readonly start: () => void;
  /** Resolves when nothing runs any more. */
  readonly stop: () => Promise<void>;
  readonly moveTo: (at: number) => Promise<MoveResult>;
  /** Runs a job now, paused or not; `null` when there is no such job. */
  readonly run: (job: string) => Promise<Run> | null;
  readonly view: () => readonly JobView[];
};

type JobState = {
  readonly job: Job;
  nextAt: number | null;
  retry: { readonly at: number; readonly number: number; readonly scheduledAt: number } | null;
  lastRunAt: number | null;
  lastStatus: number | null;
};

type Due = {
  readonly state: JobState;
  readonly at: number;
  readonly trigger: 'schedule' | 'retry';
};

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { clock, call, isPaused, arrive, settle, onRun } = options;
  const states: readonly JobState[] = options.jobs.map((job) => ({
    job,
    nextAt: nextRunAt(job, clock.now()),
    retry: null,
    lastRunAt: null,
    lastStatus: null,
  }));
  const exclusively = createQueue();
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  /** Due until a moment, earliest first, in the file's order at the same moment. */
  function dueUntil(until: number): readonly Due[] {
    const due: Due[] = [];
    for (const state of states) {
      if (state.retry !== null) due.push({ state, at: state.retry.at, trigger: 'retry' });
      else if (state.nextAt !== null) due.push({ state, at: state.nextAt, trigger: 'schedule' });
    }
    return due.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at);
  }

  async function runDue({ state, at, trigger }: Due): Promise<Run> {
    const retry = state.retry;
    state.retry = null;
    if (trigger === 'schedule') {
      // A machine that slept calls once for all it missed.
      state.nextAt = nextRunAt(state.job, Math.max(at, clock.now()));
    }
    if (isPaused(state.job.function)) {
      const run: Run = { job: state.job.name, trigger: 'paused', at, status: null, answer: null };
      onRun(run);
      return run;
    }
    return attempt(
      state,
      trigger,
      trigger === 'retry' && retry !== null ? retry : { number: 0, scheduledAt: at },
    );
  }

  async function attempt(
    state: JobState,
    trigger: 'schedule' | 'retry' | 'manual',
    tried: { readonly number: number; readonly scheduledAt: number },
  ): Promise<Run> {
    const at = clock.now();
    state.lastRunAt = at;
    const { status, answer } = await call(state.job, tried.scheduledAt, trigger === 'manual');
    state.lastStatus = status;
    const failed = status === null || status < 200 || status > 299;
    if (failed && tried.number < state.job.retry.retryCount) {
      const retryAt = clock.now() + retryBackoffMs(state.job.retry, tried.number);
      if (state.nextAt === null || retryAt < state.nextAt) {
        state.retry = { at: retryAt, number: tried.number + 1, scheduledAt: tried.scheduledAt };
      }
    }
    const run: Run = { job: state.job.name, trigger, at, status, answer };
    onRun(run);
    return run;
  }

  async function move(to: number): Promise<MoveResult> {
    const from = clock.now();
    if (to < from) return { ok: false, reason: 'in-the-past', now: from };
    // What is still on its way belongs to the time before.
    await settle();
    let sleptUntil: number | null = null;
    if (to - from > LONGEST_PLAYED_MS) {
      sleptUntil = to - PLAYED_AFTER_SLEEP_MS;
      clock.moveTo(sleptUntil);
      for (const state of states) {
        state.retry = null;
        state.nextAt = nextRunAt(state.job, sleptUntil);
      }
    }
    const runs: Run[] = [];
    while (!stopped) {
      const moment = dueUntil(to);
      const [first] = moment;
      if (first === undefined) break;
      clock.moveTo(Math.max(first.at, clock.now()));
      await arrive();
      for (const due of moment.filter(({ at }) => at === first.at)) runs.push(await runDue(due));
      await settle();
    }
    clock.moveTo(Math.max(to, clock.now()));
    await settle();
    return { ok: true, now: clock.now(), runs, sleptUntil };
  }

  async function tick(): Promise<void> {
    await exclusively(async () => {
      if (!stopped) await Promise.all(dueUntil(clock.now()).map(runDue));
    });
    if (!stopped) timer = setTimeout(tick, TICK_MS);
  }

  return {
    start() {
      timer = setTimeout(tick, TICK_MS);
    },
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await exclusively(async () => {});
    },
    moveTo: (at) => exclusively(() => move(at)),
    run(name) {
      const state = states.find((candidate) => candidate.job.name === name);
      if (state === undefined) return null;
      return exclusively(async () => {
        const run = await attempt(state, 'manual', { number: 0, scheduledAt: clock.now() });
        await settle();
        return run;
      });
    },
    view: () =>
      states.map(({ job, lastRunAt, lastStatus, nextAt }) => ({
        name: job.name,
        schedule: job.schedule,
        timeZone: job.timeZone,
        paused: isPaused(job.function),
        lastRunAt,
        lastStatus,
        nextRunAt: nextAt,
      })),
  };
}
