/**
 * The approval on the phone over HTTP: the button that has the broker ask, and the broker's post that answers.
 *
 * The post comes from a machine: no cookie, no origin, no form, and no word of why it was refused. Reads the
 * request, calls one operation, answers. Called by `routes.ts`.
 */

import { sessionOf } from '../operations/find-session.ts';
import { json, RETRY_LATER, redirect } from './reply.ts';
import type { PostVisit, SessionVisit, Visit } from './visit.ts';

/** `POST /sign-in/<key>/approval`: on to the page that waits; `null` where the session has no such thing. */
export async function askApproval(visit: SessionVisit<PostVisit>): Promise<Response | null> {
  const { session, wiring, operations } = visit;
  if (session.approval === undefined) return null;
  await operations.requestApproval(wiring, session, 'person');
  return redirect(`/sign-in/${session.key}?wait`);
}

/**
 * `POST /hooks/<key>/<secret>`: 200 for a token that was taken, however often it comes; 503 asks for it again;
 * anything else is refused. `null` for a path that is not ours, which must look like any other such path.
 */
export async function takeHook(visit: Visit): Promise<Response | null> {
  const { request, wiring, operations } = visit;
  const [name = '', secret = ''] = visit.params;
  const isOurs = wiring.hooks.opens(name, secret);
  const session = sessionOf(wiring, name);
  if (!isOurs || session?.approval === undefined) return null;
  const result = await operations.takeApproval(wiring, session, await request.text());
  if (result.ok) return json({ ok: true });
  return result.again
    ? json({ error: 'try-again' }, 503, RETRY_LATER)
    : json({ error: 'not-taken' }, 400);
}
