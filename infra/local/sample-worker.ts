/**
 * A sample trading worker: holds one session through the worker client, makes a signed call now and then, and
 * says what keeps it from working.
 *
 * Only trades: which token it uses and how that is renewed is the client's business. Run by `worker.ts`.
 */

import { DateTime } from 'luxon';
import type { Clock } from '../../functions/clock.ts';
import { WorkerError } from '../../functions/worker/errors.ts';
import type { WorkerSession } from '../../functions/worker/worker-session.ts';
import { createQueue } from './one-at-a-time.ts';
import type { WorkerReport } from './runner/workers.ts';

const MINUTE_MS = 60_000;

/** A trading program that is between trades still looks at its account this often. */
export const CALL_EVERY_MS = 15 * MINUTE_MS;

export type SampleWorkerOptions = {
  readonly broker: Pick<WorkerSession, 'session' | 'worker' | 'fetch' | 'state'>;
  /** What it looks at: its accounts. */
  readonly url: string;
  readonly clock: Clock;
  /** Of the moments in its lines, the same for all workers of a terminal. */
  readonly zone: string;
  readonly report: (report: WorkerReport) => Promise<void>;
  readonly print: (line: string) => void;
};

export type SampleWorker = {
  /** Makes a call where it is time to: a new token, a quarter of an hour, or nothing that works. */
  readonly act: () => Promise<void>;
};

export function createSampleWorker(options: SampleWorkerOptions): SampleWorker {
  const { broker, clock, print } = options;
  const { worker, session } = broker;
  let calledAt = Number.NEGATIVE_INFINITY;
  let calledWith = 0;
  let lastCall: WorkerReport['lastCall'] = null;
  let problem: string | null = null;
  let printed: string | null = null;
  let reported = '';

  async function call(): Promise<void> {
    const at = clock();
    calledAt = at;
    let status: number | null = null;
    let wasAsked = true;
    try {
      const answer = await broker.fetch(options.url);
      await answer.body?.cancel();
      status = answer.status;
      problem = answer.ok ? null : `the broker answered http-${status}`;
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error;
      status = error.status;
      problem = error.message;
      wasAsked = error.code === 'BROKER_UNAVAILABLE' || status !== null;
    }
    calledWith = broker.state.generation;
    if (!wasAsked) return;
    lastCall = { at: new Date(at).toISOString(), status };
    const time = DateTime.fromMillis(at, { zone: options.zone }).toFormat('HH:mm:ss');
    const said = [`generation ${calledWith}`, status ?? 'no answer', time];
    line(...said, ...(problem === null ? [] : [problem]));
    printed = problem;
  }

  function line(...parts: readonly (string | number)[]): void {
    print([worker, session, ...parts].join(' · '));
  }

  async function tell(): Promise<void> {
    if (problem !== null && problem !== printed) line(problem);
    printed = problem;
    const { generation } = broker.state;
    const report: WorkerReport = { name: worker, session, generation, lastCall, problem };
    const text = JSON.stringify(report);
    if (text === reported) return;
    reported = text;
    await options.report(report);
  }

  const oneAfterTheOther = createQueue();
  return {
    act: () =>
      oneAfterTheOther(async () => {
        const { generation, status } = broker.state;
        const isDue = clock() - calledAt >= CALL_EVERY_MS;
        // Without a usable token a call costs nothing and says why.
        if (isDue || generation !== calledWith || status === 'waiting' || status === 'expired') {
          await call();
        }
        await tell();
      }),
  };
}
