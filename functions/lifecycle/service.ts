/**
 * What happens to the record of what people were told: notices queued, claimed, sent, forgotten.
 */

import type { Notice, OpenWarning, QueuedNotice, ServiceRecord } from './notices.ts';
import type { SessionKey } from './session.ts';

/** Adds a notice; the same object when its id is known, whatever became of it. */
export function enqueue(
  _record: ServiceRecord,
  _notice: Notice,
  _id: string,
  _at: number,
): ServiceRecord {
  throw new Error('being written');
}

/** Notices that may be claimed at `now`, oldest first. */
export function claimable(_record: ServiceRecord, _now: number): readonly QueuedNotice[] {
  throw new Error('being written');
}

/** The record with the notice claimed for `NOTICE_CLAIM_MS`; `null` when it is not for the taking. */
export function claim(_record: ServiceRecord, _id: string, _now: number): ServiceRecord | null {
  throw new Error('being written');
}

export function markSent(_record: ServiceRecord, _id: string, _at: number): ServiceRecord {
  throw new Error('being written');
}

export function markFailed(
  _record: ServiceRecord,
  _id: string,
  _problem: string,
  _retryAt: number,
): ServiceRecord {
  throw new Error('being written');
}

export function markRefused(
  _record: ServiceRecord,
  _id: string,
  _problem: string,
  _at: number,
): ServiceRecord {
  throw new Error('being written');
}

/** Forgets what was settled long ago; what waits to be sent is never forgotten. */
export function prune(_record: ServiceRecord, _now: number): ServiceRecord {
  throw new Error('being written');
}

/** Queued alerts that a later alert has overtaken are withdrawn, so that an outage ends with one message. */
export function withdrawOvertaken(_record: ServiceRecord): ServiceRecord {
  throw new Error('being written');
}

/** Sessions that the alerts of a market day (`2026-03-09`) have named; alert ids begin with the date. */
export function toldOn(_record: ServiceRecord, _date: string): readonly SessionKey[] {
  throw new Error('being written');
}

export function openWarning(_record: ServiceRecord, _warning: OpenWarning): ServiceRecord {
  throw new Error('being written');
}

/** Closes every warning of the session. */
export function closeWarning(_record: ServiceRecord, _session: SessionKey): ServiceRecord {
  throw new Error('being written');
}
