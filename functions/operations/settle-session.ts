/**
 * Brings a session's record and its stored versions to agreement after whatever was interrupted.
 *
 * Adopts a version whose writer died before the pointer moved, reports a PIN that was spent with nothing
 * saved, and (when asked to prune) destroys versions that a later token has superseded for an hour. Never
 * destroys the version the record points at. Called by keep-alive and health-check.
 */

import { compareAccounts } from '../lifecycle/account.ts';
import { isAttemptLost } from '../lifecycle/attempts.ts';
import { SUPERSEDED_KEPT_MS } from '../lifecycle/limits.ts';
import {
  isOfEarlierSignIn,
  isOver,
  isRefreshed,
  type SessionRecord,
} from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import type { StoredToken, TokenRead } from '../storage/session-store.ts';
import { type AccountCheck, checkAccount } from './check-account.ts';
import { readVersion } from './read-version.ts';
import { discardToken } from './revoke-token.ts';
import { pointAt, storeToken } from './store-token.ts';
import type { ConfiguredSession, System } from './system.ts';
import { tell, tellSpent } from './tell.ts';
import { updateSession } from './update-record.ts';

export type Settled = {
  /** Generation of a version that was adopted. */
  readonly adopted: number | null;
  /** A version of another broker account was discarded. */
  readonly discarded: boolean;
  /** A PIN was spent and nothing was saved. */
  readonly lost: boolean;
  /** Numbers of the versions destroyed. */
  readonly pruned: readonly number[];
};

/**
 * @param options.reportLost `false` for a person who is at it again: what was lost is no news to them
 * @throws StoreError when the store does not answer
 */
export async function settleSession(
  system: System,
  session: ConfiguredSession,
  options: { readonly prune: boolean; readonly reportLost?: boolean },
): Promise<Settled> {
  const { record } = await system.store.load(session.key);
  const found = await newerTokens(system, session, record);
  let adopted: number | null = null;
  let discarded = false;
  let savedAt: number | null = null;
  for (const { version, token } of found) {
    const adoption = await adopt(system, session, record, token, version);
    if (adoption.type === 'adopted') adopted = adoption.generation;
    if (adoption.type === 'discarded') discarded = true;
    if (adoption.type === 'waiting') savedAt = Math.max(savedAt ?? 0, token.issuedAt);
  }
  const lost =
    options.reportLost !== false &&
    adopted === null &&
    (await endLostAttempt(system, session, savedAt));
  const pruned = options.prune ? await prune(system, session) : [];
  return { adopted, discarded, lost, pruned };
}

type FoundToken = { readonly version: number; readonly token: StoredToken };

/** Live tokens that were stored and never pointed at, the last one issued first. */
async function newerTokens(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
): Promise<readonly FoundToken[]> {
  const { version: pointer, generation, issuedAt } = record;
  const now = system.clock();
  const isNewer = ({ token }: FoundToken): boolean =>
    !isOver(token.hardEndsAt, now) &&
    !isOfEarlierSignIn(record, token) &&
    (token.generation > generation || (issuedAt !== null && token.issuedAt > issuedAt));
  const found: FoundToken[] = [];
  if (pointer === null && generation > 0) {
    // Signed out: there is no pointer to count from, so the list is asked once.
    for (const { version, destroyed } of await system.store.listVersions(session.key)) {
      const read = destroyed ? null : await readVersion(system, session, version);
      if (read?.status === 'found') found.push(read);
    }
  } else {
    for (let version = (pointer ?? 0) + 1; ; version += 1) {
      const read = await readVersion(system, session, version);
      if (read?.status === 'missing') break;
      if (read?.status === 'found') found.push(read);
    }
  }
  return found.filter(isNewer).sort((a, b) => b.token.issuedAt - a.token.issuedAt);
}

type Adoption =
  | { readonly type: 'adopted'; readonly generation: number }
  /** Saved, and to be looked at again: its account could not be checked yet. */
  | { readonly type: 'waiting' }
  | { readonly type: 'discarded' | 'superseded' };

async function adopt(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
  token: StoredToken,
  version: number,
): Promise<Adoption> {
  const log = system.log.with({ session: session.key, version, generation: token.generation });
  const checked = await verify(system, session, record, token);
  if (checked.type === 'foreign') {
    log.warn('sign-in-foreign-account', 'A stored token of another broker account is discarded.');
    await discardForeign(system, session, token, version);
    return { type: 'discarded' };
  }
  if (checked.type === 'refused' || !checked.verified) {
    log.warn('token-not-adopted', 'A stored token could not be checked; the next run tries again.');
    return { type: 'waiting' };
  }
  const { account, proven } = checked;
  const reason = isRefreshed(token) ? 'refreshed' : 'sign-in';
  const fresh = { ...token, account, proven, reason, attempt: null } as const;
  const pointed = await pointAt(system, session, { ...fresh, token, version });
  if (pointed.type === 'foreign') {
    await discardForeign(system, session, token, version);
    return { type: 'discarded' };
  }
  if (pointed.type === 'newer-exists' || pointed.type === 'already-there') {
    return { type: 'superseded' };
  }
  if (pointed.type === 'renumber') {
    // An earlier token has this generation: the later one gets the next, in a version of its own.
    const stored = await storeToken(system, session, {
      ...fresh,
      token,
      generation: pointed.generation,
      accessLifeMs: token.accessExpiresAt - token.issuedAt,
      adoptNow: true,
    });
    if (!stored.ok || !stored.pointed) return { type: 'waiting' };
  }
  log.info('token-adopted', 'A stored token that nobody pointed at is now the current one.');
  return { type: 'adopted', generation: pointed.generation };
}

/** Told before it is gone, so that a crash in between repeats it and says it once. */
async function discardForeign(
  system: System,
  session: ConfiguredSession,
  token: StoredToken,
  version: number,
): Promise<void> {
  const { key, broker } = session;
  await discardToken(session, token);
  const told = await tell(system, [
    {
      id: `${key}/foreign-account/version-${version}`,
      notice: { kind: 'sign-in-needed', session: key, trouble: 'foreign-account' },
    },
  ]);
  if (!told.saved) return;
  await updateSession(system, key, (record) => {
    const { pending } = record;
    if (pending === null || pending.startedAt > token.issuedAt) return { next: record };
    const change = {
      type: 'attempt-failed',
      id: pending.id,
      outcome: 'foreign-account',
      at: system.clock(),
    } as const;
    return { next: transition(record, change, broker.rules) };
  });
  await system.store.destroyVersion(key, version);
}

/** A token stored with its account was checked by its writer; one without is checked now. */
async function verify(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
  token: StoredToken,
): Promise<AccountCheck> {
  if (token.account === null) return checkAccount(system, session, token, record);
  const verdict = compareAccounts(session.account ?? record.account, token.account);
  if (verdict === 'foreign') return { type: 'foreign' };
  return { type: 'accepted', account: token.account, proven: false, verified: true };
}

/**
 * Told before it is written down, so that a crash in between repeats it and says it once.
 *
 * @param savedAt issue of a stored token that waits to be adopted: an attempt that brought it lost nothing
 */
async function endLostAttempt(
  system: System,
  session: ConfiguredSession,
  savedAt: number | null,
): Promise<boolean> {
  const seen = await system.store.load(session.key);
  if (!isAttemptLost(seen.record, system.clock())) return false;
  // An old record would have people told of an attempt that has ended long ago.
  const { record } = await system.store.loadFresh(session.key);
  const { pending } = record;
  if (pending === null || !isAttemptLost(record, system.clock())) return false;
  if (savedAt !== null && savedAt >= pending.startedAt) return false;
  system.log.warn('sign-in-lost', 'A PIN was spent and nothing was saved.', {
    session: session.key,
  });
  if (!(await tellSpent(system, session, pending.id)).saved) return false;
  await updateSession(system, session.key, (current) => ({
    next: transition(current, { type: 'attempt-lost', at: system.clock() }, session.broker.rules),
  }));
  return true;
}

async function prune(system: System, session: ConfiguredSession): Promise<readonly number[]> {
  const { record } = await system.store.load(session.key);
  const { pointerMovedAt } = record;
  if (pointerMovedAt === null) return [];
  const now = system.clock();
  const isLongAgo = (at: number): boolean => now >= at + SUPERSEDED_KEPT_MS;
  // Where tokens are refreshed the pointer moves all the time: then the next version's age counts.
  if (session.broker.rules.renewal !== 'refresh' && !isLongAgo(pointerMovedAt)) return [];
  const pruned: number[] = [];
  const versions = await system.store.listVersions(session.key);
  for (const { version, destroyed } of versions) {
    if (destroyed || version === record.version) continue;
    const next = versions.find((other) => other.version > version);
    if (!isLongAgo(Math.min(pointerMovedAt, next?.createdAt ?? pointerMovedAt))) continue;
    const read = await readVersion(system, session, version);
    const isBehind = record.version !== null && version < record.version;
    if (read === null ? !isBehind : !isSuperseded(read, record)) continue;
    await system.store.destroyVersion(session.key, version);
    pruned.push(version);
  }
  if (pruned.length > 0) {
    system.log.info('versions-destroyed', 'Superseded versions were destroyed.', {
      session: session.key,
      versions: pruned.map(String),
    });
  }
  return pruned;
}

/** The record points at a token issued no earlier, or nobody wants any token up to its generation. */
function isSuperseded(read: TokenRead, record: SessionRecord): boolean {
  if (read.status !== 'found') return false;
  const { issuedAt, generation } = read.token;
  if (isOfEarlierSignIn(record, read.token)) return true;
  return record.issuedAt === null ? generation <= record.generation : issuedAt <= record.issuedAt;
}
