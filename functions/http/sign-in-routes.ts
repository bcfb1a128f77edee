/**
 * The daily sign-in over HTTP: the page, the tap that opens the broker, the PIN, the callback.
 *
 * Reads the request, calls one operation, answers. What must be remembered between tap and paste is in
 * the visitor's cookie. Called by `routes.ts`, which has checked the cookie and, for posts, the form.
 */

import type { OpenSignIn } from '../brokers/broker.ts';
import { readPasted } from '../operations/read-address.ts';
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
import { onwardPage } from './pages/onward.ts';
import { signInPage } from './pages/sign-in.ts';
import { successPage } from './pages/success.ts';
import { MESSAGE } from './pages/texts.ts';
import { page, redirect, retryAfter } from './reply.ts';
import { sameText } from './same-text.ts';
import {
  approvalOrNull,
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

/**
 * `GET /sign-in/<key>`; with `?done`, what the last post came to; with `?wait`, what the request on the phone
 * came to as soon as it has.
 */
export async function showSignIn(visit: SessionVisit<KnownVisit>): Promise<Response> {
  const { session, visitor, wiring } = visit;
  const now = wiring.clock();
  const status = await statusOrNull(visit);
  const approval = await approvalOrNull(visit);
  if (visit.url.searchParams.has('wait') && approval?.answered != null) {
    const result = { word: 'signed-in', ...approval.answered } as const;
    return page(successPage({ now, zone: zoneOf(wiring, session), session, result, status }));
  }
  const outcome = visit.url.searchParams.has('done')
    ? newsFor(visitor.outcome, session.key, now)
    : null;
  if (outcome?.result.word === 'signed-in') {
    const { result } = outcome;
    return page(successPage({ now, zone: zoneOf(wiring, session), session, result, status }));
  }
  return page(
    signInPage({
      now,
      zone: zoneOf(wiring, session),
      csrf: visitor.csrf,
      session,
      broker: session.broker,
      openUntil: visitor.pending[session.key]?.expiresAt ?? null,
      status: status?.sessions.find(({ key }) => key === session.key) ?? null,
      outcome,
      approval,
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
    const cookie = await setCookie(visit, { ...visitor, pending, outcome: null });
    return onTo(session.broker, started.authorizeUrl, cookie);
  }
  const now = wiring.clock();
  const outcome = { at: now, session: session.key, result: startOutcome(started) };
  // The tab that the tap was in has this page as well, and shows the same once it looks again.
  const cookie = await setCookie(visit, { ...visitor, outcome });
  return page(
    signInPage({
      now,
      zone: zoneOf(wiring, session),
      csrf: visitor.csrf,
      session,
      broker: session.broker,
      openUntil: visitor.pending[session.key]?.expiresAt ?? null,
      status: null,
      outcome,
      approval: null,
      openIn: 'this-tab',
    }),
    started.reason === 'too-many-attempts' ? 429 : 502,
    started.reason === 'too-many-attempts'
      ? { ...cookie, ...retryAfter(started.retryAt, now) }
      : cookie,
  );
}

/** A login that brings the person back may lead over hosts that nobody knows beforehand. */
function onTo(
  { verifierKind, title }: ConfiguredSession['broker'],
  address: string,
  cookie: Readonly<Record<string, string>>,
): Response {
  if (verifierKind === 'pin') return redirect(address, cookie);
  return page(onwardPage({ title, address }), 200, { ...cookie, refresh: `0; url=${address}` });
}

/**
 * `POST /sign-in/<key>`: the PIN, or the address that a redirect led to, spent at most once, and on to the
 * page that says what came of it.
 */
export async function postVerifier(visit: SessionVisit<PostVisit>): Promise<Response> {
  const { session, visitor } = visit;
  const { broker } = session;
  const pasted = visit.form.field(broker.verifierKind === 'pin' ? 'pin' : 'address');
  if (pasted === null) return page(messagePage(MESSAGE.unreadable), 400);
  const signIn = visitor.pending[session.key] ?? null;
  const earlier = newsFor(visitor.outcome, session.key, visit.wiring.clock());
  if (signIn === null && earlier !== null) return redirect(doneAddress(session));
  const read = readPasted(broker, signIn, pasted);
  const notTried = (word: 'verifier-malformed' | 'verifier-empty' | 'no-open-sign-in') =>
    showOutcome(visit, visitor, session.key, { word }, doneAddress(session));
  switch (read.type) {
    case 'verifier':
      return complete(visit, session, visitor, signIn, read.verifier.reveal());
    case 'not-granted':
      return notGranted(visit, session, visitor, read);
    case 'unreadable':
      return notTried(broker.verifierKind === 'pin' ? 'verifier-malformed' : 'verifier-empty');
    case 'foreign':
      return notTried('no-open-sign-in');
  }
}

/**
 * `GET /callback/<broker>`: the broker's redirect brings the verifier back. It acts only with the broker's own
 * word for a sign-in that this browser has open, since every page can lead a browser here. A PIN that names no sign-in
 * is offered behind a button, or to be copied; a code that names none of ours is refused.
 */
export async function takeCallback(visit: Visit & { visitor: Visitor | null }): Promise<Response> {
  const { wiring, url, visitor } = visit;
  const name = visit.params[0];
  const sessions = wiring.sessions.filter(({ broker }) => broker.name === name);
  const [first] = sessions;
  if (first === undefined) return page(messagePage(MESSAGE.notFound), 404);

  const { broker } = first;
  const callback = broker.readCallback(url.searchParams);
  if (!callback.ok && callback.reason === 'unreadable') {
    return page(messagePage(MESSAGE.noVerifier), 400);
  }
  const { signInId } = callback;
  const named = visitor === null || signInId === null ? null : namedBy(signInId, visitor, sessions);
  if (visitor !== null && named !== null) {
    if (!mayAct(visit.request)) return page(messagePage(MESSAGE.prefetch), 503);
    return callback.ok
      ? complete(visit, named.session, visitor, named.signIn, callback.verifier.reveal())
      : notGranted(visit, named.session, visitor, callback);
  }
  const mayBeOfAnother = broker.verifierKind === 'pin' && (visitor === null || signInId === null);
  if (!callback.ok || !mayBeOfAnother) {
    wiring.log.warn('callback-refused', 'A redirect from a broker belongs to no sign-in here.', {
      broker: broker.name,
      isKnown: visitor !== null,
    });
    return page(messagePage(MESSAGE.foreignCallback), 400);
  }
  return page(
    callbackPage({
      broker: broker.title,
      verifier: callback.verifier.reveal(),
      csrf: visitor?.csrf ?? null,
      sessions: visitor === null ? [] : openSessions(visitor, sessions, wiring.clock()),
    }),
  );
}

/** The visitor's sign-in that a redirect names. */
function namedBy(
  signInId: string,
  visitor: Visitor,
  sessions: readonly ConfiguredSession[],
): { session: ConfiguredSession; signIn: OpenSignIn } | null {
  for (const session of sessions) {
    const signIn = visitor.pending[session.key];
    if (signIn !== undefined && sameText(signInId, signIn.id)) return { session, signIn };
  }
  return null;
}

/** The sessions that a PIN without a name can be for. One whose time is up may be of another browser. */
function openSessions(
  { pending }: Visitor,
  sessions: readonly ConfiguredSession[],
  now: number,
): readonly ConfiguredSession[] {
  return sessions.filter(({ key }) => (pending[key]?.expiresAt ?? now) > now);
}

/** The person said no at the broker, or the broker did: that sign-in is over. */
async function notGranted(
  visit: Visit,
  session: ConfiguredSession,
  visitor: Visitor,
  { reason, problem }: { readonly reason: string; readonly problem: string },
): Promise<Response> {
  visit.wiring.log.warn('sign-in-not-granted', 'The broker brought no code back.', {
    session: session.key,
    reason,
    problem,
  });
  const { [session.key]: _over, ...pending } = visitor.pending;
  const result: OutcomeResult =
    reason === 'declined' ? { word: 'declined' } : { word: 'not-granted', problem };
  return showOutcome(visit, { ...visitor, pending }, session.key, result, doneAddress(session));
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
