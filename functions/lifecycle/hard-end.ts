/**
 * The moment a token ends for good, whatever is renewed.
 *
 * Pure. A wall-clock end is the next boundary in the broker's zone, never "issued plus N hours": a day
 * there has 23 or 25 hours twice a year. Called when a token is issued or refreshed.
 */

import type { BrokerRules } from './rules.ts';
import { dateIn, dayAfter, momentOf } from './wall-clock.ts';

export type TokenMoments = {
  /** Of the current token, epoch ms. */
  readonly issuedAt: number;
  /** Of the human's step, epoch ms. */
  readonly signedInAt: number;
  /** Whether a refresh has brought a new refresh token. @default false */
  readonly isRotating?: boolean;
};

/**
 * When the token ends: the next wall-clock boundary strictly after it was issued, or the age counted
 * from the sign-in; `null` where nothing but a refusal ends it.
 */
export function hardEndAt(
  rules: Pick<BrokerRules, 'hardEnd'>,
  { issuedAt, signedInAt, isRotating = false }: TokenMoments,
): number | null {
  const end = rules.hardEnd;
  if (end.kind === 'age') return signedInAt + end.ms;
  if (end.kind === 'age-when-rotating') return isRotating ? signedInAt + end.ms : null;
  let date = dateIn(end.zone, issuedAt);
  let boundary = momentOf(end.zone, date, end.time);
  while (boundary <= issuedAt) {
    date = dayAfter(date);
    boundary = momentOf(end.zone, date, end.time);
  }
  return boundary;
}
