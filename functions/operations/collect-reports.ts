/**
 * Writes down what workers have reported since the last run: which token each uses, and when it last
 * worked, so that keep-alive leaves alone what workers keep alive anyway.
 *
 * Makes no broker call and never fails its caller: a channel that is down is a sentence in the report. Keep-alive,
 * health-check and the page may collect at the same time.
 */

import { CadenceError, StoreError } from '../errors.ts';
import { WORKER_KEPT_MS } from '../lifecycle/limits.ts';
import type { SessionRecord } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import type { WorkerHeartbeat } from '../lifecycle/worker-report.ts';
import { sessionOf } from './find-session.ts';
import type { ConfiguredSession, System } from './system.ts';
import { updateSession } from './update-record.ts';

export type ReportCollection = {
  /** `null` when nothing was collected: nobody asks for it, or it failed. */
  readonly collectedAt: number | null;
  /** Why reports could not be collected or written, safe to show. */
  readonly problem: string | null;
};

/** A page that waits for workers gives their reports this long, and is shown without them after it. */
const PAGE_WAITS_MS = 1_000;
/** Of it, for what the channel has: the rest is for writing it down. */
const PAGE_COLLECTS_MS = 700;

/**
 * Collects for a person who looks at the page, never in the way of showing it. What comes too late is not
 * acknowledged, or written down after all: a report counts once, however often it is read.
 */
export async function collectForPage(system: System): Promise<void> {
  if (system.reports === null) return;
  const done = new AbortController();
  await Promise.race([
    collectReports(system, PAGE_COLLECTS_MS),
    system.wait(PAGE_WAITS_MS, done.signal),
  ]);
  done.abort();
}

/** @param withinMs the channel's share of a caller's patience; without it, its own limit */
export async function collectReports(system: System, withinMs?: number): Promise<ReportCollection> {
  if (system.reports === null) return { collectedAt: null, problem: null };
  try {
    const { reports, unreadable, acknowledge } = await system.reports.collect(withinMs);
    const strangers = reports.filter(({ session }) => sessionOf(system, session) === null);
    if (unreadable > 0 || strangers.length > 0) {
      system.log.warn('reports-skipped', 'Some reports of workers were no use.', {
        unreadable,
        unknownSessions: strangers.length,
      });
    }
    for (const session of system.sessions) {
      const own = reports.filter((report) => report.session === session.key);
      if (own.length > 0) await writeDown(system, session, own);
    }
    await acknowledge();
    return { collectedAt: system.clock(), problem: null };
  } catch (error) {
    system.log.error('reports-not-collected', 'Reports of workers could not be collected.', error);
    // The text of an error that nobody planned for may quote anything.
    const why = error instanceof CadenceError ? error.message : 'unexpected failure';
    return { collectedAt: null, problem: why };
  }
}

/** @throws StoreError when a later run may succeed: then the reports come again */
async function writeDown(
  system: System,
  session: ConfiguredSession,
  reports: readonly WorkerHeartbeat[],
): Promise<void> {
  const now = system.clock();
  try {
    await updateSession(system, session.key, (record) => ({
      next: reports.reduce<SessionRecord>(
        (next, report) => withReport(next, report, session, now),
        record,
      ),
    }));
  } catch (error) {
    // One record that does not read must not hold back the reports of all others for good.
    if (!(error instanceof StoreError) || error.retryable) throw error;
    system.log.error('reports-not-written', 'Reports of workers could not be saved.', error, {
      session: session.key,
    });
  }
}

function withReport(
  record: SessionRecord,
  { worker, instance, generation, lastUsedAt, at, stopped }: WorkerHeartbeat,
  session: ConfiguredSession,
  now: number,
): SessionRecord {
  if (now - at > WORKER_KEPT_MS) return record;
  // From a clock that runs ahead: it must not stand in the way of later reports.
  const heardAt = Math.min(at, now);
  const change = { type: 'worker-reported', worker, instance, generation, lastUsedAt } as const;
  return transition(record, { ...change, stopped, at: heardAt }, session.broker.rules);
}
