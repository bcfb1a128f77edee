/**
 * The one place that knows the functions-framework: platform `Request` in, platform `Response` out.
 *
 * Nothing thrown ever reaches the framework, which would print it; every request leaves one log line
 * without its path's secrets. The wiring is made at the first request, so that an import never fails.
 * Called by the entry files and by those of the local run.
 */

import {
  type Request as ExpressRequest,
  type Response as ExpressResponse,
  http,
} from '@google-cloud/functions-framework';
import { type Clock, systemClock } from '../clock.ts';
import { guardConsole } from '../logging/guard-console.ts';
import type { Log } from '../logging/log.ts';
import { createProcessLog } from '../logging/process-log.ts';
import { traceOf } from '../logging/trace.ts';
import { bodyOf, limitRequests } from './limit-requests.ts';
import { MESSAGE } from './pages/texts.ts';
import { matchPath } from './paths.ts';
import { errorReply, refusal, wantsOf } from './reply.ts';
import { securityHeaders } from './security-headers.ts';

/** Methods that a platform `Request` refuses to hold. */
const UNHEARD_METHODS = ['CONNECT', 'TRACE', 'TRACK'];

export type Handler<W> = (request: Request, wiring: W) => Promise<Response>;

export type ServeOptions = {
  /** Where lines go before there is a wiring. @default the process log */
  readonly log?: Log;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Whether the public address is https. @default false */
  readonly https?: () => boolean;
};

let isConsoleGuarded = false;

/**
 * Registers `handler` under `name`; the last registration of a name wins.
 *
 * @param compose called at the first request and kept; a throw is answered and logged, the next request
 *   tries again
 */
export function serve<W extends { readonly log: Log }>(
  name: string,
  handler: Handler<W>,
  compose: () => W,
  options: ServeOptions = {},
): void {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? createProcessLog({ clock, project: null });
  const headers = () =>
    securityHeaders({ https: options.https?.() ?? false, authorizeOrigins: [] });
  limitRequests({ log: log.with({ function: name }), headers });
  if (!isConsoleGuarded) {
    guardConsole(log);
    isConsoleGuarded = true;
  }
  let kept: W | null = null;

  async function answer(incoming: ExpressRequest): Promise<Response> {
    const startedAt = clock();
    const headers = headersOf(incoming);
    const labels = { function: name, ...traceLabels(headers) };
    let own = log.with(labels);
    let response: Response;
    let route = 'none';
    try {
      const request = requestOf(incoming, headers);
      if (request instanceof Response) {
        response = request;
      } else {
        route = matchPath(new URL(request.url).pathname)?.path ?? 'other';
        kept ??= compose();
        own = kept.log.with(labels);
        response = await handler(request, { ...kept, log: own });
      }
    } catch (error) {
      own.error('request-failed', 'A request ended in an error.', error, { route });
      response = errorReply(error, wantsOf(headers));
    }
    own.info('request', `${incoming.method} ${route}`, {
      method: incoming.method,
      route,
      status: response.status,
      ms: clock() - startedAt,
    });
    return response;
  }

  http(name, async (incoming, outgoing) => {
    try {
      await send(await answer(incoming), outgoing);
    } catch (error) {
      // The caller has gone, or a handler's body broke half-way.
      log.with({ function: name }).error('answer-not-sent', 'An answer could not be sent.', error);
      outgoing.destroy();
    }
  });
}

/** The platform's request, or the refusal of one that must not get further. */
function requestOf(incoming: ExpressRequest, headers: Headers): Request | Response {
  const wants = wantsOf(headers);
  const body = bodyOf(incoming);
  if (body.type === 'too-large') {
    return refusal({ wants, error: 'too-large', words: MESSAGE.tooLarge, status: 413 });
  }
  const { method } = incoming;
  if (UNHEARD_METHODS.includes(method)) {
    const allow = { allow: 'GET, HEAD, POST' };
    return refusal({
      wants,
      error: 'method-not-allowed',
      words: MESSAGE.wrongMethod,
      status: 405,
      headers: allow,
    });
  }
  // The host is the caller's word; addresses are made from the configured one.
  const address = `http://function.invalid${incoming.originalUrl}`;
  if (!incoming.originalUrl.startsWith('/') || !URL.canParse(address)) {
    return refusal({ wants, error: 'unreadable', words: MESSAGE.unreadable, status: 400 });
  }
  const takesBody = method !== 'GET' && method !== 'HEAD';
  return new Request(address, {
    method,
    headers,
    ...(takesBody && body.type === 'whole' ? { body: new Uint8Array(body.bytes) } : {}),
  });
}

function headersOf(incoming: ExpressRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

function traceLabels(headers: Headers): Record<string, string | boolean> {
  const trace = traceOf(headers);
  if (trace === null) return {};
  return {
    trace: trace.traceId,
    traceSampled: trace.sampled,
    ...(trace.spanId === null ? {} : { spanId: trace.spanId }),
  };
}

async function send(response: Response, outgoing: ExpressResponse): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.status(response.status);
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies);
  outgoing.setHeader('content-length', body.length);
  outgoing.end(body);
}
