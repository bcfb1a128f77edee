/**
 * Says what this worker uses: every five minutes, at once after each switch, and once more when it stops.
 *
 * A report that was not taken is sent again after some seconds, with what is true then. Never fails a worker.
 */

import type { Clock, Wait } from '../clock.ts';
import type { ReportSender } from '../events/worker-reports.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { Log } from '../logging/log.ts';
import type { Ledger } from './ledger.ts';
import type { HeldToken } from './state.ts';

export const REPORT_EVERY_MS = 5 * 60_000;

/** After a report that was not taken: people wait for the first one after a switch. */
const RETRY_AFTER_MS: readonly number[] = [1_000, 5_000, 20_000];

export type Heartbeat = {
  /** Says goodbye and lets the channel go. Never throws. */
  readonly close: () => Promise<void>;
};

export function startHeartbeat(options: {
  readonly session: SessionKey;
  readonly worker: string;
  readonly instance: string;
  readonly reports: ReportSender;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly log: Log;
  readonly closing: AbortSignal;
}): Heartbeat {
  const { session, worker, instance, reports, ledger, clock, wait, log, closing } = options;
  /** By what it is, not by number: a secret that was made anew counts from 1 again. */
  let reported: HeldToken | null | undefined;
  let failures = 0;
  let pause = new AbortController();

  async function send(stopped: boolean): Promise<void> {
    const { held, lastUsedAt } = ledger.facts();
    const generation = held?.token.generation ?? 0;
    try {
      await reports.send({
        worker,
        instance,
        session,
        generation,
        lastUsedAt,
        at: clock(),
        stopped,
      });
      reported = held;
      failures = 0;
    } catch (error) {
      failures += 1;
      log.debug('report-not-sent', 'A report was not taken; the next one follows.', {
        problem: error instanceof Error ? error.name : 'unexpected',
      });
    }
  }

  const isReported = (): boolean => reported === ledger.facts().held;

  /** One at a time, so that none is overtaken; of several switches meanwhile the last one is reported. */
  const reporting = (async () => {
    while (!closing.aborted) {
      pause = new AbortController();
      await send(false);
      if (failures === 0 && !isReported()) continue;
      const pauseMs = RETRY_AFTER_MS[failures - 1] ?? REPORT_EVERY_MS;
      await wait(pauseMs, AbortSignal.any([closing, pause.signal]));
    }
  })();

  ledger.onSwitch(() => {
    if (isReported()) return;
    failures = 0;
    pause.abort();
  });

  return {
    async close() {
      await reporting;
      await send(true);
      try {
        await reports.close();
      } catch (error) {
        log.warn('reports-not-closed', 'The channel for reports did not close.', {
          problem: error instanceof Error ? error.name : 'unexpected',
        });
      }
    },
  };
}
