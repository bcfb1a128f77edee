/**
 * Small pieces for the runner's own HTTP servers: listen on this machine only, read a bounded JSON body,
 * answer JSON.
 *
 * Knows no routes. Used by gateway, control API, broker host and worker.
 */

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { SERVER_OPTIONS } from '../../../functions/http/limit-requests.ts';

export const LOOPBACK = '127.0.0.1';

/** Far above any request of the local run's own interfaces. */
const BODY_MAX_BYTES = 256 * 1024;

export type OpenServer = {
  readonly port: number;
  readonly url: string;
  readonly close: () => Promise<void>;
};

/** A port that cannot be had, with the words for the person at the terminal. */
export class PortError extends Error {
  readonly port: number;

  constructor(port: number, options: { readonly cause: unknown }) {
    super(`Port ${port} is taken`, options);
    this.name = 'PortError';
    this.port = port;
  }
}

/** Listens on 127.0.0.1; port 0 takes any free one. Throws `PortError` when the port is taken. */
export async function openServer(handler: RequestListener, port: number): Promise<OpenServer> {
  const server = createServer(SERVER_OPTIONS, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const taken = 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
      reject(taken ? new PortError(port, { cause: error }) : error);
    });
    server.listen({ port, host: LOOPBACK }, resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no address');
  return {
    port: address.port,
    url: `http://${LOOPBACK}:${address.port}`,
    close: () => closeServer(server),
  };
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export type JsonBody =
  | { readonly ok: true; readonly json: unknown }
  | { readonly ok: false; readonly status: 400 | 413; readonly problem: string };

export async function readJsonBody(req: IncomingMessage): Promise<JsonBody> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size <= BODY_MAX_BYTES) chunks.push(bytes);
  }
  if (size > BODY_MAX_BYTES) return { ok: false, status: 413, problem: 'The body is too large' };
  try {
    return { ok: true, json: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return { ok: false, status: 400, problem: 'The body is not JSON' };
  }
}

export function sendJson(
  res: ServerResponse,
  status: number,
  json: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...headers,
  });
  res.end(`${JSON.stringify(json, null, 2)}\n`);
}

export function sendEmpty(res: ServerResponse, status: number): void {
  res.writeHead(status);
  res.end();
}

/** Path and query of a request, decoded once; `null` when it cannot be read. */
export function requestUrl(req: IncomingMessage): URL | null {
  try {
    return new URL(req.url ?? '/', `http://${LOOPBACK}`);
  } catch {
    return null;
  }
}
