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
import type { SessionRecord } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import type { StoredToken } from '../storage/session-store.ts';
import { type AccountCheck, checkAccount } from './check-account.ts';
import { pointAt } from './store-token.ts';
import type { ConfiguredSession, System } from './system.ts';
import { tell, tellSignedIn } from './tell.ts';
import { updateSession } from './update-record.ts';

export type Settled = {
  /** Generation of a version that was adopted. */
  readonly adopted: number | null;
  /** A PIN was spent and nothing was saved. */
  readonly lost: boolean;
  /** Numbers of the versions destroyed. */
  readonly pruned: readonly number[];
};

/** @throws StoreError when the store does not answer */
export async function settleSession(
  system: System,
  session: ConfiguredSession,
  options: { readonly prune: boolean },
): Promise<Settled> {
  const { record } = await system.store.load(session.key);
  const adopted = await adoptNewer(system, session, record);
  const lost = adopted === null && (await reportLost(system, session, record));
  const pruned = options.prune ? await prune(system, session) : [];
  return { adopted, lost, pruned };
}

/** Versions after the pointer that were stored and never pointed at. */
async function adoptNewer(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
): Promise<number | null> {
  let adopted: number | null = null;
  for (const { version, token } of await newerTokens(system, session, record)) {
    if (await adopt(system, session, record, token, version)) adopted = token.generation;
  }
  return adopted;
}

type FoundToken = { readonly version: number; readonly token: StoredToken };

async function newerTokens(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
): Promise<readonly FoundToken[]> {
  const found: FoundToken[] = [];
  const keep = ({ version, token }: FoundToken): void => {
    const live = system.clock() < token.hardEndsAt;
    if (live && token.generation > record.generation) found.push({ version, token });
  };
  if (record.version === null && record.generation > 0) {
    // Signed out: there is no pointer to count from, so the list is asked once.
    for (const { version, destroyed } of await system.store.listVersions(session.key)) {
      const read = destroyed ? null : await system.store.readToken(session.key, version);
      if (read?.status === 'found') keep(read);
    }
    return found;
  }
  for (let version = (record.version ?? 0) + 1; ; version += 1) {
    const read = await system.store.readToken(session.key, version);
    if (read.status === 'missing') return found;
    if (read.status === 'found') keep(read);
  }
}

async function adopt(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
  token: StoredToken,
  version: number,
): Promise<boolean> {
  const log = system.log.with({ session: session.key, version, generation: token.generation });
  const checked = await verify(system, session, record, token);
  if (checked.type === 'foreign') {
    await session.broker.revoke(token);
    await system.store.destroyVersion(session.key, version);
    log.warn('sign-in-foreign-account', 'A stored token of another broker account was discarded.');
    const id = `${session.key}/foreign-account/version-${version}`;
    const notice = {
      kind: 'sign-in-needed',
      session: session.key,
      trouble: 'foreign-account',
    } as const;
    await tell(system, [{ id, notice }]);
    return false;
  }
  if (checked.type === 'refused' || !checked.verified) {
    log.warn(
      'token-not-adopted',
      'A stored token could not be checked yet; the next run tries again.',
    );
    return false;
  }
  const pointed = await pointAt(system, session, {
    token,
    version,
    proven: checked.proven,
    reason: 'sign-in',
    attempt: null,
    account: checked.account,
  });
  if (pointed.type !== 'moved') return false;
  log.info('token-adopted', 'A stored token that nobody pointed at is now the current one.');
  await tellSignedIn(system, session);
  return true;
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

async function reportLost(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
): Promise<boolean> {
  const { pending } = record;
  if (pending === null || !isAttemptLost(record, system.clock())) return false;
  const updated = await updateSession(system, session.key, (current) => ({
    next: transition(current, { type: 'attempt-lost', at: system.clock() }, session.broker.rules),
  }));
  if (!updated.ok || updated.record === updated.before) return false;
  system.log.warn(
    'sign-in-lost',
    'A PIN was spent and nothing was saved: a new sign-in is needed.',
    {
      session: session.key,
    },
  );
  await tell(system, [
    {
      id: `${session.key}/spent/${pending.id}`,
      notice: { kind: 'sign-in-needed', session: session.key, trouble: 'pin-spent-nothing-saved' },
    },
  ]);
  return true;
}

async function prune(system: System, session: ConfiguredSession): Promise<readonly number[]> {
  const { record } = await system.store.load(session.key);
  const { version: current, pointerMovedAt } = record;
  if (pointerMovedAt === null || system.clock() < pointerMovedAt + SUPERSEDED_KEPT_MS) return [];
  const pruned: number[] = [];
  for (const { version, destroyed } of await system.store.listVersions(session.key)) {
    if (destroyed || version === current) continue;
    if (current === null || version > current) {
      // Behind the pointer everything is superseded; after it a version may wait to be adopted.
      const read = await system.store.readToken(session.key, version);
      if (read.status !== 'found' || read.token.generation > record.generation) continue;
    }
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
