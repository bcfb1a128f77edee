/**
 * What the system asks of the channel on which workers report: send one report, collect what has come.
 *
 * At least once, in no particular order; a report that is lost is followed by the next one. Throws
 * `EventError`. Implemented by `pubsub-reports.ts` and `local-reports.ts`.
 */

import type { WorkerHeartbeat } from '../lifecycle/worker-report.ts';

export interface ReportSender {
  /** Bounded in time. */
  send(report: WorkerHeartbeat): Promise<void>;
  close(): Promise<void>;
}

export type CollectedReports = {
  readonly reports: readonly WorkerHeartbeat[];
  /** Messages that are no report of ours; they are acknowledged, too, or they would come for ever. */
  readonly unreadable: number;
  /** To be called once the reports are written down; without it they come again. */
  readonly acknowledge: () => Promise<void>;
};

export interface ReportCollector {
  /**
   * What waits now, in one bounded call; an empty list when nothing does.
   *
   * @param withinMs for a caller with little time: what has not come by then is left for the next one
   */
  collect(withinMs?: number): Promise<CollectedReports>;
}
