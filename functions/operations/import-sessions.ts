/**
 * Brings a backup's tokens and records back, session by session, and never over anything newer.
 *
 * A token comes back as it once came: a version first, then the pointer with its event in one
 * compare-and-set, so that workers hear of it. It counts as unproven until a probe says otherwise.
 * Called by the command line.
 */

import { CadenceError } from '../errors.ts';
import { compareAccounts } from '../lifecycle/account.ts';
import { isOver, type SessionKey, type SessionRecord } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import type { Backup, SessionBackup } from '../storage/backup.ts';
import type { StoredToken } from '../storage/session-store.ts';
import { deliverEvents } from './deliver-events.ts';
import { sessionOf } from './find-session.ts';
import { settleSession } from './settle-session.ts';
import type { ConfiguredSession, System } from './system.ts';
import { updateSession } from './update-record.ts';

export type ImportOutcome = {
  readonly session: SessionKey;
  /**
   * `restored` token and record · `record-only` the token has ended, its generation and account came
   * back · `same` already here · `newer-here` this store has a later token or generation ·
   * `signed-out-here` somebody signed out of this very token · `ended` it has ended, and there is a record
   * here · `foreign-account` · `not-configured` · `failed`
   */
  readonly result:
    | 'restored'
    | 'record-only'
    | 'same'
    | 'newer-here'
    | 'signed-out-here'
    | 'ended'
    | 'foreign-account'
    | 'not-configured'
    | 'failed';
  /** In the backup. */
  readonly generation: number;
  /** In this store, before. */
  readonly generationHere: number | null;
  /** Whether workers were told; `null` where there was nothing to tell. */
  readonly told: boolean | null;
  /** Why it failed, or why workers were not told; holds no secret. */
  readonly problem: string | null;
};

type Result = ImportOutcome['result'];

export async function importSessions(
  system: System,
  backup: Backup,
): Promise<readonly ImportOutcome[]> {
  const outcomes: ImportOutcome[] = [];
  for (const saved of backup.sessions) outcomes.push(await importOne(system, saved));
  return outcomes;
}

async function importOne(system: System, saved: SessionBackup): Promise<ImportOutcome> {
  const generation = generationOf(saved);
  const nothing = { session: saved.session, generation, told: null, problem: null };
  const session = sessionOf(system, saved.session);
  if (session === null) return { ...nothing, result: 'not-configured', generationHere: null };
  try {
    // A token that is stored here and not pointed at yet is newer than it looks.
    await settleSession(system, session, { prune: false });
    const { record } = await system.store.loadFresh(session.key);
    const here = { ...nothing, generationHere: record.generation };
    const { token } = saved;
    const refused = refusalOf(system, session, record, saved);
    if (refused !== null) return { ...here, result: refused };
    if (token === null || isOver(token.hardEndsAt, system.clock())) {
      return { ...here, result: await restoreRecord(system, session, saved) };
    }
    const result = await restoreToken(system, session, saved, token);
    if (result !== 'restored') return { ...here, result };
    const { delivered, problem } = await deliverEvents(system, session);
    return { ...here, result, told: delivered, problem };
  } catch (error) {
    system.log.error('session-not-imported', 'A session could not be restored.', error, {
      session: saved.session,
    });
    const problem = error instanceof CadenceError ? error.message : 'unexpected failure';
    return { ...nothing, result: 'failed', generationHere: null, problem };
  }
}

/** Asked before anything is written and again at the write; `null` when the backup may come in. */
function refusalOf(
  system: System,
  session: ConfiguredSession,
  here: SessionRecord,
  saved: SessionBackup,
): Result | null {
  const { token } = saved;
  const generation = generationOf(saved);
  if (here.generation > generation) return 'newer-here';
  if (here.generation === generation) {
    return here.version === null && token !== null ? 'signed-out-here' : 'same';
  }
  if (token === null || isOver(token.hardEndsAt, system.clock())) {
    return isPristine(here) ? null : 'ended';
  }
  // Counted anew here after a loss: a lower number, yet a later token.
  if (here.version !== null && (here.issuedAt ?? 0) >= token.issuedAt) return 'newer-here';
  const expected = session.account ?? here.account;
  return compareAccounts(expected, token.account ?? []) === 'foreign' ? 'foreign-account' : null;
}

async function restoreToken(
  system: System,
  session: ConfiguredSession,
  saved: SessionBackup,
  token: StoredToken,
): Promise<Result> {
  const version = await system.store.addToken(token);
  const updated = await updateSession<Result>(system, session.key, (record) => {
    const refused = refusalOf(system, session, record, saved);
    if (refused !== null) return { stop: refused };
    const base = isPristine(record)
      ? { ...forgotten(saved.record, session), generation: token.generation - 1 }
      : record;
    return {
      next: transition(
        base,
        {
          ...token,
          type: 'token-stored',
          reason: 'sign-in',
          version,
          id: null,
          proven: false,
          at: system.clock(),
        },
        session.broker.rules,
      ),
    };
  });
  if (updated.ok) return 'restored';
  await system.store.destroyVersion(session.key, version);
  return updated.stopped;
}

/** So that generations go on counting, and the account stays bound. */
async function restoreRecord(
  system: System,
  session: ConfiguredSession,
  saved: SessionBackup,
): Promise<Result> {
  const updated = await updateSession<Result>(system, session.key, (record) => {
    const refused = refusalOf(system, session, record, saved);
    if (refused !== null) return { stop: refused };
    return { next: { ...forgotten(saved.record, session), generation: generationOf(saved) } };
  });
  return updated.ok ? 'record-only' : updated.stopped;
}

/** A saved record without its token and without what was going on when it was saved. */
function forgotten(record: SessionRecord, { broker }: ConfiguredSession): SessionRecord {
  const signedOut = { type: 'signed-out', generation: record.generation, at: 0 } as const;
  return {
    ...transition(record, signedOut, broker.rules),
    pending: null,
    lastSignIn: null,
    lease: null,
    attempts: [],
    workers: {},
    undelivered: [],
    pointerMovedAt: null,
  };
}

function isPristine(record: SessionRecord): boolean {
  return record.generation === 0 && record.version === null;
}

/** A token that is newer than its record was about to be pointed at. */
function generationOf({ record, token }: SessionBackup): number {
  return Math.max(record.generation, token?.generation ?? 0);
}
