/**
 * Waits for a token that works: one that a probe has proven, or that it proves itself.
 *
 * Waits through missing sign-ins and passing trouble; what no waiting helps it throws at once. Made by
 * `connect.ts`.
 */

import type { Clock, Wait } from '../clock.ts';
import { WorkerError } from './errors.ts';
import type { Failures } from './failures.ts';
import type { Ledger } from './ledger.ts';
import type { Recovery } from './recovery.ts';
import { type Rules, signInReason } from './state.ts';
import type { WorkerSession } from './worker-session.ts';

/** Between two proofs that failed for a passing reason. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export function createReady(options: {
  readonly session: string;
  readonly ledger: Ledger;
  readonly recovery: Recovery;
  readonly failures: Failures;
  readonly rules: Rules;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly closing: AbortSignal;
}): WorkerSession['ready'] {
  const { session, ledger, recovery, failures, rules, clock, wait, closing } = options;

  /** What is missing; `null` when nothing is. */
  function missing(): 'token' | 'proof' | null {
    const facts = ledger.facts();
    if (facts.closed) throw failures.closed();
    if (facts.held === null || signInReason(facts, rules, clock()) !== null) return 'token';
    const isOver = clock() >= facts.held.token.accessExpiresAt;
    return facts.provenVersion === facts.held.version && !isOver ? null : 'proof';
  }

  async function untilReady(done: AbortSignal): Promise<void> {
    for (let failed = 0; !done.aborted; ) {
      const lacking = missing();
      if (lacking === null) return;
      const changed = ledger.changed();
      if (lacking === 'token') {
        await changed;
        continue;
      }
      try {
        await recovery.prove();
        failed = 0;
      } catch (error) {
        if (!(error instanceof WorkerError)) throw error;
        if (error.code === 'CONFIGURATION' || error.code === 'CLOCK') throw error;
        if (missing() !== 'proof') continue;
        const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failed);
        failed += 1;
        await wait(pauseMs, AbortSignal.any([closing, done]));
      }
    }
  }

  return async ({ timeoutSeconds, signal } = {}) => {
    signal?.throwIfAborted();
    if (missing() === null) return;
    const done = new AbortController();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const races: Promise<void>[] = [untilReady(done.signal), aborted.promise];
    if (timeoutSeconds !== undefined) {
      races.push(
        wait(timeoutSeconds * 1_000, done.signal).then(() => {
          if (!done.signal.aborted) throw late(timeoutSeconds);
        }),
      );
    }
    for (const race of races) race.catch(() => {});
    try {
      await Promise.race(races);
    } finally {
      done.abort();
      signal?.removeEventListener('abort', onAbort);
    }
  };

  function late(timeoutSeconds: number): WorkerError {
    const facts = ledger.facts();
    const why =
      signInReason(facts, rules, clock()) ??
      (facts.held === null
        ? (facts.storeProblem ?? 'nobody has signed in')
        : (facts.brokerProblem ?? 'no probe has proven the token'));
    return failures.late(`No token of "${session}" was ready within ${timeoutSeconds} s: ${why}`);
  }
}
