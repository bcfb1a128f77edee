/**
 * A session's record for looking at: the pointer in it is a hint, so a newer token that is stored already
 * counts, whatever an old copy of the record says.
 *
 * For reading alone; such a record is never written. Used by the status and by whoever asks people to sign in.
 */

import { nextKeepAliveAt } from '../lifecycle/decide.ts';
import { RENEWAL_MARGIN_MS } from '../lifecycle/limits.ts';
import { isOver, type SessionRecord, stateOf } from '../lifecycle/session.ts';
import { readNewestToken, type StoredToken } from '../storage/session-store.ts';
import type { ConfiguredSession, System } from './system.ts';

/** A token of a sign-in that is stored, and not in use before the broker has said whose it is. */
export type Unconfirmed = {
  readonly generation: number;
  readonly savedAt: number;
  readonly hardEndsAt: number | null;
};

export type Newest = {
  readonly record: SessionRecord;
  readonly unconfirmed: Unconfirmed | null;
};

/**
 * Whether a saved sign-in still waits for its first check. Until then a person has done their part; a check that
 * came to nothing leaves the session without a token, and people are asked again.
 */
export function awaitsCheck(unconfirmed: Unconfirmed | null, now: number): boolean {
  return unconfirmed !== null && now < nextKeepAliveAt(unconfirmed.savedAt) + RENEWAL_MARGIN_MS;
}

/**
 * @param look `if-needed` only where the record knows of no usable token · `always` one more read each time
 * @throws StoreError when the store does not answer, or the record does not read
 */
export async function newestRecord(
  system: System,
  session: ConfiguredSession,
  look: 'if-needed' | 'always',
): Promise<Newest> {
  const { record } = await system.store.load(session.key);
  const state = stateOf(record, session.broker.rules, system.clock());
  const isUsable = state !== 'none' && state !== 'expired';
  if (isUsable && look === 'if-needed') return { record, unconfirmed: null };
  const { newer, unconfirmed } = await newerTokens(system, session, record, isUsable);
  if (newer === null) return { record, unconfirmed };
  return { record: withToken(record, newer.token, newer.version), unconfirmed: null };
}

type Found = { readonly version: number; readonly token: StoredToken };
type NewerTokens = { readonly newer: Found | null; readonly unconfirmed: Unconfirmed | null };

const NOTHING_NEWER: NewerTokens = { newer: null, unconfirmed: null };

async function newerTokens(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
  isUsable: boolean,
): Promise<NewerTokens> {
  const { version, generation } = record;
  const { store } = system;
  try {
    if (isUsable && version !== null) {
      const next = await store.readToken(session.key, version + 1);
      if (next.status === 'missing') return NOTHING_NEWER;
    }
    const unchecked: StoredToken[] = [];
    const found = await readNewestToken(store, session.key, version, generation, (token) =>
      unchecked.push(token),
    );
    const isNewer = (token: StoredToken): boolean =>
      token.generation > generation && !isOver(token.hardEndsAt, system.clock());
    if (found !== null && isNewer(found.token)) return { newer: found, unconfirmed: null };
    const last = unchecked.filter(isNewer).at(-1);
    return last === undefined ? NOTHING_NEWER : { newer: null, unconfirmed: unconfirmedOf(last) };
  } catch (error) {
    // What the record says is then all there is, and nobody goes without an answer for want of a hint.
    system.log.error('newer-token-not-looked-for', 'Stored tokens could not be read.', error, {
      session: session.key,
    });
    return NOTHING_NEWER;
  }
}

function unconfirmedOf({ generation, issuedAt, hardEndsAt }: StoredToken): Unconfirmed {
  return { generation, savedAt: issuedAt, hardEndsAt };
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
