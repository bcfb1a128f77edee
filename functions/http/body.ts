/**
 * Reads the small JSON body that a worker sends to keep-alive: `{ "session": "etrade-prod" }`.
 *
 * An empty body (Cloud Scheduler's) means every session. Never echoes what it was sent.
 */

import * as z from 'zod';
import type { SessionKey } from '../lifecycle/session.ts';

const bodySchema = z.object({ session: z.string().optional() });

export type WantedSession =
  | { readonly ok: true; readonly session: SessionKey | null }
  | { readonly ok: false; readonly reason: 'body-malformed' | 'session-unknown' };

export async function readSessionField(
  request: Request,
  sessions: readonly { readonly key: SessionKey }[],
): Promise<WantedSession> {
  const text = request.method === 'POST' ? await request.text() : '';
  if (text.trim() === '') return { ok: true, session: null };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'body-malformed' };
  }
  const parsed = bodySchema.safeParse(body);
  if (!parsed.success) return { ok: false, reason: 'body-malformed' };
  const wanted = parsed.data.session;
  if (wanted === undefined) return { ok: true, session: null };
  const found = sessions.find((session) => session.key === wanted);
  return found === undefined
    ? { ok: false, reason: 'session-unknown' }
    : { ok: true, session: found.key };
}
