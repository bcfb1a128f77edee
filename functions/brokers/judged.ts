/**
 * The words that every judge of a broker's answers shares: a failure made of an answer, and the kinds of
 * answer that say nothing about token or settings.
 *
 * Pure; knows no broker and no protocol. Called by the adapters' judges.
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

/**
 * The failure of an answer that has nothing to do with what was asked: overload, an outage, a page of some
 * gateway. `null` for an answer that the broker itself thought about.
 */
export function passingTrouble(answer: Received): BrokerFailure | null {
  const { status, body } = answer;
  if (status === 429) return failureOf(answer, 'transient', 'rate-limited');
  if (status >= 500 || status === 408 || status === 425) {
    return failureOf(answer, 'transient', `http-${status}`);
  }
  // A redirect leads to a maintenance page; an address that does not exist is a 404, page or not.
  if (status >= 300 && status < 400) return failureOf(answer, 'transient', `http-${status}`);
  if (status >= 400 && status !== 404 && looksLikeHtml(body)) {
    return failureOf(answer, 'transient', 'page-instead-of-answer');
  }
  return null;
}

/** HTML, whatever it says it is. */
export function looksLikeHtml(body: string): boolean {
  return /^\s*<(?:!doctype html|html|head|body|h1)\b/i.test(body);
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
