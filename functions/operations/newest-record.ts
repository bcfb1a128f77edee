/**
 * A session's record for looking at: the pointer in it is a hint, so a newer token that is stored already
 * counts, whatever an old copy of the record says.
 *
 * For reading alone; such a record is never written. Used by the status and by whoever asks people to sign in.
 */

import { isOver, type SessionRecord, stateOf } from '../lifecycle/session.ts';
import { readNewestToken, type StoredToken } from '../storage/session-store.ts';
import type { ConfiguredSession, System } from './system.ts';

/**
 * @param look `if-needed` only where the record knows of no usable token · `always` one more read each time
 * @throws StoreError when the store does not answer, or the record does not read
 */
export async function newestRecord(
  system: System,
  session: ConfiguredSession,
  look: 'if-needed' | 'always',
): Promise<SessionRecord> {
  const { record } = await system.store.load(session.key);
  const state = stateOf(record, session.broker.rules, system.clock());
  const isUsable = state !== 'none' && state !== 'expired';
  if (isUsable && look === 'if-needed') return record;
  const newer = await newerToken(system, session, record, isUsable);
  return newer === null ? record : withToken(record, newer.token, newer.version);
}

async function newerToken(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
  isUsable: boolean,
): Promise<{ readonly version: number; readonly token: StoredToken } | null> {
  const { version, generation } = record;
  const { store } = system;
  try {
    if (isUsable && version !== null) {
      const next = await store.readToken(session.key, version + 1);
      if (next.status === 'missing') return null;
    }
    const found = await readNewestToken(store, session.key, version, generation);
    const isNewer = found !== null && found.token.generation > generation;
    return isNewer && !isOver(found.token.hardEndsAt, system.clock()) ? found : null;
  } catch (error) {
    // What the record says is then all there is, and nobody goes without an answer for want of a hint.
    system.log.error('newer-token-not-looked-for', 'Stored tokens could not be read.', error, {
      session: session.key,
    });
    return null;
  }
}

/** As it will be once the record has caught up; nobody has proven this token to us yet. */
function withToken(record: SessionRecord, token: StoredToken, version: number): SessionRecord {
  const { generation, signedInAt, issuedAt, accessExpiresAt, hardEndsAt } = token;
  return {
    ...record,
    generation,
    version,
    signedInAt,
    issuedAt,
    accessExpiresAt,
    hardEndsAt,
    proof: 'unproven',
    lastUsedAt: null,
  };
}
