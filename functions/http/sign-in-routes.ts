/**
 * The daily sign-in over HTTP: the page, the tap that opens the broker, the PIN, the callback.
 *
 * Reads the request, calls one operation, answers. What must be remembered between tap and paste is in
 * the visitor's cookie. Called by `routes.ts`, which has checked the cookie and, for posts, the form.
 */

import type { OpenSignIn } from '../brokers/broker.ts';
import { PIN_MAX_LENGTH } from '../lifecycle/limits.ts';
import type { ConfiguredSession } from '../operations/system.ts';
import { Secret } from '../secret.ts';
import type { Visitor } from './cookie.ts';
import {
  completeOutcome,
  keepsSignInOpen,
  newsFor,
  type OutcomeResult,
  startOutcome,
} from './outcome.ts';
import { callbackPage } from './pages/callback.ts';
import { messagePage } from './pages/message.ts';
import { signInPage } from './pages/sign-in.ts';
import { successPage } from './pages/success.ts';
import { MESSAGE } from './pages/texts.ts';
import { page, redirect, retryAfter } from './reply.ts';
import {
  type KnownVisit,
  mayAct,
  type PostVisit,
  type SessionVisit,
  setCookie,
  showOutcome,
  statusOrNull,
  type Visit,
  zoneOf,
} from './visit.ts';

/** `GET /sign-in/<key>`; with `?done`, what the last post came to. */
export async function showSignIn(visit: SessionVisit<KnownVisit>): Promise<Response> {
  const { session, visitor, wiring } = visit;
  const now = wiring.clock();
  const status = await statusOrNull(visit);
  const outcome = visit.url.searchParams.has('done')
    ? newsFor(visitor.outcome, session.key, now)
    : null;
  if (outcome?.result.word === 'signed-in') {
    const { result } = outcome;
    return page(successPage({ now, zone: zoneOf(wiring), session, result, status }));
  }
  return page(
    signInPage({
      now,
      zone: zoneOf(wiring),
      csrf: visitor.csrf,
      session,
      broker: session.broker.title,
      signInOpenMs: session.broker.rules.signInOpenMs,
      openUntil: visitor.pending[session.key]?.expiresAt ?? null,
      status: status?.sessions.find(({ key }) => key === session.key) ?? null,
      outcome,
      openIn: 'new-tab',
    }),
  );
}

/** `POST /sign-in/<key>/start`: on to the broker, or the page again with what went wrong. */
export async function startSignIn(visit: SessionVisit<PostVisit>): Promise<Response> {
  const { session, visitor, wiring } = visit;
  const started = await visit.operations.startSignIn(wiring, session);
  if (started.ok) {
    const pending = { ...visitor.pending, [session.key]: started.signIn };
    return redirect(
      started.authorizeUrl,
      await setCookie(visit, { ...visitor, pending, outcome: null }),
    );
  }
  const now = wiring.clock();
  return page(
    signInPage({
      now,
      zone: zoneOf(wiring),
      csrf: visitor.csrf,
      session,
      broker: session.broker.title,
      signInOpenMs: session.broker.rules.signInOpenMs,
      openUntil: null,
      status: null,
      outcome: { result: startOutcome(started) },
      openIn: 'this-tab',
    }),
    started.reason === 'too-many-attempts' ? 429 : 502,
    started.reason === 'too-many-attempts' ? retryAfter(started.retryAt, now) : {},
  );
}

/** `POST /sign-in/<key>`: the PIN, spent at most once, and on to the page that says what came of it. */
export async function postPin(visit: SessionVisit<PostVisit>): Promise<Response> {
  const { session, visitor } = visit;
  const pin = visit.form.field('pin');
  if (pin === null) return page(messagePage(MESSAGE.unreadable), 400);
  const signIn = visitor.pending[session.key] ?? null;
  const earlier = newsFor(visitor.outcome, session.key, visit.wiring.clock());
  if (signIn === null && earlier !== null) return redirect(doneAddress(session));
  return complete(visit, session, visitor, signIn, pin.trim());
}

/**
 * `GET /callback/<broker>`: the broker brings the PIN back itself, for consumer keys that have a callback
 * registered. Acts only for the browser that began exactly one sign-in it can be for; anyone else sees
 * the PIN to copy.
 */
export async function takeCallback(visit: Visit & { visitor: Visitor | null }): Promise<Response> {
  const { wiring, url, visitor } = visit;
  const name = visit.params[0];
  const sessions = wiring.sessions.filter(({ broker }) => broker.name === name);
  const broker = sessions[0]?.broker.title;
  if (broker === undefined) return page(messagePage(MESSAGE.notFound), 404);

  const verifiers = url.searchParams.getAll('oauth_verifier');
  const verifier = verifiers[0]?.trim() ?? '';
  if (verifiers.length !== 1 || verifier === '' || verifier.length > PIN_MAX_LENGTH) {
    return page(messagePage(MESSAGE.noVerifier), 400);
  }
  const open = visitor === null ? [] : openSignIns(visitor, sessions, visit);
  const [only] = open;
  if (visitor !== null && only !== undefined && open.length === 1) {
    if (!mayAct(visit.request)) return page(messagePage(MESSAGE.prefetch), 503);
    return complete(visit, only.session, visitor, only.signIn, verifier);
  }
  return page(callbackPage({ broker, verifier, sessions: open.map(({ session }) => session) }));
}

/** The visitor's open sign-ins that a callback can be for; its request token, when sent, decides. */
function openSignIns(
  visitor: Visitor,
  sessions: readonly ConfiguredSession[],
  { url, wiring }: Visit,
): { session: ConfiguredSession; signIn: OpenSignIn }[] {
  const requestToken = url.searchParams.get('oauth_token');
  return sessions.flatMap((session) => {
    const signIn = visitor.pending[session.key];
    if (signIn === undefined || signIn.expiresAt <= wiring.clock()) return [];
    if (requestToken !== null && requestToken !== signIn.requestToken) return [];
    return [{ session, signIn }];
  });
}

async function complete(
  visit: Visit,
  session: ConfiguredSession,
  visitor: Visitor,
  signIn: OpenSignIn | null,
  verifier: string,
): Promise<Response> {
  const result = await visit.operations.completeSignIn(visit.wiring, session, {
    signIn,
    verifier: new Secret(verifier),
  });
  const { [session.key]: spent, ...others } = visitor.pending;
  const pending = keepsSignInOpen(result) && spent !== undefined ? visitor.pending : others;
  const outcome: OutcomeResult = completeOutcome(result);
  return showOutcome(visit, { ...visitor, pending }, session.key, outcome, doneAddress(session));
}

function doneAddress(session: ConfiguredSession): string {
  return `/sign-in/${session.key}?done`;
}
