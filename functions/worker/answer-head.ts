/**
 * Reads the beginning of an answer to find out what it means, and leaves all of it to the caller.
 *
 * Bounded in size and time: an answer may be long, slow or endless. Called by `calls.ts`.
 */

import { MAX_BODY_BYTES, type Received, receive } from '../brokers/send.ts';
import type { Clock, Wait } from '../clock.ts';

/** The word for a refusal stands in its first bytes; nobody waits longer for the rest of a page. */
const HEAD_WITHIN_MS = 2_000;

/** What was too long or too slow is judged by what has come; what broke off counts as incomplete. */
export async function receiveHead(
  response: Response,
  { clock, wait }: { readonly clock: Clock; readonly wait: Wait },
): Promise<Received> {
  const { chunks, isBroken } = await readHead(response, wait);
  const { status, headers } = response;
  const left = chunks.values();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = left.next();
      if (!done) controller.enqueue(value);
      else if (isBroken) controller.error(new Error('The answer broke off'));
      else controller.close();
    },
  });
  return { ...(await receive(new Response(body, { headers }), clock)), status };
}

async function readHead(
  response: Response,
  wait: Wait,
): Promise<{ readonly chunks: readonly Uint8Array[]; readonly isBroken: boolean }> {
  const reader = response.clone().body?.getReader();
  if (reader === undefined) return { chunks: [], isBroken: false };
  const chunks: Uint8Array[] = [];
  const done = new AbortController();
  const timeUp = wait(HEAD_WITHIN_MS, done.signal).then(() => null);
  try {
    for (let left = MAX_BODY_BYTES; left > 0; ) {
      const read = await Promise.race([reader.read(), timeUp]);
      if (read === null || read.done) break;
      const chunk = read.value.subarray(0, left);
      chunks.push(chunk);
      left -= chunk.byteLength;
    }
    return { chunks, isBroken: false };
  } catch {
    return { chunks, isBroken: true };
  } finally {
    done.abort();
    // Of two branches the one's end is not over before the other's, which is the caller's.
    reader.cancel().catch(() => {});
  }
}
