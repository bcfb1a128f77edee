/**
 * A wait between attempts that fail for the same cause: until it is over, whoever asks gets the same error.
 *
 * Grows from 5 to 60 seconds; then one attempt is let through. No I/O, no timers. Used by `calls.ts`,
 * `recovery.ts`, `restore.ts` and `line.ts`.
 */

import type { Clock } from '../clock.ts';
import { WorkerError } from './errors.ts';

/**
 * What is wrong: consumer key or secret · a clock · the token, which the broker refuses and nothing has renewed
 * · a recovery · reading the credentials · else the one call, `GET https://…`, that is refused.
 */
export type Cause = 'configuration' | 'clock' | 'token' | 'recovery' | 'credentials' | OneCall;
type OneCall = `${string} ${string}`;

export type Brake = {
  /**
   * Lets one attempt through when the wait is over, and the next once that has passed, or after 5 seconds.
   *
   * @throws WorkerError the same as last time, with `triedAgainAt`
   */
  readonly check: (...causes: readonly Cause[]) => void;
  /** The same, for attempts that another check will count. @throws WorkerError */
  readonly peek: (cause: Cause) => void;
  /** @returns the error to throw, which says when it is tried again */
  readonly failed: (cause: Cause, error: WorkerError) => WorkerError;
  readonly passed: (...causes: readonly Cause[]) => void;
  /** Something new to try everything with. */
  readonly release: () => void;
};

export const FIRST_WAIT_MS = 5_000;
export const LONGEST_WAIT_MS = 60_000;

type Held = {
  readonly error: WorkerError;
  readonly waitMs: number;
  readonly until: number;
  /** An attempt is under way: nobody else tries before. */
  readonly triedUntil: number;
};

export function createBrake(clock: Clock): Brake {
  const held = new Map<Cause, Held>();

  return {
    check(...causes) {
      const now = clock();
      const found = causes.flatMap((cause) => {
        const holding = held.get(cause);
        return holding === undefined ? [] : [{ cause, holding }];
      });
      for (const { holding } of found) {
        const until = Math.max(holding.until, holding.triedUntil);
        if (now < until) throw unsent(holding.error, until);
      }
      for (const { cause, holding } of found) {
        held.set(cause, { ...holding, triedUntil: now + FIRST_WAIT_MS });
      }
    },
    peek(cause) {
      const holding = held.get(cause);
      if (holding !== undefined && clock() < holding.until) {
        throw unsent(holding.error, holding.until);
      }
    },
    failed(cause, error) {
      // Held back already, for a cause that lies deeper.
      if (error.triedAgainAt !== null) return error;
      const now = clock();
      const before = held.get(cause);
      // Sent before anybody knew: no further failure.
      if (before !== undefined && now < before.until) return timed(error, before.until);
      for (const [one, { until }] of held) if (now - until > LONGEST_WAIT_MS) held.delete(one);
      const last = held.get(cause);
      const waitMs =
        last === undefined ? FIRST_WAIT_MS : Math.min(LONGEST_WAIT_MS, last.waitMs * 2);
      const until = now + waitMs;
      held.set(cause, { error, waitMs, until, triedUntil: until });
      return timed(error, until);
    },
    passed(...causes) {
      for (const cause of causes) held.delete(cause);
    },
    release: () => held.clear(),
  };
}

function timed(error: WorkerError, triedAgainAt: number): WorkerError {
  const at = new Date(triedAgainAt).toISOString();
  return new WorkerError(`${error.message}; it is tried again at ${at}`, {
    ...error,
    triedAgainAt,
    cause: error.cause,
  });
}

/** For a call that was not even sent. */
function unsent(error: WorkerError, triedAgainAt: number): WorkerError {
  const again = timed(error, triedAgainAt);
  return new WorkerError(again.message, { ...again, undone: true, cause: error.cause });
}
