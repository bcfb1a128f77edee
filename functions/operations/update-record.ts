/**
 * The one way an operation changes a record: read, change, replace, and after a lost compare-and-set
 * read again and decide again.
 *
 * Never writes when the change leaves the record as it is. Used by every operation of this room.
 */

import { StoreError } from '../errors.ts';
import { CONFLICTS_ALLOWED } from '../lifecycle/limits.ts';
import type { ServiceRecord } from '../lifecycle/notices.ts';
import type { SessionKey, SessionRecord } from '../lifecycle/session.ts';
import type { Loaded, Replaced } from '../storage/session-store.ts';
import type { System } from './system.ts';

const PAUSE_AFTER_CONFLICT_MS = 50;

/** The record after the change, or the value that made the change stop. */
export type Updated<R, S> =
  | { readonly ok: true; readonly record: R; readonly before: R }
  | { readonly ok: false; readonly stopped: S };

/** What a change answers: the next record, or a reason to leave everything as it is. */
export type Change<R, S> = (record: R) => { readonly next: R } | { readonly stop: S };

/**
 * Applies `change` to a session's record.
 *
 * @param options.certain a change that stops is asked again with the record as writers see it, if that is
 *   to be had: an old one must not refuse a person
 * @throws StoreError `STORE_CONTENDED` when others won every try, or whatever the store throws
 */
export async function updateSession<S = never>(
  system: System,
  session: SessionKey,
  change: Change<SessionRecord, S>,
  options: { readonly certain?: boolean } = {},
): Promise<Updated<SessionRecord, S>> {
  const { store } = system;
  const name = `session "${session}"`;
  const replace = (tag: string, record: SessionRecord) => store.replace(session, tag, record);
  const updated = await update(system, name, () => store.load(session), replace, change);
  if (updated.ok || options.certain !== true) return updated;
  try {
    return await update(system, name, () => store.loadFresh(session), replace, change);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return updated;
  }
}

/** The same for the record of notices and warnings. */
export async function updateService<S = never>(
  system: System,
  change: Change<ServiceRecord, S>,
): Promise<Updated<ServiceRecord, S>> {
  const { store } = system;
  return update(
    system,
    'the service record',
    () => store.loadService(),
    (tag, record) => store.replaceService(tag, record),
    change,
  );
}

async function update<R, S>(
  system: System,
  name: string,
  load: () => Promise<Loaded<R>>,
  replace: (tag: string, record: R) => Promise<Replaced>,
  change: Change<R, S>,
): Promise<Updated<R, S>> {
  for (let conflicts = 0; conflicts <= CONFLICTS_ALLOWED; conflicts += 1) {
    if (conflicts > 0) await system.wait(pauseAfter(system, conflicts));
    const { record, tag } = await load();
    const answer = change(record);
    if ('stop' in answer) return { ok: false, stopped: answer.stop };
    if (answer.next === record) return { ok: true, record, before: record };
    const replaced = await replace(tag, answer.next);
    if (replaced.ok) return { ok: true, record: answer.next, before: record };
  }
  throw new StoreError(
    `Other writers changed ${name} ${CONFLICTS_ALLOWED + 1} times in a row; the next run tries again.`,
    { code: 'STORE_CONTENDED', retryable: true },
  );
}

/** Grows with each conflict and differs between two callers, so that they do not meet again. */
function pauseAfter(system: System, conflicts: number): number {
  const chance = (system.random(1)[0] ?? 0) / 255;
  return Math.round(PAUSE_AFTER_CONFLICT_MS * 2 ** (conflicts - 1) * (0.5 + chance));
}
