/**
 * What every reader of a broker's answers shares: a failure made of an answer, JSON, safe words.
 *
 * Pure; knows no broker and no protocol. What a refusal means is in `failures.ts`.
 */

import type { BrokerFailure, FailureClass } from './broker.ts';
import type { Received } from './send.ts';

export function failureOf(answer: Received, reason: FailureClass, problem: string): BrokerFailure {
  return {
    ok: false,
    reason,
    problem,
    answered: true,
    status: answer.status,
    retryAfterMs: answer.retryAfterMs,
    skewMs: answer.skewMs,
  };
}

/** A failure of a request that was never sent, or that nobody answered. */
export function unsent(reason: FailureClass, problem: string): BrokerFailure {
  return {
    ok: false,
    reason,
    problem,
    answered: false,
    status: null,
    retryAfterMs: null,
    skewMs: null,
  };
}

/** An answer that is not what its step answers; what it did at the broker is unknown. */
export function unreadable(answer: Received): BrokerFailure {
  return failureOf(answer, 'transient', 'answer-unreadable');
}

/** `undefined` for text that is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A broker's own word, safe to show and to log; `null` for anything else that stands in its place. */
export function safeWord(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_.-]{1,59}$/.test(value) ? value : null;
}
