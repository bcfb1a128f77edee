/**
 * Keeps an encrypted copy of all sessions in a second place: one a day, and a fresh one when a new token
 * has come.
 *
 * What is there says whether one is due, so nothing is remembered elsewhere and two runs at once do no
 * harm. Best effort: never throws and never stops a run. Called by keep-alive; health-check and the doctor
 * ask whether it works.
 */

import { CadenceError } from '../errors.ts';
import type { BackupPlace } from '../storage/backup.ts';
import { exportSessions } from './export-sessions.ts';
import { homeCalendar } from './markets.ts';
import type { System } from './system.ts';

/** Where the daily copy goes; `null` where none is wanted. */
export type WithBackups = { readonly backups: BackupPlace | null };

export type BackUpResult =
  | { readonly type: 'saved' | 'up-to-date'; readonly name: string }
  /** Nobody has ever signed in. */
  | { readonly type: 'nothing-to-save' }
  | { readonly type: 'failed'; readonly problem: string };

const DAY_MS = 24 * 60 * 60_000;

/** Copies of this many days stay. */
const DAYS_KEPT = 7;

/** `token-cadence-2026-03-09-000042.backup`: the day, and all sessions' generations together. */
const NAME = /^token-cadence-(\d{4}-\d{2}-\d{2})-(\d{6,})\.backup$/;

export async function backUp(system: System, place: BackupPlace): Promise<BackUpResult> {
  try {
    const name = await dueName(system);
    if (name === null) return { type: 'nothing-to-save' };
    const present = await place.list();
    if (present.includes(name)) return { type: 'up-to-date', name };
    const { backup, missing } = await exportSessions(system);
    const [first] = missing;
    if (first !== undefined) return failed(system, `${first.session}: ${first.problem}`);
    await place.save(name, backup);
    for (const old of superseded([...present, name])) await place.remove(old);
    system.log.info('backup-saved', 'An encrypted copy of all sessions was saved.', { name });
    return { type: 'saved', name };
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
    return failed(system, error.message, error);
  }
}

/** The day of the newest copy, `2026-03-09`; `null` when there is none. */
export function newestBackupDay(names: readonly string[]): string | null {
  const days = names.map((name) => NAME.exec(name)?.[1]).filter((day) => day !== undefined);
  return days.toSorted().at(-1) ?? null;
}

/** What is wrong with the copies that are there, as a part of a sentence; `null` when nothing is. */
export async function backUpProblem(system: System, place: BackupPlace): Promise<string | null> {
  if ((await dueName(system)) === null) return null;
  const day = newestBackupDay(await place.list());
  if (day === null) return 'there is no copy yet';
  const { date } = homeCalendar(system).dayOf(system.clock() - DAY_MS);
  return day < date ? `the last copy is of ${day}` : null;
}

async function dueName(system: System): Promise<string | null> {
  let generations = 0;
  for (const { key } of system.sessions) {
    generations += (await system.store.load(key)).record.generation;
  }
  if (generations === 0) return null;
  const { date } = homeCalendar(system).dayOf(system.clock());
  return `token-cadence-${date}-${String(generations).padStart(6, '0')}.backup`;
}

/** Of each day the last copy stays, of days the last seven. */
function superseded(names: readonly string[]): readonly string[] {
  const ours = names.filter((name) => NAME.test(name)).toSorted();
  const lastOfDay = new Map(ours.map((name) => [NAME.exec(name)?.[1], name]));
  const kept = new Set([...lastOfDay.values()].toSorted().slice(-DAYS_KEPT));
  return ours.filter((name) => !kept.has(name));
}

function failed(system: System, problem: string, error?: unknown): BackUpResult {
  system.log.error(
    'backup-not-saved',
    'No copy of the sessions could be saved; the next run tries again.',
    error ?? problem,
  );
  return { type: 'failed', problem };
}
