/**
 * Keeps a session's record within the store's limit.
 *
 * Pure: how large a record is when written is the caller's to say. Called before every write.
 */

import type { SessionRecord } from './session.ts';

/**
 * The record with as little dropped as makes it fit: history goes first, oldest first, then workers,
 * longest silent first. Pointer and undelivered events never go.
 *
 * @returns the same object when it fits, `'too-large'` when nothing droppable is left
 */
export function fitRecord(
  _record: SessionRecord,
  _sizeOf: (record: SessionRecord) => number,
  _maxBytes: number,
): SessionRecord | 'too-large' {
  throw new Error('being written');
}
