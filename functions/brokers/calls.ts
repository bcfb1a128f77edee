/**
 * How adapters make their calls: once, or again while the trouble may pass, with one judge per call.
 *
 * Holds no state and reads no meaning into answers. A request is built for one attempt, by the caller.
 * Never throws. Made by the broker adapters.
 */

import type { BrokerFailure, BrokerOptions } from './broker.ts';
import { unsent } from './judged.ts';
import { pauseBeforeRetry } from './retry.ts';
import { type OutgoingRequest, type Received, sendOnce } from './send.ts';

/** A broker answers within a second or two; a person is waiting. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** A token that is not stored yet must not wait long. */
export const GLANCE_TIMEOUT_MS = 4_000;

/** The connection did not come about: the broker has seen nothing of the request. */
const NEVER_ARRIVED: ReadonlySet<string> = new Set(['econnrefused', 'enotfound', 'eai_again']);

/** `sentAt` is the earliest moment at which the broker can have acted. */
export type Judge<T> = (answer: Received, sentAt: number) => T | BrokerFailure;

type Ok = { readonly ok: true };

export type Caller = {
  /** One attempt, whatever comes: for what may be spent (a code, a PIN). */
  once<T extends Ok>(
    request: OutgoingRequest,
    judge: Judge<T>,
    withinMs?: number,
  ): Promise<T | BrokerFailure>;
  /** Again after a pause while the failure is transient: for what may run twice. */
  again<T extends Ok>(request: OutgoingRequest, judge: Judge<T>): Promise<T | BrokerFailure>;
  /** Again only while the broker cannot have seen the request: for a refresh token that may rotate. */
  againUnlessSeen<T extends Ok>(
    request: OutgoingRequest,
    judge: Judge<T>,
  ): Promise<T | BrokerFailure>;
};

export function createCaller(
  options: Pick<BrokerOptions, 'fetch' | 'clock' | 'random' | 'wait' | 'timeoutMs'>,
): Caller {
  const { fetch, clock, random, wait, timeoutMs = DEFAULT_TIMEOUT_MS } = options;

  async function once<T extends Ok>(
    request: OutgoingRequest,
    judge: Judge<T>,
    withinMs = timeoutMs,
  ): Promise<T | BrokerFailure> {
    const sentAt = clock();
    const answer = await sendOnce(request, { fetch, clock, timeoutMs: withinMs });
    return answer.answered ? judge(answer, sentAt) : unsent('transient', answer.problem);
  }

  async function repeat<T extends Ok>(
    request: OutgoingRequest,
    judge: Judge<T>,
    mayRepeat: (failure: BrokerFailure) => boolean,
  ): Promise<T | BrokerFailure> {
    for (let failures = 1; ; failures += 1) {
      const outcome = await once(request, judge);
      if (outcome.ok || !mayRepeat(outcome)) return outcome;
      const pauseMs = pauseBeforeRetry(outcome, failures, random);
      if (pauseMs === null) return outcome;
      await wait(pauseMs);
    }
  }

  return {
    once,
    again: (request, judge) => repeat(request, judge, () => true),
    againUnlessSeen: (request, judge) =>
      repeat(request, judge, ({ answered, problem }) => !answered && NEVER_ARRIVED.has(problem)),
  };
}
