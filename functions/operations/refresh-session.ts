/**
 * Trades a session's refresh token for a new token: one process at a time, whatever dies halfway.
 *
 * A refresh token may be good once, so the right to spend it is a lease in the record, taken by
 * compare-and-set and fenced by generation. What the broker answers is stored before anything else happens.
 * Never runs without the lease, never waits for a person. Called by `prove-session.ts`.
 */

import type { BrokerFailure, RenewAnswer } from '../brokers/broker.ts';
import { StoreError } from '../errors.ts';
import type { Change } from '../lifecycle/changes.ts';
import { REFRESH_LEASE_MS, REFRESH_NEEDS_MS } from '../lifecycle/limits.ts';
import { isOver, type SessionRecord } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import { readNewestToken, type StoredToken } from '../storage/session-store.ts';
import { deliverEvents } from './deliver-events.ts';
import { mirrorSession } from './mirror-session.ts';
import { settleSession } from './settle-session.ts';
import { storeToken } from './store-token.ts';
import type { ConfiguredSession, System } from './system.ts';
import { updateSession } from './update-record.ts';

export type RefreshResult =
  /** Ours is the current token now. */
  | { readonly outcome: 'refreshed' }
  /** Somebody else's newer token is the current one. */
  | { readonly outcome: 'superseded' }
  /** Somebody else is at it and has not finished. */
  | { readonly outcome: 'busy' }
  /** The broker refuses the refresh token: only a sign-in helps. */
  | { readonly outcome: 'rejected'; readonly problem: string }
  | { readonly outcome: 'failed'; readonly failure: BrokerFailure };

/** How long one that comes second waits for the first, and how often it looks. */
const WAIT_FOR_FIRST_MS = 15_000;
const LOOK_EVERY_MS = 500;

const OWNER_BYTES = 9;

/**
 * @param seen the record whose token is to be replaced
 * @throws StoreError when the store does not answer; then the refresh token is not spent, or its lease stands
 */
export async function refreshSession(
  system: System,
  session: ConfiguredSession,
  seen: SessionRecord,
): Promise<RefreshResult> {
  const owner = Buffer.from(system.random(OWNER_BYTES)).toString('base64url');
  const taken = await takeLease(system, session, seen.generation, owner);
  switch (taken.type) {
    case 'superseded':
      return { outcome: 'superseded' };
    case 'held':
      return awaitFirst(system, session, seen.generation);
    case 'taken':
      return refresh(system, session, taken, owner);
  }
}

type Taken = {
  readonly type: 'taken';
  readonly record: SessionRecord;
  readonly until: number;
  /** The one before never gave it back: it died, and its refresh token may be spent. */
  readonly afterDeath: boolean;
};

async function takeLease(
  system: System,
  session: ConfiguredSession,
  generation: number,
  owner: string,
): Promise<Taken | { readonly type: 'superseded' | 'held' }> {
  let until = 0;
  try {
    const updated = await updateSession<'superseded' | 'held'>(system, session.key, (record) => {
      const at = system.clock();
      if (record.version === null || record.generation !== generation)
        return { stop: 'superseded' };
      if (record.lease !== null && !isOver(record.lease.until, at)) return { stop: 'held' };
      until = at + REFRESH_LEASE_MS;
      const change = { type: 'lease-taken', owner, until, generation, at } as const;
      return { next: transition(record, change, session.broker.rules) };
    });
    if (!updated.ok) return { type: updated.stopped };
    const { record, before } = updated;
    return { type: 'taken', record, until, afterDeath: before.lease?.generation === generation };
  } catch (error) {
    // Where others won every try, one of them has it.
    if (error instanceof StoreError && error.code === 'STORE_CONTENDED') return { type: 'held' };
    throw error;
  }
}

async function refresh(
  system: System,
  session: ConfiguredSession,
  { record, until, afterDeath }: Taken,
  owner: string,
): Promise<RefreshResult> {
  const { broker, key } = session;
  const { generation } = record;
  const log = system.log.with({ session: key, generation });
  const release = (...changes: Change[]): Promise<void> =>
    note(system, session, [...changes, { type: 'lease-released', owner, generation }]);

  // Looked at again under the lease: the one before may have stored its token and died before it said so.
  const stored = await readNewestToken(system.store, key, record.version);
  if (stored === null) {
    await release({ type: 'unauthorized', generation, at: system.clock(), verdict: 'rejected' });
    return { outcome: 'rejected', problem: 'token-missing' };
  }
  const { token } = stored;
  if (token.generation > generation) {
    await settleSession(system, session, { prune: false, reportLost: false });
    await deliverEvents(system, session);
    await release();
    return { outcome: 'superseded' };
  }
  if (afterDeath) {
    log.warn('refresh-interrupted', 'An earlier refresh died halfway: its token may be spent.');
    const probe = await broker.glance(token);
    if (probe.ok)
      await note(system, session, [
        { type: 'probed', generation, account: null, at: system.clock() },
      ]);
  }
  if (until - system.clock() < REFRESH_NEEDS_MS) {
    await release();
    return { outcome: 'busy' };
  }
  const askedAt = system.clock();
  const answer = await broker.renew(token);
  if (!answer.ok) {
    const isRefused = answer.reason === 'sign-in-needed' || answer.reason === 'renewable';
    log.warn('refresh-refused', 'The broker gave no new token.', {
      reason: answer.reason,
      problem: answer.problem,
      status: answer.status,
      answered: answer.answered,
    });
    const at = system.clock();
    if (isRefused) {
      await release({ type: 'unauthorized', generation, at, verdict: 'rejected' });
      return { outcome: 'rejected', problem: answer.problem };
    }
    const { reason } = answer;
    await release({ type: 'failed', generation, at, reason: reason as 'transient' });
    return { outcome: 'failed', failure: answer };
  }
  return save(system, session, record, token, answer, askedAt);
}

/** The lease goes with the pointer: a new generation has nothing left to guard. */
async function save(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
  old: StoredToken,
  answer: Extract<RenewAnswer, { ok: true }>,
  issuedAt: number,
): Promise<RefreshResult> {
  const token = answer.token ?? old;
  const isRotated = token.refreshToken?.reveal() !== old.refreshToken?.reveal();
  const stored = await storeToken(system, session, {
    token,
    generation: record.generation + 1,
    signedInAt: old.signedInAt,
    issuedAt,
    accessLifeMs: answer.accessLifeMs,
    isRotating: isRotated || record.hardEndsAt !== null,
    // Of a sign-in that could not be asked about at first: what was found since holds for what comes of it.
    account: old.account ?? record.account,
    proven: false,
    adoptNow: true,
    reason: 'refreshed',
    attempt: null,
  });
  if (!stored.ok) {
    // The lease stands: whoever comes after it knows that the refresh token may be spent.
    return { outcome: 'failed', failure: NOT_SAVED };
  }
  system.log.info('token-refreshed', 'A refreshed token is stored.', {
    session: session.key,
    generation: stored.generation,
    version: stored.version,
  });
  await Promise.all([deliverEvents(system, session), mirrorSession(system, session)]);
  return { outcome: 'refreshed' };
}

/** What became of the other's refresh, or `busy` when that takes too long. */
async function awaitFirst(
  system: System,
  session: ConfiguredSession,
  generation: number,
): Promise<RefreshResult> {
  const giveUpAt = system.clock() + WAIT_FOR_FIRST_MS;
  while (system.clock() < giveUpAt) {
    await system.wait(LOOK_EVERY_MS);
    const { record } = await system.store.load(session.key);
    if (record.generation !== generation || record.version === null)
      return { outcome: 'superseded' };
    if (record.lease !== null) continue;
    if (record.proof === 'rejected') return { outcome: 'rejected', problem: 'refresh-refused' };
    break;
  }
  return { outcome: 'busy' };
}

async function note(
  system: System,
  session: ConfiguredSession,
  changes: readonly Change[],
): Promise<void> {
  const { rules } = session.broker;
  await updateSession(system, session.key, (record) => ({
    next: changes.reduce<SessionRecord>((next, change) => transition(next, change, rules), record),
  }));
}

const NOT_SAVED: BrokerFailure = {
  ok: false,
  reason: 'transient',
  problem: 'refreshed-not-saved',
  answered: true,
  status: null,
  retryAfterMs: null,
  skewMs: null,
};
