/**
 * What stands on the person's phone, as the sign-in page shows it, and what came of it.
 *
 * Reads the record, nothing else. Called by the sign-in page, again and again while it waits.
 */

import { canBeAnswered, isAnswered, standingOf } from '../lifecycle/approval.ts';
import type { SessionRecord } from '../lifecycle/session.ts';
import type { ConfiguredSession, System } from './system.ts';

export type ApprovalView = {
  /** `none` nothing is on the phone · `asking` on its way · `open` waits for the person · `failed` was not sent. */
  readonly state: 'none' | 'asking' | 'open' | 'failed';
  readonly requestedAt: number | null;
  /** When the person may have it sent (again): now, or later; `null` while it is on its way. */
  readonly againAt: number | null;
  /** The broker's word for why it was not sent. */
  readonly problem: string | null;
  /** The token that came since it was asked for, through the phone or another way. */
  readonly answered: {
    readonly generation: number;
    readonly hardEndsAt: number | null;
    readonly follow: 'told' | 'queued';
  } | null;
};

/** `null` where the session has none. @throws StoreError when the record cannot be read */
export async function readApproval(
  system: System,
  session: ConfiguredSession,
): Promise<ApprovalView | null> {
  if (session.approval === undefined) return null;
  const { record } = await system.store.load(session.key);
  const { approval, generation, hardEndsAt, undelivered } = record;
  const now = system.clock();
  const standing = standingOf(record, 'person', now);
  const follow = undelivered.length === 0 ? 'told' : 'queued';
  return {
    state: stateOf(record, now),
    requestedAt: approval?.requestedAt ?? null,
    againAt: 'againAt' in standing ? standing.againAt : standing.type === 'asking' ? null : now,
    problem: approval?.state === 'failed' ? approval.problem : null,
    answered: isAnswered(record) ? { generation, hardEndsAt, follow } : null,
  };
}

function stateOf(record: SessionRecord, now: number): ApprovalView['state'] {
  const { approval } = record;
  if (approval === null || isAnswered(record) || !canBeAnswered(approval, now)) return 'none';
  if (approval.state !== 'asking') return approval.state;
  return standingOf(record, 'person', now).type === 'asking' ? 'asking' : 'none';
}
