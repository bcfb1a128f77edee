/**
 * The moment a token ends for good, whatever is renewed.
 *
 * Pure. A wall-clock end is the next boundary in the broker's zone, never "issued plus N hours": a day
 * there has 23 or 25 hours twice a year. Called when a token is issued or refreshed.
 */

import type { BrokerRules } from './rules.ts';
import { dateIn, dayAfter, momentOf } from './wall-clock.ts';

/**
 * When the token ends: the next wall-clock boundary strictly after it was issued, or the age counted
 * from the sign-in.
 *
 * @param moments epoch ms; `signedInAt` is the human's step, `issuedAt` the current token's
 */
export function hardEndAt(
  rules: Pick<BrokerRules, 'hardEnd'>,
  { issuedAt, signedInAt }: { readonly issuedAt: number; readonly signedInAt: number },
): number {
  const end = rules.hardEnd;
  if (end.kind === 'age') return signedInAt + end.ms;
  let date = dateIn(end.zone, issuedAt);
  let boundary = momentOf(end.zone, date, end.time);
  while (boundary <= issuedAt) {
    date = dayAfter(date);
    boundary = momentOf(end.zone, date, end.time);
  }
  return boundary;
}
