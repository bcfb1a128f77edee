/**
 * The day as lines: every event of note with its New York time, and one line for each run of calls that
 * found nothing to do.
 *
 * Also counts what the summary tells. Pure but for `print`. Used by `day.ts`.
 */

import { z } from 'zod';
import type { Activity } from './activity.ts';
import { type Narration, narrate } from './narrate.ts';

export type TimelineLine = Narration & { readonly at: number; readonly until: number };

export type DayCounts = {
  jobs: Record<string, number>;
  workerCalls: number;
  renewals: number;
  messages: number;
  events: number;
};

export type Timeline = {
  readonly record: (activity: Activity) => void;
  /** A line of the story itself. */
  readonly say: (at: number, narration: Narration) => void;
  /** Writes what is still held back. */
  readonly flush: () => void;
  readonly counts: Readonly<DayCounts>;
};

type Quiet = { from: number; until: number; calls: Map<string, number> };

const keepAliveAnswer = z.object({ outcomes: z.array(z.object({ action: z.string() })) });

export function createTimeline(print: (line: TimelineLine) => void): Timeline {
  const counts: DayCounts = { jobs: {}, workerCalls: 0, renewals: 0, messages: 0, events: 0 };
  let quiet: Quiet | null = null;
  /** What each worker said last, to tell news from routine. */
  const workerNews = new Map<string, string>();
  const lastCalls = new Map<string, string>();

  function flush(): void {
    if (quiet === null) return;
    const { from, until, calls } = quiet;
    quiet = null;
    const text = [...calls].map(([what, times]) => `${times} × ${what}`).join(', ');
    print({ at: from, until, symbol: '·', text, tone: 'quiet' });
  }

  function say(at: number, narration: Narration): void {
    flush();
    print({ at, until: at, ...narration });
  }

  function hold(at: number, what: string): void {
    quiet ??= { from: at, until: at, calls: new Map() };
    quiet.until = at;
    quiet.calls.set(what, (quiet.calls.get(what) ?? 0) + 1);
  }

  function count(activity: Activity): void {
    if (activity.kind === 'message') counts.messages += 1;
    if (activity.kind === 'event') counts.events += 1;
    if (activity.kind !== 'job') return;
    const { job, answer, trigger } = activity.run;
    if (trigger === 'paused' || trigger === 'manual') return;
    counts.jobs[job] = (counts.jobs[job] ?? 0) + 1;
    const outcomes = keepAliveAnswer.safeParse(answer);
    if (job === 'keep-alive' && outcomes.success) {
      counts.renewals += outcomes.data.outcomes.filter(({ action }) => action === 'renewed').length;
    }
  }

  return {
    counts,
    say,
    flush,
    record(activity) {
      count(activity);
      if (activity.kind === 'worker') {
        const { report } = activity;
        const who = `${report.name} ${report.session}`;
        if (report.lastCall !== null && report.lastCall.at !== lastCalls.get(who)) {
          counts.workerCalls += 1;
          lastCalls.set(who, report.lastCall.at);
        }
        const news = `${report.generation} ${report.lastCall?.status} ${report.problem}`;
        if (news === workerNews.get(who)) return hold(activity.at, 'signed calls of the workers');
        workerNews.set(who, news);
      }
      if (activity.kind === 'faults') return;
      const narration = narrate(activity);
      if (activity.kind === 'job' && (narration === null || activity.run.trigger === 'paused')) {
        const { job, trigger } = activity.run;
        if (trigger === 'manual') return;
        return hold(activity.at, trigger === 'paused' ? `${job} (paused)` : job);
      }
      if (narration !== null) say(activity.at, narration);
    },
  };
}
