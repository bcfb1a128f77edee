/**
 * Reads a Bot API call from the wire: method, token and parameters, from query, JSON, form or
 * multipart alike.
 *
 * Judges nothing but the form; what a call may do is the stand-in's matter. Used by `telegram.ts`.
 *
 * @see https://core.telegram.org/bots/api#making-requests
 */

import type { IncomingMessage } from 'node:http';

export type BotCall = {
  readonly token: string;
  /** Lower case: Telegram's method names are case-insensitive. */
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
};

export type ReadCall =
  | { readonly ok: true; readonly call: BotCall }
  | { readonly ok: false; readonly status: number; readonly description: string };

const BODY_MAX_BYTES = 1024 * 1024;

/** `null` when the path is none of the Bot API's (`/bot<token>/<method>`). */
export function botPath(path: string): { token: string; method: string } | null {
  const match = /^\/bot([^/]*)\/([^/]+)\/?$/.exec(path);
  const [, token, method] = match ?? [];
  if (token === undefined || method === undefined) return null;
  return { token, method: method.toLowerCase() };
}

/** Reads the call; parameters of the body win over those of the query. */
export async function readCall(
  req: IncomingMessage,
  path: { token: string; method: string },
  query: URLSearchParams,
): Promise<ReadCall> {
  try {
    const bytes = await readBytes(req);
    if (bytes === null) return { ok: false, status: 413, description: 'Request Entity Too Large' };
    const body = await readBody(bytes, req.headers['content-type'] ?? '');
    return { ok: true, call: { ...path, parameters: { ...Object.fromEntries(query), ...body } } };
  } catch {
    return { ok: false, status: 400, description: "Bad Request: can't parse the request body" };
  }
}

/** A field that is JSON: an object as such in a JSON body, as text in every other. */
export function jsonField(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/** `null` when there are too many. */
async function readBytes(req: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readBody(body: Buffer, contentType: string): Promise<Record<string, unknown>> {
  if (body.length === 0) return {};
  if (contentType.includes('json')) {
    const json: unknown = JSON.parse(body.toString('utf8'));
    if (typeof json !== 'object' || json === null) throw new TypeError('no object');
    return { ...json };
  }
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': contentType },
  }).formData();
  return Object.fromEntries(form);
}
