/**
 * Says each trouble of a line of events once, and once that it is up: the first time, too.
 *
 * Never throws, whatever the listener does. Used by both subscriptions of this room.
 */

import type { Log } from '../logging/log.ts';
import type { FollowOptions } from './token-events.ts';

/** @returns takes the trouble (safe to show) or `null` when there is none */
export function troubleTeller(
  { onTrouble }: FollowOptions,
  log: Log,
): (problem: string | null) => void {
  let told: string | null | undefined;
  return (problem) => {
    if (problem === told) return;
    told = problem;
    try {
      onTrouble(problem);
    } catch (error) {
      log.error('event-not-followed', 'News of the line of events could not be followed.', error);
    }
  };
}
