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
 * @param sizeOf the record's size as written, in bytes
 * @returns the same object when it fits, `'too-large'` when nothing droppable is left
 */
export function fitRecord(
  record: SessionRecord,
  sizeOf: (record: SessionRecord) => number,
  maxBytes: number,
): SessionRecord | 'too-large' {
  let fitting = record;
  while (sizeOf(fitting) > maxBytes) {
    const smaller = withoutOldest(fitting);
    if (smaller === null) return 'too-large';
    fitting = smaller;
  }
  return fitting;
}

function withoutOldest(record: SessionRecord): SessionRecord | null {
  if (record.history.length > 0) return { ...record, history: record.history.slice(1) };
  const newestFirst = Object.entries(record.workers).sort(([, a], [, b]) => b.at - a.at);
  if (newestFirst.length === 0) return null;
  return { ...record, workers: Object.fromEntries(newestFirst.slice(0, -1)) };
}
