/**
 * The first to see a request: judges size and speed, and reads the body, before the framework does.
 *
 * The framework reads up to 1 GiB, inflates and parses it before any code of ours runs. Here a body is taken as
 * bytes whatever its headers say, and the framework's parsers find none. Never parses, never logs a body.
 */

import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Log } from '../logging/log.ts';

/** Far more than any form or message of ours. */
export const BODY_MAX_BYTES = 64 * 1024;

/**
 * For Node's own server: a whole head, and a whole request, within ten seconds. A request without a host is
 * served, since nothing here reads it: Node's own refusal would carry no header of ours.
 */
export const SERVER_OPTIONS = {
  requireHostHeader: false,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
} as const;

export type ReceivedBody =
  | { readonly type: 'none' }
  | { readonly type: 'whole'; readonly bytes: Buffer }
  | { readonly type: 'too-large' };

export type LimitOptions = {
  readonly log: Log;
  /** What every answer carries unless it says otherwise, the framework's and Node's own too. */
  readonly headers: () => Readonly<Record<string, string>>;
};

const NONE: ReceivedBody = { type: 'none' };
const TOO_LARGE: ReceivedBody = { type: 'too-large' };

const received = new WeakMap<IncomingMessage, ReceivedBody>();

let limits: LimitOptions | null = null;

/** What came with a request. The framework adds to the request and hands it on, so it is found again. */
export function bodyOf(request: IncomingMessage): ReceivedBody {
  return received.get(request) ?? NONE;
}

/**
 * Puts the limits before every server that is made from now on by `http.createServer`, which the framework
 * calls once it has loaded the function; the last options win.
 */
export function limitRequests(options: LimitOptions): void {
  const isInstalled = limits !== null;
  limits = options;
  if (isInstalled) return;
  const { createServer } = http;
  const createLimited = (listener: RequestListener): http.Server => {
    const server = createServer(SERVER_OPTIONS);
    server.on('request', (request, response) => receive(request, response, listener));
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      if (declaredLength(request) > BODY_MAX_BYTES) response.setHeader('connection', 'close');
      else response.writeContinue();
      receive(request, response, listener);
    });
    // An expectation may be ignored: Node's own refusal would carry none of our headers.
    server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
      receive(request, response, listener),
    );
    server.on('clientError', refuseUnread);
    return server;
  };
  Reflect.set(http, 'createServer', createLimited);
}

function receive(request: IncomingMessage, response: ServerResponse, next: RequestListener): void {
  for (const [name, value] of Object.entries(limits?.headers() ?? {})) {
    response.setHeader(name, value);
  }
  const length = declaredLength(request);
  const pass = (body: ReceivedBody): void => {
    received.set(request, body);
    if (body.type === 'too-large' && !response.hasHeader('connection')) {
      // What still comes is dropped unread: on a line that is closed before, the refusal itself is lost.
      response.shouldKeepAlive = true;
    }
    next(request, response);
  };
  const encoding = request.headers['content-encoding'];
  // Without these the framework's parsers do not look for a body.
  delete request.headers['content-length'];
  delete request.headers['transfer-encoding'];
  if (length === 0) pass(NONE);
  else if (length > BODY_MAX_BYTES) pass(TOO_LARGE);
  else {
    void read(request).then(async (body) => {
      if (body !== null) pass(await inflated(body, encoding));
    });
  }
}

/** In bytes; `NaN` for a body that does not say it beforehand. */
function declaredLength({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Number.NaN;
  return Number(headers['content-length'] ?? 0);
}

/** `null` when the caller has gone, or was too slow and was sent away. */
function read(request: IncomingMessage): Promise<ReceivedBody | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_MAX_BYTES) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      resolve(TOO_LARGE);
    });
    request.once('end', () => resolve({ type: 'whole', bytes: Buffer.concat(chunks) }));
    request.once('close', () => resolve(null));
  });
}

const DECODERS = new Map([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

/** What a compressed body holds, never more than the limit; a body that is not what it says is left as it is. */
async function inflated(body: ReceivedBody, encoding: string | undefined): Promise<ReceivedBody> {
  const decode = DECODERS.get(encoding?.trim().toLowerCase() ?? '');
  if (body.type !== 'whole' || decode === undefined) return body;
  try {
    const bytes = await decode(body.bytes, { maxOutputLength: BODY_MAX_BYTES });
    return { type: 'whole', bytes };
  } catch (error) {
    return codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? TOO_LARGE : body;
  }
}

/** Node's own refusals: what it cannot read as HTTP, heads that are too large, and what comes too slowly. */
function refuseUnread(error: Error, socket: Duplex): void {
  const code = codeOf(error);
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason] = refusalOf(code);
  // A caller who left in the middle of a request is refused nothing.
  if (code !== 'HPE_INVALID_EOF_STATE') {
    limits?.log.warn('request-refused', 'A request was refused before it could be read.', {
      status,
      reason,
    });
  }
  const headers = { ...limits?.headers(), 'content-length': '0', connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const answer = `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.join('')}\r\n`;
  socket.end(answer, () => socket.destroy());
}

function refusalOf(code: string): readonly [status: number, reason: string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'too-slow'];
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'head-too-large'];
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return [413, 'too-large'];
    default:
      return [400, 'not-http'];
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
