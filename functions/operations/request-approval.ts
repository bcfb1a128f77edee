/**
 * Has the broker ask the person on their phone: claim, request, and what came of it, all in the record.
 *
 * The claim makes it one request at a time, however many functions and people ask at once. Never sends a
 * request twice by itself. Called by the morning's alert and by the sign-in page.
 */

import type { ApprovalPush } from '../brokers/broker.ts';
import { StoreError } from '../errors.ts';
import { standingOf } from '../lifecycle/approval.ts';
import type { ApprovalChange } from '../lifecycle/changes.ts';
import { hardEndAt } from '../lifecycle/hard-end.ts';
import { type Approval, firstOf } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import type { ConfiguredSession, System } from './system.ts';
import { updateSession } from './update-record.ts';

/** How long one who comes second waits for the first one's answer: the broker's timeout and a write. */
const WAIT_FOR_FIRST_MS = 12_000;
const LOOK_EVERY_MS = 400;

/**
 * The request that stands afterwards: this one, or the one that stood in its way; `null` where the session has
 * none.
 *
 * @param asker the alert asks once, a person may insist after a while
 * @throws StoreError when the claim cannot be written: then nothing was asked
 */
export async function requestApproval(
  system: System,
  session: ConfiguredSession,
  asker: 'alert' | 'person',
): Promise<Approval | null> {
  const { approval: push, key, broker } = session;
  if (push === undefined) return null;
  const requestedAt = system.clock();
  const claimed = await updateSession<Approval | null>(
    system,
    key,
    (record) => {
      const isFree = standingOf(record, asker, requestedAt).type === 'none';
      if (!isFree) return { stop: record.approval };
      const change = { type: 'approval-asking', at: requestedAt } as const;
      return { next: transition(record, change, broker.rules) };
    },
    { certain: true },
  );
  if (claimed.ok) return ask(system, session, push, requestedAt);
  const other = claimed.stopped;
  // The message that follows says what came of it.
  return asker === 'alert' && other?.state === 'asking' ? awaitFirst(system, session) : other;
}

async function ask(
  system: System,
  { key, broker }: ConfiguredSession,
  push: ApprovalPush,
  requestedAt: number,
): Promise<Approval> {
  const log = system.log.with({ session: key });
  const answer = await push.request();
  let approval: Approval;
  let change: ApprovalChange;
  if (answer.ok) {
    // A request that outlives the token it is for would stand in the way of the next day's.
    const latest = hardEndAt(broker.rules, { issuedAt: requestedAt, signedInAt: requestedAt });
    const expiresAt = firstOf(answer.expiresAt, latest) ?? answer.expiresAt;
    log.info('approval-requested', 'The broker asks the person on their phone.', {
      expiresAt: new Date(expiresAt).toISOString(),
    });
    approval = { state: 'open', requestedAt, expiresAt };
    change = { type: 'approval-asked', requestedAt, expiresAt };
  } else {
    const { reason, problem, status, answered } = answer;
    log.warn('approval-not-requested', 'The broker did not take the request for the phone.', {
      reason,
      problem,
      status,
      answered,
    });
    approval = { state: 'failed', requestedAt, problem };
    change = { type: 'approval-failed', requestedAt, problem };
  }
  try {
    await updateSession(system, key, (record) => ({
      next: transition(record, change, broker.rules),
    }));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log.error('approval-not-noted', 'What came of the request was not saved.', error);
  }
  return approval;
}

async function awaitFirst(system: System, { key }: ConfiguredSession): Promise<Approval | null> {
  const giveUpAt = system.clock() + WAIT_FOR_FIRST_MS;
  for (;;) {
    await system.wait(LOOK_EVERY_MS);
    const { approval } = (await system.store.load(key)).record;
    if (approval?.state !== 'asking' || system.clock() >= giveUpAt) return approval;
  }
}
