/**
 * What a message may say of requests on phones: which are there, and which the broker did not take.
 *
 * Reads the records of sessions that have such requests, no others. Called when a message is sent.
 */

import { canBeAnswered, isAnswered } from '../lifecycle/approval.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { ApprovalFact } from '../notifications/notifier.ts';
import { sessionOf } from './find-session.ts';
import type { System } from './system.ts';

/** @throws StoreError when a record cannot be read */
export async function approvalFacts(
  system: System,
  keys: readonly SessionKey[],
): Promise<ReadonlyMap<SessionKey, ApprovalFact>> {
  const facts = new Map<SessionKey, ApprovalFact>();
  for (const key of keys) {
    const session = sessionOf(system, key);
    if (session?.approval === undefined) continue;
    const { record } = await system.store.load(key);
    const { approval } = record;
    const isCurrent = canBeAnswered(approval, system.clock()) && !isAnswered(record);
    if (approval === null || approval.state === 'asking' || !isCurrent) continue;
    const problem = approval.state === 'failed' ? approval.problem : null;
    facts.set(key, { broker: session.broker.title, problem });
  }
  return facts;
}
