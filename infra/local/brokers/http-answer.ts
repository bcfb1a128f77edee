/**
 * What a broker simulator says over HTTP, as plain data, and the two edges to `node:http`.
 *
 * Knows no broker. The date of every answer is the caller's, never the machine's. Called by the
 * simulators.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

export type Answer = {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
};

const BODY_LIMIT = 64 * 1024;

/** The body as text, or the reason there is none: larger than 64 KiB, or the client went away. */
export async function readBody(
  req: IncomingMessage,
): Promise<{ ok: true; text: string } | { ok: false; reason: 'too-large' | 'gone' }> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= BODY_LIMIT) chunks.push(chunk);
    }
  } catch {
    return { ok: false, reason: 'gone' };
  }
  if (size > BODY_LIMIT) return { ok: false, reason: 'too-large' };
  return { ok: true, text: Buffer.concat(chunks).toString('utf8') };
}

/** Sends `answer`; `at` (epoch ms) becomes its `Date` header. */
export function sendAnswer(res: ServerResponse, answer: Answer, at: number): void {
  const body = Buffer.from(answer.body, 'utf8');
  res.sendDate = false;
  res.writeHead(answer.status, {
    date: new Date(at).toUTCString(),
    ...(answer.type === '' ? {} : { 'content-type': answer.type }),
    'content-length': String(body.length),
    'cache-control': 'no-store',
    ...answer.headers,
  });
  res.end(body);
}
