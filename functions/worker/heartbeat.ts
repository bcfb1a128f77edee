/**
 * Says what this worker uses: every five minutes, at each switch, and once more when it stops.
 *
 * A report that is lost is followed by the next one; nothing here ever fails a worker. Started by
 * `connect.ts`.
 */

import type { Clock, Wait } from '../clock.ts';
import type { ReportSender } from '../events/worker-reports.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { Log } from '../logging/log.ts';
import type { Ledger } from './ledger.ts';

export const REPORT_EVERY_MS = 5 * 60_000;

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
  /** Of the report that was sent last, or is on its way. */
  let saidVersion: number | null | undefined;
  let sending: Promise<void> = Promise.resolve();
  let queued = false;

  async function send(stopped: boolean): Promise<void> {
    const { held, lastUsedAt } = ledger.facts();
    saidVersion = held?.version ?? null;
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
    } catch (error) {
      log.debug('report-not-sent', 'A report was not taken; the next one follows.', {
        problem: error instanceof Error ? error.name : 'unexpected',
      });
    }
  }

  /** Reports on their way are not overtaken; of several that wait one is sent. */
  function report(): void {
    if (queued) return;
    queued = true;
    sending = sending.then(() => {
      queued = false;
      return closing.aborted ? undefined : send(false);
    });
  }

  ledger.onSwitch(() => {
    if (saidVersion !== (ledger.facts().held?.version ?? null)) report();
  });
  report();
  const beating = (async () => {
    while (!closing.aborted) {
      await wait(REPORT_EVERY_MS, closing);
      if (!closing.aborted) report();
    }
  })();

  return {
    async close() {
      await Promise.all([beating, sending]);
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
