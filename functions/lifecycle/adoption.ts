/**
 * Which workers use the current token, which still use an older one, and which are not there.
 *
 * Pure. One report a process; a worker with several processes lags as soon as one of them does. A worker
 * lags when it was heard of a minute after the new token came and still named an older one: one that
 * stopped, or is silent, is offline. Asked by health-check, status and pages.
 */

import type { MarketDay } from './calendar.ts';
import {
  ADOPTION_GRACE_MS,
  ADOPTION_WARNED_BEFORE_OPEN_MS,
  WORKER_KEPT_MS,
  WORKER_SILENT_AFTER_MS,
} from './limits.ts';
import { isOver, type SessionRecord, type WorkerReport } from './session.ts';
import { dateIn, timeIn } from './wall-clock.ts';

/** `waiting`: no report since the new token came. */
export type WorkerState = 'current' | 'waiting' | 'lagging' | 'offline';

export type AdoptingWorker = {
  readonly name: string;
  readonly state: WorkerState;
  /** The oldest that its running processes use; of the last one heard of when none runs. */
  readonly generation: number;
  /** Its running processes. */
  readonly instances: number;
  readonly lastUsedAt: number | null;
  /** `null` for one that is configured and was never heard of. */
  readonly heardAt: number | null;
};

export type Lagging = {
  readonly worker: string;
  readonly generation: number;
  /** When a newer token came than the one it uses. */
  readonly since: number;
};

export type Adoption = {
  /** The current one. */
  readonly generation: number;
  /** How many workers should use it: those that run, and those that are configured. */
  readonly expected: number;
  /** How many are known to use it. */
  readonly current: number;
  readonly lagging: readonly Lagging[];
  readonly waiting: readonly string[];
  readonly offline: readonly string[];
  /** All of them, by name. */
  readonly workers: readonly AdoptingWorker[];
  /** Until when a worker that has not reported yet is simply waited for. */
  readonly graceEndsAt: number;
};

/** The name under which a record keeps a process's report: neither part has a slash. */
export function reporterKey(worker: string, instance: string): string {
  return `${worker}/${instance}`;
}

/**
 * @param configured names of workers that are expected even if nobody has heard of them
 * @param heardUntil when reports were last collected: silence before that means something
 */
export function adoptionOf(
  record: SessionRecord,
  configured: readonly string[],
  heardUntil: number,
): Adoption {
  const reports = new Map<string, WorkerReport[]>(configured.map((name) => [name, []]));
  for (const [key, report] of Object.entries(record.workers)) {
    if (heardUntil - report.at > WORKER_KEPT_MS) continue;
    const name = workerOf(key);
    reports.set(name, [...(reports.get(name) ?? []), report]);
  }
  const workers = [...reports]
    .map(([name, own]) => workerFrom(record, name, own, heardUntil))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const named = (state: WorkerState) => workers.filter((worker) => worker.state === state);
  return {
    generation: record.generation,
    expected: workers.filter(({ name, state }) => state !== 'offline' || configured.includes(name))
      .length,
    current: named('current').length,
    lagging: named('lagging').map(({ name, generation }) => ({
      worker: name,
      generation,
      since: supersededAt(record, generation),
    })),
    waiting: named('waiting').map(({ name }) => name),
    offline: named('offline').map(({ name }) => name),
    workers,
    graceEndsAt: (record.pointerMovedAt ?? record.issuedAt ?? 0) + ADOPTION_GRACE_MS,
  };
}

/**
 * "3 of 4 workers on token #17, orb-bot still on #16 since 09:02", and right after a switch "Waiting for 2 workers
 * (orb-bot, scalper)"; `null` when there is no worker, or no token to be used.
 */
export function adoptionText(adoption: Adoption, zone: string, now: number): string | null {
  const { generation, expected, current, lagging, waiting, offline, graceEndsAt } = adoption;
  if (generation === 0 || adoption.workers.length === 0) return null;
  const isAwaited = waiting.length > 0 && now < graceEndsAt;
  const awaited = `waiting for ${counted(waiting.length)} (${waiting.join(', ')})`;
  const using = `${current} of ${counted(expected)} on token #${generation}`;
  const parts = [
    ...(isAwaited && current === 0 ? [`W${awaited.slice(1)}`] : [using]),
    ...(isAwaited && current > 0 ? [awaited] : []),
    ...lagging.map(({ worker, generation: used, since }) => {
      const what = used === 0 ? 'still without a token' : `still on #${used}`;
      return `${worker} ${what} since ${momentText(since, zone, now)}`;
    }),
    ...(isAwaited ? [] : waiting.map((name) => `no report from ${name} yet`)),
    ...offline.map((name) => `${name} offline`),
  ];
  return parts.join(', ');
}

function counted(workers: number): string {
  return workers === 1 ? '1 worker' : `${workers} workers`;
}

/** Whether people are to be told of who lags: from shortly before the open until the close. */
export function isAdoptionUrgent(
  { opensAt, closesAt }: Pick<MarketDay, 'opensAt' | 'closesAt'>,
  now: number,
): boolean {
  return (
    opensAt !== null && now >= opensAt - ADOPTION_WARNED_BEFORE_OPEN_MS && !isOver(closesAt, now)
  );
}

/** Whether a process of the worker that has not said goodbye uses an older token, as far as is known. */
export function isBehind(record: SessionRecord, worker: string): boolean {
  return Object.entries(record.workers).some(
    ([key, report]) =>
      workerOf(key) === worker && !report.stopped && report.generation < record.generation,
  );
}

/**
 * The reports that are worth keeping: none older than a day, and of a worker's processes that are offline
 * only the last one heard of, if no other runs. So a worker that restarts all day fills no record.
 */
export function keptReports(
  reports: SessionRecord['workers'],
  now: number,
): SessionRecord['workers'] {
  const newestFirst = Object.entries(reports)
    .filter(([, report]) => now - report.at <= WORKER_KEPT_MS)
    .sort(([, a], [, b]) => b.at - a.at);
  const running = new Set(
    newestFirst.filter(([, report]) => isRunning(report, now)).map(([key]) => workerOf(key)),
  );
  const kept = new Set<string>();
  for (const [key, report] of newestFirst) {
    const worker = workerOf(key);
    if (isRunning(report, now)) kept.add(key);
    else if (!running.has(worker)) {
      running.add(worker);
      kept.add(key);
    }
  }
  return Object.fromEntries(Object.entries(reports).filter(([key]) => kept.has(key)));
}

function workerFrom(
  record: SessionRecord,
  name: string,
  reports: readonly WorkerReport[],
  heardUntil: number,
): AdoptingWorker {
  const running = reports.filter((report) => isRunning(report, heardUntil));
  const states = running.map((report) => stateFrom(record, report));
  const state = (['lagging', 'waiting', 'current'] as const).find((worst) =>
    states.includes(worst),
  );
  const last = reports.toSorted((a, b) => b.at - a.at)[0];
  const used = reports.flatMap(({ lastUsedAt }) => (lastUsedAt === null ? [] : [lastUsedAt]));
  return {
    name,
    state: state ?? 'offline',
    generation:
      running.length === 0
        ? (last?.generation ?? 0)
        : Math.min(...running.map(({ generation }) => generation)),
    instances: running.length,
    lastUsedAt: used.length === 0 ? null : Math.max(...used),
    heardAt: last?.at ?? null,
  };
}

function isRunning({ stopped, at }: WorkerReport, now: number): boolean {
  return !stopped && now - at <= WORKER_SILENT_AFTER_MS;
}

function stateFrom(record: SessionRecord, report: WorkerReport): Exclude<WorkerState, 'offline'> {
  // Signed out: there is nothing to be behind.
  if (record.version === null || report.generation >= record.generation) return 'current';
  const since = supersededAt(record, report.generation);
  return report.at >= since + ADOPTION_GRACE_MS ? 'lagging' : 'waiting';
}

/** When a newer token came than the one of this generation. */
function supersededAt(record: SessionRecord, generation: number): number {
  const next = record.history.find((signIn) => signIn.generation > generation);
  // A worker without any token is not late since the first sign-in ever.
  const cameAt = generation === 0 ? undefined : next?.at;
  return cameAt ?? record.pointerMovedAt ?? record.issuedAt ?? 0;
}

function workerOf(key: string): string {
  return key.split('/', 1)[0] ?? key;
}

function momentText(at: number, zone: string, now: number): string {
  const date = dateIn(zone, at);
  return date === dateIn(zone, now) ? timeIn(zone, at) : `${date} ${timeIn(zone, at)}`;
}
