/**
 * Keeps a connection's token up to date: heeds events, and polls as well, since events can be away.
 *
 * Runs until the connection is closed and never throws. Its pauses keep the process alive, as an open
 * socket does. Started by `connect.ts`.
 */

import type { Clock, Random, Wait } from '../clock.ts';
import type { Following, TokenEvents } from '../events/token-events.ts';
import type { TokenFinder } from './held-token.ts';
import type { Ledger } from './ledger.ts';

export const POLL_EVERY_MS = 60_000;

/** After the store has failed: doubled each time up to the poll's own pace. */
const FIRST_RETRY_MS = 1_000;

/** @returns what closes the subscription; the polling ends with `closing` */
export function startFollowing(options: {
  readonly events: TokenEvents;
  readonly finder: TokenFinder;
  readonly ledger: Ledger;
  /** The end that is noticed when it comes, with nobody calling; `null` when there is none ahead. */
  readonly nextEnd: () => number | null;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly random: Random;
  readonly closing: AbortSignal;
}): Following {
  const { finder, ledger, clock, closing } = options;
  let failures = 0;

  const following = options.events.follow({
    onEvent: (event) => void finder.heard(event),
    onTrouble(problem) {
      ledger.noteEvents(problem);
      // What was said before the line was up was not heard.
      if (problem === null) void finder.look();
    },
  });

  async function poll(): Promise<void> {
    while (!closing.aborted) {
      await options.wait(pauseMs(), closing);
      if (closing.aborted) return;
      ledger.check();
      failures = (await finder.look()) ? 0 : failures + 1;
    }
  }

  function pauseMs(): number {
    if (ledger.facts().storeProblem !== null) {
      const longest = Math.min(POLL_EVERY_MS, FIRST_RETRY_MS * 2 ** failures);
      return Math.round(longest * (0.5 + (options.random(1)[0] ?? 0) / 510));
    }
    const end = options.nextEnd();
    return end === null ? POLL_EVERY_MS : Math.min(POLL_EVERY_MS, Math.max(1, end - clock()));
  }

  void poll();
  // A read that hangs is not waited for: what it brings is no longer heeded.
  return following;
}
