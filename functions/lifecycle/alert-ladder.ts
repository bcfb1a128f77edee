/**
 * The morning's alerts: which are due, and which sessions each one names.
 */

import type { MarketDay } from './calendar.ts';
import type { Stage } from './notices.ts';
import type { SessionKey } from './session.ts';

/** A session as the ladder sees it. */
export type LadderSession = {
  readonly key: SessionKey;
  /** Wall-clock time of its first alert in the market's zone; `null`: an hour before the open. */
  readonly alertAt: string | null;
  readonly required: boolean;
  readonly needsSignIn: boolean;
};

/** The stages of a market day, in order; none on a day without trading. */
export function stagesOf(
  _day: MarketDay,
  _zone: string,
  _alertAtTimes: readonly (string | null)[],
): Stage[] {
  throw new Error('being written');
}

/** The stage that is due at `now`; older ones are overtaken. `null` before the first and from the close on. */
export function dueStage(_stages: readonly Stage[], _now: number): Stage | null {
  throw new Error('being written');
}

/**
 * The sessions that a stage's message names; empty when there is nothing to send.
 *
 * @param facts.told sessions that an alert of this market day has already named (`toldOn` in service.ts)
 */
export function sessionsForStage(
  _stage: Stage,
  _sessions: readonly LadderSession[],
  _facts: { readonly day: MarketDay; readonly zone: string; readonly told: readonly SessionKey[] },
): SessionKey[] {
  throw new Error('being written');
}
