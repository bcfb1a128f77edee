/**
 * Makes a real call with a session's token, wakes the token up once if the broker says it is inactive,
 * and writes down what the broker said.
 *
 * A renewal counts only once a probe has proven it. Never signs in, never stores a token. Called by
 * keep-alive and health-check.
 */

import type { BrokerFailure } from '../brokers/broker.ts';
import type { Change } from '../lifecycle/changes.ts';
import type { SessionRecord } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import { readNewestToken, type StoredToken } from '../storage/session-store.ts';
import { refreshSession } from './refresh-session.ts';
import type { ConfiguredSession, System } from './system.ts';
import { tellProof } from './tell-proof.ts';
import { updateSession } from './update-record.ts';

export type ProveResult =
  | { readonly outcome: 'proven'; readonly renewed: boolean; readonly skewMs: number | null }
  /** Another process refreshes the token just now. */
  | { readonly outcome: 'busy' }
  /** Only a sign-in helps now. */
  | { readonly outcome: 'rejected'; readonly problem: string }
  | { readonly outcome: 'failed'; readonly failure: BrokerFailure };

/** @throws StoreError when token or record cannot be read or written */
export async function proveSession(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
  begin: 'probe' | 'renew',
): Promise<ProveResult> {
  const refreshes = session.broker.rules.renewal === 'refresh';
  if (begin === 'renew' && refreshes) return refreshAndProve(system, session, record);
  const result = await proveStored(system, session, record, begin, refreshes);
  if (result.outcome !== 'inactive') return result;
  return refreshAndProve(system, session, (await system.store.load(session.key)).record);
}

/** A refreshed token counts once a probe has proven it; one that is refused at once is refused for good. */
async function refreshAndProve(
  system: System,
  session: ConfiguredSession,
  seen: SessionRecord,
): Promise<ProveResult> {
  const refreshed = await refreshSession(system, session, seen);
  switch (refreshed.outcome) {
    case 'busy':
      return refreshed;
    case 'superseded':
      // Whoever brought it proves it.
      return { outcome: 'proven', renewed: true, skewMs: null };
    case 'rejected':
    case 'failed':
      await tellResult(system, session, refreshed, seen.generation);
      return refreshed;
    case 'refreshed': {
      const { record } = await system.store.load(session.key);
      const result = await proveStored(system, session, record, 'probe', false);
      if (result.outcome === 'inactive') return { outcome: 'rejected', problem: 'refused' };
      return result.outcome === 'proven' ? { ...result, renewed: true } : result;
    }
  }
}

/** @param mayRefresh a refused token is handed back as `inactive` instead of given up */
async function proveStored(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
  begin: 'probe' | 'renew',
  mayRefresh: boolean,
): Promise<ProveResult | Inactive> {
  const stored = await readNewestToken(system.store, session.key, record.version);
  // What the broker says counts for the token that was asked about, which may be newer than the pointer.
  const generation = stored?.token.generation ?? record.generation;
  const changes: Change[] = [];
  let result: ProveResult | Inactive;
  if (stored === null) {
    changes.push({ type: 'unauthorized', generation, at: system.clock(), verdict: 'rejected' });
    result = { outcome: 'rejected', problem: 'token-missing' };
  } else {
    result = await ask(system, session, stored.token, { begin, mayRefresh, generation, changes });
  }
  const updated = await updateSession(system, session.key, (current) => ({
    next: changes.reduce<SessionRecord>(
      (next, change) => transition(next, change, session.broker.rules),
      current,
    ),
  }));
  if (result.outcome === 'inactive') return result;
  logResult(system, session, result);
  // A token that was signed out or replaced meanwhile is nobody's trouble any more.
  const isStill = updated.ok && updated.record.generation === generation;
  if (isStill && updated.record.version !== null) {
    await tellProof(system, session, result, updated.record);
  }
  return result;
}

/** The same for what a refresh came to, which has written it down already. */
async function tellResult(
  system: System,
  session: ConfiguredSession,
  result: ProveResult,
  generation: number,
): Promise<void> {
  logResult(system, session, result);
  const { record } = await system.store.load(session.key);
  const isStill = record.generation === generation && record.version !== null;
  if (isStill) await tellProof(system, session, result, record);
}

/** Refused, and one refresh may help. */
type Inactive = { readonly outcome: 'inactive' };

type Question = {
  readonly begin: 'probe' | 'renew';
  readonly mayRefresh: boolean;
  readonly generation: number;
  /** What the record is to learn of it. */
  readonly changes: Change[];
};

async function ask(
  system: System,
  session: ConfiguredSession,
  token: StoredToken,
  { begin, mayRefresh, generation, changes }: Question,
): Promise<ProveResult | Inactive> {
  const { broker } = session;
  const at = system.clock;
  const failed = (failure: BrokerFailure): ProveResult => {
    if (failure.reason === 'sign-in-needed' || failure.reason === 'renewable') {
      changes.push({ type: 'unauthorized', generation, at: at(), verdict: 'rejected' });
      return { outcome: 'rejected', problem: failure.problem };
    }
    changes.push({ type: 'failed', generation, at: at(), reason: failure.reason });
    return { outcome: 'failed', failure };
  };
  if (begin === 'probe') {
    const probe = await broker.probe(token);
    if (probe.ok) {
      changes.push({
        type: 'probed',
        generation,
        at: at(),
        account: hashed(system, session, probe.accountIds),
      });
      return { outcome: 'proven', renewed: false, skewMs: probe.skewMs };
    }
    const isAwakened = broker.rules.renewal === 'reactivate';
    if (probe.reason !== 'renewable' || !(isAwakened || mayRefresh)) return failed(probe);
    changes.push({ type: 'unauthorized', generation, at: at(), verdict: 'inactive' });
    if (!isAwakened) return { outcome: 'inactive' };
  }
  const renewal = await broker.renew(token);
  if (!renewal.ok) return failed(renewal);
  changes.push({ type: 'renewed', generation, at: at() });
  const proof = await broker.probe(token);
  if (!proof.ok) return failed(proof);
  changes.push({
    type: 'probed',
    generation,
    at: at(),
    account: hashed(system, session, proof.accountIds),
  });
  return { outcome: 'proven', renewed: true, skewMs: proof.skewMs };
}

function hashed(
  system: System,
  session: ConfiguredSession,
  accountIds: readonly string[] | null,
): readonly string[] | null {
  if (accountIds === null) {
    system.log.warn('account-not-checked', 'The token works, but its accounts could not be read.', {
      session: session.key,
    });
    return null;
  }
  return accountIds.length === 0 ? null : accountIds.map(session.hashAccount).sort();
}

function logResult(system: System, session: ConfiguredSession, result: ProveResult): void {
  const log = system.log.with({ session: session.key });
  switch (result.outcome) {
    case 'proven':
      if (result.renewed) log.info('session-renewed', 'An inactive token was renewed and proven.');
      else log.info('session-proven', 'The token works.');
      return;
    case 'busy':
      return;
    case 'rejected':
      log.warn('session-rejected', 'The broker refuses the token: a sign-in is needed.', {
        problem: result.problem,
      });
      return;
    case 'failed':
      log.warn('session-not-proven', 'The broker could not prove the token.', {
        reason: result.failure.reason,
        problem: result.failure.problem,
        status: result.failure.status,
      });
  }
}
