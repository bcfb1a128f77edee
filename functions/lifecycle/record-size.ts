/**
 * Keeps a session's record, and the service's, within the store's limit.
 *
 * Pure: how large a record is when written is the caller's to say. Called before every write.
 */

import type { ServiceRecord } from './notices.ts';
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
  if (sizeOf(record) <= maxBytes) return record;
  const newestFirst = Object.entries(record.workers).sort(([, a], [, b]) => b.at - a.at);
  const without = (dropped: number): SessionRecord => {
    const workersKept = newestFirst.length - Math.max(0, dropped - record.history.length);
    const history = record.history.slice(dropped);
    if (workersKept === newestFirst.length) return { ...record, history };
    return { ...record, history, workers: Object.fromEntries(newestFirst.slice(0, workersKept)) };
  };
  // Halving, not one by one: measuring hundreds of workers hundreds of times takes seconds.
  let tooFew = 0;
  let enough = record.history.length + newestFirst.length;
  if (sizeOf(without(enough)) > maxBytes) return 'too-large';
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (sizeOf(without(middle)) <= maxBytes) enough = middle;
    else tooFew = middle;
  }
  return without(enough);
}

/**
 * The service's record with as few told notices dropped as makes it fit, longest settled first, warnings of
 * an end last: one that is forgotten is told again. What waits to be told never goes.
 *
 * @param sizeOf the record's size as written, in bytes
 */
export function fitService(
  record: ServiceRecord,
  sizeOf: (record: ServiceRecord) => number,
  maxBytes: number,
): ServiceRecord | 'too-large' {
  if (sizeOf(record) <= maxBytes) return record;
  const settled = record.notices
    .flatMap(({ id, notice, delivery }) =>
      delivery.state === 'sent' || delivery.state === 'refused'
        ? [{ id, at: delivery.at, isWarning: notice.kind === 'ends-ahead' }]
        : [],
    )
    .sort((a, b) => Number(a.isWarning) - Number(b.isWarning) || a.at - b.at);
  for (let dropped = 1; dropped <= settled.length; dropped += 1) {
    const gone = new Set(settled.slice(0, dropped).map(({ id }) => id));
    const fewer = { ...record, notices: record.notices.filter(({ id }) => !gone.has(id)) };
    if (sizeOf(fewer) <= maxBytes) return fewer;
  }
  return 'too-large';
}
