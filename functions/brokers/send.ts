/**
 * Sends one request to a broker, once, and hands back what came: an answer or the lack of one.
 *
 * Never throws, never repeats a request, never follows a redirect: a signature is good for one request.
 * Reads no meaning into the answer. Called by the broker adapters; its readers also by workers.
 */

import type { Clock } from '../clock.ts';
import { markUnsent, ownConnection } from './own-connection.ts';

export type OutgoingRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it goes over the wire: a form, JSON; left out where there is none. */
  readonly body?: string;
};

export type Received = {
  readonly answered: true;
  readonly status: number;
  /** `WWW-Authenticate`, empty when absent. */
  readonly challenge: string;
  readonly body: string;
  /** False when the body was cut off, too slow, or longer than allowed. */
  readonly complete: boolean;
  readonly receivedAt: number;
  /** The answer's `Date` minus our clock. */
  readonly skewMs: number | null;
  readonly retryAfterMs: number | null;
};

/** No answer: nobody knows whether the request arrived. `problem` is a safe word. */
export type Unanswered = { readonly answered: false; readonly problem: string };

export type SendOptions = {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /**
   * Whether the request gets a connection that was not used before: for what is spent by being sent.
   * @default false
   */
  readonly ownConnection?: boolean;
  /** @default MAX_BODY_BYTES */
  readonly maxBodyBytes?: number;
};

/** Every answer that is judged is far smaller; an endless one must not fill the memory. */
export const MAX_BODY_BYTES = 64 * 1024;

/** One attempt within `timeoutMs`, body included. */
export async function sendOnce(
  request: OutgoingRequest,
  options: SendOptions,
): Promise<Received | Unanswered> {
  const dispatcher = options.ownConnection === true ? ownConnection() : null;
  try {
    return await exchange(request, options, dispatcher === null ? {} : { dispatcher });
  } finally {
    dispatcher?.destroy().catch(() => undefined);
  }
}

async function exchange(
  request: OutgoingRequest,
  options: SendOptions,
  through: Pick<RequestInit, 'dispatcher'>,
): Promise<Received | Unanswered> {
  let response: Response;
  try {
    response = await options.fetch(request.url, {
      ...through,
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(options.timeoutMs),
    });
  } catch (error) {
    return { answered: false, problem: markUnsent(wordFor(error), error) };
  }
  return receive(response, options.clock, options.maxBodyBytes);
}

/** Reads an answer as the judges want it, body included up to `maxBodyBytes`. Never throws. */
export async function receive(
  response: Response,
  clock: Clock,
  maxBodyBytes = MAX_BODY_BYTES,
): Promise<Received> {
  const receivedAt = clock();
  const { body, complete } = await readBody(response, maxBodyBytes);
  const date = Date.parse(response.headers.get('date') ?? '');
  return {
    answered: true,
    status: response.status,
    challenge: response.headers.get('www-authenticate') ?? '',
    body,
    complete,
    receivedAt,
    skewMs: Number.isNaN(date) ? null : date - receivedAt,
    retryAfterMs: readRetryAfter(response.headers.get('retry-after'), receivedAt),
  };
}

async function readBody(
  response: Response,
  maxBytes: number,
): Promise<{ body: string; complete: boolean }> {
  if (response.body === null) return { body: '', complete: true };
  const decoder = new TextDecoder();
  let body = '';
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > maxBytes) return { body, complete: false };
      body += decoder.decode(chunk, { stream: true });
    }
    return { body: body + decoder.decode(), complete: true };
  } catch {
    return { body, complete: false };
  }
}

/** Seconds or an HTTP date. @see https://datatracker.ietf.org/doc/html/rfc9110#section-10.2.3 */
function readRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

/** The system's error code (`econnrefused`) where there is one: its message may quote the URL. */
export function wordFor(error: unknown): string {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    if (current.name === 'TimeoutError' || current.name === 'AbortError') return 'timeout';
    const code = 'code' in current ? current.code : undefined;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) return code.toLowerCase();
    current = current.cause;
  }
  return 'network';
}
