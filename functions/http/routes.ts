/**
 * Everything that the public function answers: which path, which method, who may, and what must be
 * checked before anything acts.
 *
 * GET shows and POST acts, callbacks excepted; a link preview uses nothing up. No logic of sign-ins
 * lives here: handlers call one operation each. Called by `functions/pin-exchange.ts`.
 */

import { collectForPage } from '../operations/collect-reports.ts';
import { completeSignIn } from '../operations/complete-sign-in.ts';
import { sessionOf } from '../operations/find-session.ts';
import { readApproval } from '../operations/read-approval.ts';
import { readStatus } from '../operations/read-status.ts';
import { forceKeepAlive } from '../operations/renew-sessions.ts';
import { requestApproval } from '../operations/request-approval.ts';
import { revokeSession } from '../operations/revoke-session.ts';
import { noteLinkOpened, sendLink } from '../operations/send-link.ts';
import { startSignIn as openSignIn } from '../operations/start-sign-in.ts';
import type { ConfiguredSession, System } from '../operations/system.ts';
import { takeApproval } from '../operations/take-approval.ts';
import { askApproval, takeHook } from './approval-routes.ts';
import type { Visitor } from './cookie.ts';
import {
  askForLink,
  followLink,
  renewNow,
  showDashboard,
  showKeepAlive,
  showStatus,
  signOut,
  signOutBrowser,
} from './dashboard-routes.ts';
import type { Doors } from './doors.ts';
import { type Form, isFromOwnPage, readForm } from './form.ts';
import { accessPage } from './pages/access.ts';
import { LINK, MESSAGE } from './pages/texts.ts';
import { matchPath, type Path } from './paths.ts';
import { page, refusal, type Wants } from './reply.ts';
import { sameText } from './same-text.ts';
import { securityHeaders, withHeaders } from './security-headers.ts';
import { postVerifier, showSignIn, startSignIn, takeCallback } from './sign-in-routes.ts';
import type { KnownVisit, Operations, PostVisit, SessionVisit, Visit } from './visit.ts';

export type { Operations } from './visit.ts';

const OPERATIONS: Operations = {
  startSignIn: openSignIn,
  completeSignIn,
  readApproval,
  requestApproval,
  takeApproval,
  readStatus,
  collectForPage,
  forceKeepAlive,
  revokeSession,
  sendLink,
  noteLinkOpened,
};

type Handler = (visit: Visit) => Promise<Response>;
type Route = { readonly GET?: Handler; readonly POST?: Handler };

const ROUTES: Record<Path, Route> = {
  '/': { GET: known('page', showDashboard) },
  '/go/:link': { GET: async (visit) => followLink(visit, await visitorOf(visit)) },
  '/sign-in/:session': {
    GET: known('page', forSession(showSignIn)),
    POST: checked(forSession(postVerifier)),
  },
  '/sign-in/:session/start': { POST: checked(forSession(startSignIn)) },
  '/sign-in/:session/approval': {
    POST: checked(forSession(async (visit) => (await askApproval(visit)) ?? notFound())),
  },
  '/callback/:broker': {
    GET: async (visit) => takeCallback({ ...visit, visitor: await visitorOf(visit) }),
  },
  '/status': { GET: byKeyOr(showStatus, known('json', showStatus)) },
  '/keepalive/status': { GET: byKeyOr(showKeepAlive, known('json', showKeepAlive)) },
  '/keepalive/force': { POST: checked(renewNow) },
  '/sign-out/:session': { POST: checked(forSession(signOut)) },
  '/browser/sign-out': { POST: checked(signOutBrowser) },
  '/link': { POST: fromOwnForm((visit) => askForLink(visit)) },
  '/hooks/:name/:secret': { POST: async (visit) => (await takeHook(visit)) ?? notFound() },
};

/**
 * Answers one request of the public function.
 *
 * @param operations the real ones, unless a test hands in others
 */
export async function route(
  request: Request,
  wiring: System & Doors,
  operations: Operations = OPERATIONS,
): Promise<Response> {
  const url = new URL(request.url);
  const match = matchPath(url.pathname);
  const response =
    match === null
      ? notFound()
      : await dispatch(ROUTES[match.path], {
          request,
          url,
          params: match.params,
          wiring,
          operations,
        });
  return withHeaders(
    response,
    securityHeaders({
      https: wiring.publicUrl.startsWith('https:'),
      authorizeOrigins: wiring.sessions.flatMap(({ broker }) =>
        broker.verifierKind === 'pin' ? [broker.authorizeOrigin] : [],
      ),
    }),
  );
}

function dispatch(paths: Route, visit: Visit): Response | Promise<Response> {
  const { method } = visit.request;
  if ((method === 'GET' || method === 'HEAD') && paths.GET) return paths.GET(visit);
  if (method === 'POST' && paths.POST) return paths.POST(visit);
  const allow = [paths.GET && 'GET, HEAD', paths.POST && 'POST'].filter(Boolean).join(', ');
  return refusal({
    wants: 'page',
    error: 'method-not-allowed',
    words: MESSAGE.wrongMethod,
    status: 405,
    headers: { allow },
  });
}

/** Needs the cookie; without it people are offered a link. */
function known(wants: Wants, handler: (visit: KnownVisit) => Promise<Response>): Handler {
  return async (visit) => {
    const visitor = await visitorOf(visit);
    return visitor === null ? unknownVisitor(wants) : handler({ ...visit, visitor });
  };
}

/** A post of our own page's form: nothing of it is read before its origin is known. */
function fromOwnForm(handler: (visit: Visit, form: Form) => Promise<Response>): Handler {
  return async (visit) => {
    const { request, wiring } = visit;
    if (!isFromOwnPage(request.headers, wiring.publicUrl)) {
      wiring.log.warn('post-refused', 'A post did not come from our own page.', {
        site: request.headers.get('sec-fetch-site'),
      });
      return refusal({
        wants: 'page',
        error: 'foreign-post',
        words: MESSAGE.foreignPost,
        status: 403,
      });
    }
    const form = await readForm(request);
    if (form === null) {
      return refusal({ wants: 'page', error: 'not-a-form', words: MESSAGE.notAForm, status: 415 });
    }
    return handler(visit, form);
  };
}

/** A post that acts: our own form, the cookie, and the cookie's CSRF token in the form. */
function checked(handler: (visit: PostVisit) => Promise<Response>): Handler {
  return fromOwnForm(async (visit, form) => {
    const visitor = await visitorOf(visit);
    if (visitor === null) return unknownVisitor('page');
    if (!sameText(form.field('csrf') ?? '', visitor.csrf)) {
      visit.wiring.log.warn('post-refused', 'A post came without its CSRF token.');
      return refusal({ wants: 'page', error: 'stale-form', words: MESSAGE.staleForm, status: 403 });
    }
    return handler({ ...visit, visitor, form });
  });
}

/** The path's session, if it is one of ours. */
function forSession<V extends Visit>(
  handler: (visit: SessionVisit<V>) => Promise<Response>,
): (visit: V) => Promise<Response> {
  return async (visit) => {
    const session: ConfiguredSession | null = sessionOf(visit.wiring, visit.params[0] ?? '');
    if (session === null) {
      return refusal({
        wants: 'page',
        error: 'unknown-session',
        words: MESSAGE.unknownSession,
        status: 404,
      });
    }
    return handler({ ...visit, session });
  };
}

/** Whoever sends the status key as a bearer token needs no cookie; a wrong key is no second chance. */
function byKeyOr(withKey: Handler, withCookie: Handler): Handler {
  return async (visit) => {
    const authorization = visit.request.headers.get('authorization');
    if (authorization === null) return withCookie(visit);
    const { statusKey } = visit.wiring;
    const sent = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
    if (statusKey !== null && sameText(sent, statusKey.reveal())) return withKey(visit);
    return unknownVisitor('json');
  };
}

function visitorOf({ request, wiring }: Visit): Promise<Visitor | null> {
  return wiring.cookies.read(request.headers.get('cookie'));
}

function unknownVisitor(wants: Wants): Response {
  return wants === 'page'
    ? page(accessPage('needed'), 401)
    : refusal({
        wants: 'json',
        error: 'unauthorized',
        words: LINK.needed,
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
      });
}

function notFound(): Response {
  return refusal({ wants: 'page', error: 'not-found', words: MESSAGE.notFound, status: 404 });
}
