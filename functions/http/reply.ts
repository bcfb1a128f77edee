/**
 * Answers: a page, JSON, a redirect; and what anyone outside learns of an error.
 *
 * One exhaustive switch turns error codes into words; messages, stacks and causes stay in the log. Used
 * by `routes.ts` and, for everything that was thrown, by `serve.ts`.
 */

import { CadenceError, type ErrorCode } from '../errors.ts';
import { messagePage } from './pages/message.ts';
import { TROUBLE, type Words } from './pages/texts.ts';

/** "Call me again" comes with a time: soon enough for a person, late enough for a service to recover. */
export const RETRY_LATER = { 'retry-after': '30' } as const;

/** What the caller reads: people get pages, programs get JSON. */
export type Wants = 'page' | 'json';

export type Fields = Readonly<Record<string, string>>;

export function page(markup: string, status = 200, headers: Fields = {}): Response {
  return new Response(markup, {
    status,
    headers: { ...headers, 'content-type': 'text/html; charset=utf-8' },
  });
}

export function json(value: unknown, status = 200, headers: Fields = {}): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
  });
}

/** After a post: see another page, by GET. */
export function redirect(location: string, headers: Fields = {}): Response {
  return new Response(null, { status: 303, headers: { ...headers, location } });
}

/** What a refused caller reads: words for people, `error` for programs. */
export type Refusal = {
  readonly wants: Wants;
  readonly error: string;
  readonly words: Words;
  readonly status: number;
  readonly headers?: Fields;
};

export function refusal({ wants, error, words, status, headers = {} }: Refusal): Response {
  return wants === 'page'
    ? page(messagePage(words), status, headers)
    : json({ error }, status, headers);
}

/** Seconds until a moment, for `Retry-After`: at least one. */
export function retryAfter(at: number, now: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil((at - now) / 1000))) };
}

/** Browsers ask for HTML by name; schedulers, workers and curl do not. */
export function wantsOf(headers: Headers): Wants {
  return (headers.get('accept') ?? '').includes('text/html') ? 'page' : 'json';
}

/** 503 with `Retry-After` where a later call may succeed, 500 otherwise. */
export function errorReply(error: unknown, wants: Wants): Response {
  if (!(error instanceof CadenceError)) {
    return refusal({ wants, error: 'internal', words: TROUBLE.bug, status: 500 });
  }
  const answer = {
    wants,
    error: error.code.toLowerCase().replaceAll('_', '-'),
    words: troubleOf(error.code),
  };
  return error.retryable
    ? refusal({ ...answer, status: 503, headers: RETRY_LATER })
    : refusal({ ...answer, status: 500 });
}

function troubleOf(code: ErrorCode): Words {
  switch (code) {
    case 'CONFIG_INVALID':
      return TROUBLE.settings;
    case 'STORE_UNAVAILABLE':
    case 'STORE_CONTENDED':
      return TROUBLE.store;
    case 'STORE_DENIED':
      return TROUBLE.storeDenied;
    case 'STORE_MISSING':
      return TROUBLE.storeMissing;
    case 'STORE_RECORD_INVALID':
    case 'STORE_RECORD_TOO_LARGE':
      return TROUBLE.record;
    case 'EVENTS_UNAVAILABLE':
    case 'EVENTS_REFUSED':
      return TROUBLE.events;
    case 'NOTIFICATION_UNAVAILABLE':
    case 'NOTIFICATION_REFUSED':
      return TROUBLE.messenger;
    case 'BROKER_UNAVAILABLE':
    case 'BROKER_ANSWER_UNREADABLE':
      return TROUBLE.broker;
  }
}
