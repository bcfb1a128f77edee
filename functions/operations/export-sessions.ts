/**
 * Collects the records and current tokens of all sessions for a backup.
 *
 * Reads only. The result holds bare tokens inside `Secret`s: hand it to the encryption, nowhere else.
 * Called by the command line and by the daily copy.
 */

import { CadenceError } from '../errors.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { Backup, SessionBackup } from '../storage/backup.ts';
import { readNewestToken } from '../storage/session-store.ts';
import { forEachSession } from './for-each-session.ts';
import type { ConfiguredSession, System } from './system.ts';

export type ExportResult = {
  readonly backup: Backup;
  /** Sessions that are not in it, and why; holds no secret. */
  readonly missing: readonly { readonly session: SessionKey; readonly problem: string }[];
};

export async function exportSessions(system: System): Promise<ExportResult> {
  await system.store.prefetch(system.sessions.map(({ key }) => key));
  const done = await forEachSession(system.sessions, (session) => readSession(system, session));
  const sessions: SessionBackup[] = [];
  const missing: { session: SessionKey; problem: string }[] = [];
  for (const item of done) {
    if (item.ok) {
      sessions.push(item.value);
      continue;
    }
    const { key } = item.session;
    system.log.error('session-not-exported', 'A session could not be read.', item.error, {
      session: key,
    });
    const problem = item.error instanceof CadenceError ? item.error.message : 'unexpected failure';
    missing.push({ session: key, problem });
  }
  return { backup: { exportedAt: system.clock(), sessions }, missing };
}

async function readSession(system: System, session: ConfiguredSession): Promise<SessionBackup> {
  const { record } = await system.store.load(session.key);
  const { version, generation } = record;
  const newest = await readNewestToken(system.store, session.key, version, generation);
  return { session: session.key, record, token: newest?.token ?? null };
}
