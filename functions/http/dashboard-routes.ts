/**
 * Links, the dashboard and its buttons, and the same as JSON.
 *
 * Reads the request, calls one operation, answers. Called by `routes.ts`, which has checked who may.
 */

import { sessionOf } from '../operations/find-session.ts';
import type { Status } from '../operations/read-status.ts';
import type { Visitor } from './cookie.ts';
import { forceOutcome, newsFor, revokeOutcome } from './outcome.ts';
import { accessPage } from './pages/access.ts';
import { dashboardPage } from './pages/dashboard.ts';
import { momentText, zoneText } from './pages/moments.ts';
import { LINK } from './pages/texts.ts';
import { json, page, redirect, retryAfter } from './reply.ts';
import {
  type KnownVisit,
  mayAct,
  type PostVisit,
  type SessionVisit,
  setCookie,
  showOutcome,
  type Visit,
  zoneOf,
} from './visit.ts';

/** `GET /go/<link>`: trades the link for the cookie. A browser that has one keeps its open sign-ins. */
export async function followLink(visit: Visit, visitor: Visitor | null): Promise<Response> {
  const { links, cookies, log } = visit.wiring;
  const opened = await links.open(visit.params[0] ?? '');
  if (!opened.ok) {
    log.info('link-refused', 'A sign-in link did not open.', { reason: opened.reason });
    return page(accessPage('ended'), 410);
  }
  log.info('link-opened', 'A sign-in link was opened.', {
    session: opened.session,
    linkEndsAt: new Date(opened.endsAt).toISOString(),
    ...links.openerOf(visit.request.headers),
  });
  if (mayAct(visit.request)) await visit.operations.noteLinkOpened(visit.wiring);
  const admitted = cookies.admit(opened.endsAt);
  const merged =
    visitor === null ? admitted : { ...visitor, endsAt: Math.max(visitor.endsAt, admitted.endsAt) };
  const location = opened.session === null ? '/' : `/sign-in/${opened.session}`;
  return redirect(location, await setCookie(visit, merged));
}

/**
 * `GET /`; with `?done`, what the last post came to; with `?reports`, after collecting what workers report. A page
 * that misses workers leads there by itself, once.
 */
export async function showDashboard(visit: KnownVisit): Promise<Response> {
  const { wiring, visitor, url } = visit;
  const hasCollected = url.searchParams.has('reports');
  if (hasCollected && mayAct(visit.request)) await visit.operations.collectForPage(wiring);
  const status = await visit.operations.readStatus(wiring);
  const again = !hasCollected && missesWorkers(status);
  const address = url.searchParams.has('done') ? '/?done&reports' : '/?reports';
  return page(
    dashboardPage({
      status,
      csrf: visitor.csrf,
      zone: zoneOf(wiring),
      outcome: visit.url.searchParams.has('done')
        ? newsFor(visitor.outcome, null, wiring.clock())
        : null,
      brokerOf: (key) => (key === null ? null : sessionOf(wiring, key)?.broker) ?? SOME_BROKER,
    }),
    200,
    again ? { refresh: `${LOOK_AGAIN_SECONDS}; url=${address}` } : {},
  );
}

/** Workers report at once after a switch: by then they have. */
const LOOK_AGAIN_SECONDS = 5;

/** One that was offline may be back: its report lies in the channel until somebody collects. */
function missesWorkers({ sessions }: Status): boolean {
  return sessions.some(({ adoption: { waiting, lagging, offline }, state }) => {
    const hasToken = state !== 'none' && state !== 'expired';
    return waiting.length > 0 || lagging.length > 0 || (hasToken && offline.length > 0);
  });
}

/** Of an outcome that belongs to no session of ours. */
const SOME_BROKER = { title: 'The broker', verifierKind: 'pin' } as const;

/** `GET /status` */
export async function showStatus(visit: Visit): Promise<Response> {
  return json(await visit.operations.readStatus(visit.wiring));
}

/** `GET /keepalive/status`: the part of the status that keep-alive answers for. */
export async function showKeepAlive(visit: Visit): Promise<Response> {
  const { now, keepAlive, sessions } = await visit.operations.readStatus(visit.wiring);
  return json({
    now,
    ...keepAlive,
    sessions: sessions.map(({ key, state, idleAt, lastUsedAt, lastRenewedAt, counts }) => ({
      key,
      state,
      idleAt,
      lastUsedAt,
      lastRenewedAt,
      counts,
    })),
  });
}

/** `POST /keepalive/force` from the dashboard. */
export async function renewNow(visit: PostVisit): Promise<Response> {
  const result = forceOutcome(await visit.operations.forceKeepAlive(visit.wiring));
  return showOutcome(visit, visit.visitor, null, result, '/?done');
}

/** `POST /sign-out/<key>` */
export async function signOut(visit: SessionVisit<PostVisit>): Promise<Response> {
  const { session, visitor } = visit;
  const result = revokeOutcome(await visit.operations.revokeSession(visit.wiring, session));
  return showOutcome(visit, visitor, session.key, result, '/?done');
}

/** `POST /browser/sign-out`: this browser forgets its cookie; tokens and other browsers stay as they are. */
export async function signOutBrowser({ wiring }: PostVisit): Promise<Response> {
  return page(accessPage('left'), 200, { 'set-cookie': wiring.cookies.clear() });
}

/** `POST /link`: a new link goes to the configured chat and nowhere else, whoever asks. */
export async function askForLink(visit: Visit): Promise<Response> {
  const { request, wiring } = visit;
  const hasHadLink = await wiring.cookies.hasHadLink(request.headers.get('cookie'));
  const asker = hasHadLink ? 'known' : 'anyone';
  const result = await visit.operations.sendLink(wiring, asker);
  if (result.ok) return page(accessPage('sent'));
  if (result.reason === 'too-soon') {
    const now = wiring.clock();
    const zone = zoneOf(wiring);
    const moment = (at: number) => `${momentText(at, now, zone)} (${zoneText(zone)})`;
    const sentAt = result.sentAt === null ? null : moment(result.sentAt);
    const words = LINK.tooSoon(sentAt, moment(result.retryAt));
    const which = sentAt === null ? 'notDelivered' : 'sent';
    return page(accessPage(which, words), 429, retryAfter(result.retryAt, now));
  }
  return page(accessPage('notDelivered'), 503);
}
