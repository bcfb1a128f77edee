/**
 * What a change makes of a session's record: the only place where a record becomes another.
 *
 * Pure: moments come with the change. Never moves a generation backwards and never lets news of an
 * older token touch a newer one. Called by operations between reading a record and replacing it.
 */

import { boundAccounts } from './account.ts';
import { keptReports, reporterKey } from './adoption.ts';
import { isAttemptLost, recentAttempts } from './attempts.ts';
import type { Change, TokenStored } from './changes.ts';
import type { TokenRenewed } from './events.ts';
import { HISTORY_KEPT } from './limits.ts';
import type { BrokerRules } from './rules.ts';
import type { Approval, SessionRecord, WorkerReport } from './session.ts';

type ChangeOf<T extends Change['type']> = Extract<Change, { readonly type: T }>;

/** The record after the change; the same object when the change has nothing to say to it. */
export function transition(
  record: SessionRecord,
  change: Change,
  rules: BrokerRules,
): SessionRecord {
  switch (change.type) {
    case 'attempt-started':
      return {
        ...record,
        attempts: [...recentAttempts(record, change.at), change.at],
        pending: { id: change.id, startedAt: change.at },
      };
    case 'attempt-failed':
      return attemptFailed(record, change);
    case 'attempt-withdrawn':
      return attemptWithdrawn(record, change.id);
    case 'attempt-lost':
      return record.pending !== null && isAttemptLost(record, change.at)
        ? attemptFailed(record, {
            type: 'attempt-failed',
            id: record.pending.id,
            outcome: 'lost',
            at: change.at,
          })
        : record;
    case 'approval-asking':
      return { ...record, approval: { state: 'asking', requestedAt: change.at } };
    case 'approval-asked':
    case 'approval-failed':
      return approvalSettled(record, change);
    case 'token-stored':
      return change.generation > record.generation ? tokenStored(record, change, rules) : record;
    case 'event-delivered':
      return eventDelivered(record, change);
    case 'worker-reported':
      return workerReported(record, change);
    case 'keep-alive-asked':
      return { ...record, keepAliveAskedAt: change.at };
    case 'lease-taken':
      return leaseTaken(record, change);
    case 'lease-released':
      return record.lease?.owner === change.owner && record.lease.generation === change.generation
        ? { ...record, lease: null }
        : record;
    case 'probed':
    case 'unauthorized':
    case 'renewed':
    case 'failed':
    case 'signed-out':
      return isCurrent(record, change.generation) ? statusChanged(record, change) : record;
  }
}

function statusChanged(
  record: SessionRecord,
  change: ChangeOf<'probed' | 'unauthorized' | 'renewed' | 'failed' | 'signed-out'>,
): SessionRecord {
  const { counts } = record;
  switch (change.type) {
    case 'probed':
      return {
        ...record,
        proof: 'proven',
        account: boundAccounts(record.account, change.account),
        lastUsedAt: later(record.lastUsedAt, change.at),
        lastSuccessAt: later(record.lastSuccessAt, change.at),
        counts: { ...counts, failuresInARow: 0 },
      };
    case 'unauthorized':
      return {
        ...record,
        proof: change.verdict,
        counts: { ...counts, unauthorized: counts.unauthorized + 1 },
      };
    case 'renewed':
      return {
        ...record,
        proof: 'unproven',
        lastRenewedAt: later(record.lastRenewedAt, change.at),
        counts: { ...counts, renewals: counts.renewals + 1 },
      };
    case 'failed':
      return change.reason === 'transient'
        ? { ...record, counts: { ...counts, failuresInARow: counts.failuresInARow + 1 } }
        : record;
    case 'signed-out':
      return signedOut(record);
  }
}

function attemptFailed(record: SessionRecord, change: ChangeOf<'attempt-failed'>): SessionRecord {
  const lastSignIn = { id: change.id, outcome: change.outcome, at: change.at };
  if (record.pending?.id !== change.id) return { ...record, lastSignIn };
  return {
    ...record,
    lastSignIn,
    pending: null,
    attempts:
      change.outcome === 'pin-rejected'
        ? record.attempts
        : withoutOne(record.attempts, record.pending.startedAt),
  };
}

function attemptWithdrawn(record: SessionRecord, id: string): SessionRecord {
  if (record.pending?.id !== id) return record;
  const attempts = withoutOne(record.attempts, record.pending.startedAt);
  return { ...record, pending: null, attempts };
}

function approvalSettled(
  record: SessionRecord,
  change: ChangeOf<'approval-asked' | 'approval-failed'>,
): SessionRecord {
  const { requestedAt } = change;
  if (record.approval?.state !== 'asking' || record.approval.requestedAt !== requestedAt) {
    return record;
  }
  const approval: Approval =
    change.type === 'approval-asked'
      ? { state: 'open', requestedAt, expiresAt: change.expiresAt }
      : { state: 'failed', requestedAt, problem: change.problem };
  return { ...record, approval };
}

function tokenStored(
  record: SessionRecord,
  change: TokenStored,
  rules: BrokerRules,
): SessionRecord {
  const event: TokenRenewed = {
    type: 'token-renewed',
    reason: change.reason,
    session: change.session,
    generation: change.generation,
    version: change.version,
    issuedAt: change.issuedAt,
    accessExpiresAt: change.accessExpiresAt,
    hardEndsAt: change.hardEndsAt,
    idleLimitMs: rules.idleLimitMs,
  };
  const pointed: SessionRecord = {
    ...record,
    generation: change.generation,
    version: change.version,
    account: boundAccounts(record.account, change.account),
    signedInAt: change.signedInAt,
    issuedAt: change.issuedAt,
    accessExpiresAt: change.accessExpiresAt,
    hardEndsAt: change.hardEndsAt,
    proof: change.proven ? 'proven' : 'unproven',
    lastUsedAt: change.proven ? change.at : null,
    lastSuccessAt: change.proven ? change.at : record.lastSuccessAt,
    counts: { ...record.counts, failuresInARow: 0 },
    // A lease is for one generation's refresh; with the next token it has nothing left to guard.
    lease: null,
    undelivered: [...record.undelivered.filter(isWorthTelling), event],
    pointerMovedAt: change.at,
  };
  return change.reason === 'sign-in' ? signedIn(pointed, change) : refreshed(pointed, change);
}

/**
 * Whether an event is, that a newer token has overtaken. Workers want the newest alone; a sign-in is news for
 * people, too. Refreshes go on while the event service is away, and the record must not grow with each.
 */
function isWorthTelling({ reason }: TokenRenewed): boolean {
  return reason === 'sign-in';
}

function signedIn(record: SessionRecord, change: TokenStored): SessionRecord {
  const { pending } = record;
  const isOwn =
    pending !== null &&
    // An adopted version does not know its attempt: it came from one that began before its issue.
    (change.id === null ? pending.startedAt <= change.issuedAt : pending.id === change.id);
  const id = change.id ?? (isOwn ? pending.id : `adopted/${change.generation}`);
  return {
    ...record,
    attempts: [],
    pending: isOwn ? null : pending,
    lastSignIn: { id, outcome: 'stored', at: change.at },
    history: [...record.history, { generation: change.generation, at: change.at }].slice(
      -HISTORY_KEPT,
    ),
  };
}

function refreshed(record: SessionRecord, change: TokenStored): SessionRecord {
  return {
    ...record,
    lastRenewedAt: change.at,
    counts: { ...record.counts, renewals: record.counts.renewals + 1 },
  };
}

/** Forgets the token. The generation stays, so that it never comes twice; so does the bound account. */
function signedOut(record: SessionRecord): SessionRecord {
  return {
    ...record,
    version: null,
    signedInAt: null,
    issuedAt: null,
    accessExpiresAt: null,
    hardEndsAt: null,
    proof: 'unproven',
    lastUsedAt: null,
    counts: { ...record.counts, failuresInARow: 0 },
    lease: null,
    // An event that was not sent yet would send workers to a token that is no more.
    undelivered: [],
  };
}

function eventDelivered(record: SessionRecord, change: ChangeOf<'event-delivered'>): SessionRecord {
  const undelivered = record.undelivered.filter((event) => event.generation !== change.generation);
  return undelivered.length === record.undelivered.length ? record : { ...record, undelivered };
}

function workerReported(record: SessionRecord, change: ChangeOf<'worker-reported'>): SessionRecord {
  const { worker, instance, generation, lastUsedAt, at, stopped } = change;
  const key = reporterKey(worker, instance);
  const known = Object.hasOwn(record.workers, key) ? record.workers[key] : undefined;
  if (known !== undefined && known.at > at) return record;
  const report = { generation, lastUsedAt, at, stopped };
  // Reports come at least once: one that is known already is no reason to write.
  if (known !== undefined && isSameReport(known, report)) return record;
  const workers = keptReports({ ...record.workers, [key]: report }, at);
  if (lastUsedAt === null || !isCurrent(record, generation)) return { ...record, workers };
  // A worker whose clock runs ahead must not make an idle token look used in the future.
  return { ...record, workers, lastUsedAt: later(record.lastUsedAt, Math.min(lastUsedAt, at)) };
}

function isSameReport(a: WorkerReport, b: WorkerReport): boolean {
  return (
    a.at === b.at &&
    a.generation === b.generation &&
    a.lastUsedAt === b.lastUsedAt &&
    a.stopped === b.stopped
  );
}

function leaseTaken(record: SessionRecord, change: ChangeOf<'lease-taken'>): SessionRecord {
  const { owner, until, generation, at } = change;
  const heldByOther =
    record.lease !== null && record.lease.owner !== owner && record.lease.until > at;
  if (heldByOther || !isCurrent(record, generation)) return record;
  return { ...record, lease: { owner, until, generation } };
}

function isCurrent(record: SessionRecord, generation: number): boolean {
  return record.version !== null && record.generation === generation;
}

function later(known: number | null, at: number): number {
  return known === null ? at : Math.max(known, at);
}

function withoutOne(moments: readonly number[], moment: number): readonly number[] {
  const index = moments.lastIndexOf(moment);
  return index === -1 ? moments : moments.toSpliced(index, 1);
}
