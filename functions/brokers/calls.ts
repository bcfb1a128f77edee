/**
 * How adapters make their calls: once, or again while the trouble may pass, with one judge per call.
 *
 * Holds no state and reads no meaning into answers. What may go out once only has a connection of its own.
 * Never throws.
 */

import { wasNeverSent } from '../lifecycle/never-sent.ts';
import type { BrokerFailure, BrokerOptions } from './broker.ts';
import { unsent } from './judged.ts';
import { pauseBeforeRetry } from './retry.ts';
import { type OutgoingRequest, type Received, sendOnce } from './send.ts';

/** A broker answers within a second or two; a person is waiting. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** A token that is not stored yet must not wait long. */
export const GLANCE_TIMEOUT_MS = 4_000;

/** A connection is not tried for again after this: what the caller holds meanwhile (a claim) ends. */
const PATIENCE_TO_CONNECT_MS = 6_000;

/** `sentAt` is the earliest moment at which the broker can have acted. */
export type Judge<T> = (answer: Received, sentAt: number) => T | BrokerFailure;

type Ok = { readonly ok: true };

/** A request, or what builds one per attempt: a signature is good for one. */
export type Prepared = OutgoingRequest | ((sentAt: number) => OutgoingRequest | BrokerFailure);

export type Caller = {
  /** One attempt, whatever comes. */
  once<T extends Ok>(
    request: Prepared,
    judge: Judge<T>,
    withinMs?: number,
  ): Promise<T | BrokerFailure>;
  /** Again after a pause while the failure is transient: for what may run twice. */
  again<T extends Ok>(request: Prepared, judge: Judge<T>): Promise<T | BrokerFailure>;
  /** Again only while the broker cannot have seen it: for what is spent (a PIN, a code, a refresh token). */
  againUnlessSeen<T extends Ok>(request: Prepared, judge: Judge<T>): Promise<T | BrokerFailure>;
};

export function createCaller(
  options: Pick<BrokerOptions, 'fetch' | 'clock' | 'random' | 'wait' | 'timeoutMs'>,
): Caller {
  const { fetch, clock, random, wait, timeoutMs = DEFAULT_TIMEOUT_MS } = options;

  async function attempt<T extends Ok>(
    prepared: Prepared,
    judge: Judge<T>,
    { ownConnection, withinMs = timeoutMs }: { ownConnection: boolean; withinMs?: number },
  ): Promise<T | BrokerFailure> {
    const sentAt = clock();
    const request = typeof prepared === 'function' ? prepared(sentAt) : prepared;
    if ('ok' in request) return request;
    const answer = await sendOnce(request, { fetch, clock, timeoutMs: withinMs, ownConnection });
    return answer.answered ? judge(answer, sentAt) : unsent('transient', answer.problem);
  }

  async function repeat<T extends Ok>(
    once: () => Promise<T | BrokerFailure>,
    mayRepeat: (failure: BrokerFailure) => boolean,
  ): Promise<T | BrokerFailure> {
    for (let failures = 1; ; failures += 1) {
      const outcome = await once();
      if (outcome.ok || !mayRepeat(outcome)) return outcome;
      const pauseMs = pauseBeforeRetry(outcome, failures, random);
      if (pauseMs === null) return outcome;
      await wait(pauseMs);
    }
  }

  return {
    once: (request, judge, withinMs = timeoutMs) =>
      attempt(request, judge, { ownConnection: true, withinMs }),
    again: (request, judge) =>
      repeat(
        () => attempt(request, judge, { ownConnection: false }),
        () => true,
      ),
    againUnlessSeen(request, judge) {
      let startedAt: number | null = null;
      const prepared = (sentAt: number): OutgoingRequest | BrokerFailure => {
        startedAt ??= sentAt;
        return typeof request === 'function' ? request(sentAt) : request;
      };
      return repeat(
        () => attempt(prepared, judge, { ownConnection: true }),
        ({ answered, problem }) =>
          !answered && wasNeverSent(problem) && clock() - (startedAt ?? 0) < PATIENCE_TO_CONNECT_MS,
      );
    },
  };
}
