/**
 * A request that the broker put on the person's phone: whether it may be sent, whether it can still be answered.
 *
 * Pure. One request at a time: each is a prompt that somebody has to look at. Nobody is told of a rejection, so
 * a person may have it sent again after a while; alerts never do. Asked by operations and the sign-in page.
 */

import {
  APPROVAL_AGAIN_AFTER_MS,
  APPROVAL_ANSWERED_WITHIN_MS,
  MANUAL_ACTION_EVERY_MS,
  PENDING_LOST_AFTER_MS,
} from './limits.ts';
import type { Approval, SessionRecord } from './session.ts';

/** What stands in the way of a request; `none`: it may be sent. */
export type Standing =
  | { readonly type: 'none' }
  /** Somebody is at it. */
  | { readonly type: 'asking' }
  /** It waits for the person, or was refused just now. `againAt`: when a person may have it sent again. */
  | { readonly type: 'open' | 'failed'; readonly againAt: number };

/** @param asker the alert asks once, whatever becomes of it; a person may insist */
export function standingOf(
  record: Pick<SessionRecord, 'approval' | 'signedInAt'>,
  asker: 'alert' | 'person',
  now: number,
): Standing {
  const { approval } = record;
  if (approval === null || isAnswered(record)) return { type: 'none' };
  const { requestedAt } = approval;
  switch (approval.state) {
    case 'asking':
      // Whoever asked died before the answer: nobody knows whether there is a prompt.
      return now < requestedAt + PENDING_LOST_AFTER_MS ? { type: 'asking' } : { type: 'none' };
    case 'open': {
      const againAt = requestedAt + APPROVAL_AGAIN_AFTER_MS;
      const isOver = now >= approval.expiresAt || (asker === 'person' && now >= againAt);
      return isOver ? { type: 'none' } : { type: 'open', againAt };
    }
    case 'failed': {
      const againAt = requestedAt + MANUAL_ACTION_EVERY_MS;
      return now >= againAt ? { type: 'none' } : { type: 'failed', againAt };
    }
  }
}

/**
 * Whether a token may come of it yet. A request without an answer may have reached the broker, so it counts for
 * a while.
 */
export function canBeAnswered(approval: Approval | null, now: number): boolean {
  if (approval === null) return false;
  if (approval.state === 'open') return now < approval.expiresAt;
  return now < approval.requestedAt + APPROVAL_ANSWERED_WITHIN_MS;
}

/** Whether somebody has signed in since, in whatever way. */
export function isAnswered({
  approval,
  signedInAt,
}: Pick<SessionRecord, 'approval' | 'signedInAt'>): boolean {
  return approval !== null && signedInAt !== null && signedInAt >= approval.requestedAt;
}
