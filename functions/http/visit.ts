/**
 * One request on its way through the routes, with everything a handler may use.
 *
 * Types, and the few lines that most handlers share. Made by `routes.ts`.
 */

import type { SessionKey } from '../lifecycle/session.ts';
import type { collectForPage } from '../operations/collect-reports.ts';
import type { completeSignIn } from '../operations/complete-sign-in.ts';
import { zoneOf as zoneOfSessions } from '../operations/markets.ts';
import type { ApprovalView, readApproval } from '../operations/read-approval.ts';
import type { readStatus, Status } from '../operations/read-status.ts';
import type { forceKeepAlive } from '../operations/renew-sessions.ts';
import type { requestApproval } from '../operations/request-approval.ts';
import type { revokeSession } from '../operations/revoke-session.ts';
import type { noteLinkOpened, sendLink } from '../operations/send-link.ts';
import type { startSignIn } from '../operations/start-sign-in.ts';
import type { ConfiguredSession, System } from '../operations/system.ts';
import type { takeApproval } from '../operations/take-approval.ts';
import type { Visitor } from './cookie.ts';
import type { Doors } from './doors.ts';
import type { Form } from './form.ts';
import type { OutcomeResult } from './outcome.ts';
import { redirect } from './reply.ts';

/** The operations that the pages call; tests hand in fakes. */
export type Operations = {
  readonly startSignIn: typeof startSignIn;
  readonly completeSignIn: typeof completeSignIn;
  readonly readApproval: typeof readApproval;
  readonly requestApproval: typeof requestApproval;
  readonly takeApproval: typeof takeApproval;
  readonly readStatus: typeof readStatus;
  readonly collectForPage: typeof collectForPage;
  readonly forceKeepAlive: typeof forceKeepAlive;
  readonly revokeSession: typeof revokeSession;
  readonly sendLink: typeof sendLink;
  readonly noteLinkOpened: typeof noteLinkOpened;
};

export type Visit = {
  readonly request: Request;
  readonly url: URL;
  readonly params: readonly string[];
  readonly wiring: System & Doors;
  readonly operations: Operations;
};

/** A visit by someone with a cookie. */
export type KnownVisit = Visit & { readonly visitor: Visitor };

/** A post whose form, origin and CSRF token have been checked. */
export type PostVisit = KnownVisit & { readonly form: Form };

/** A known visit to a configured session. */
export type SessionVisit<V extends Visit> = V & { readonly session: ConfiguredSession };

/** Whether this request may act: HEAD and speculative loads look only. */
export function mayAct(request: Request): boolean {
  const purpose = request.headers.get('sec-purpose') ?? request.headers.get('purpose') ?? '';
  return request.method !== 'HEAD' && !purpose.includes('prefetch');
}

export async function setCookie(visit: Visit, visitor: Visitor): Promise<Record<string, string>> {
  return { 'set-cookie': await visit.wiring.cookies.write(visitor) };
}

/** Remembers what the action came to and leads to the page that shows it. */
export async function showOutcome(
  visit: Visit,
  visitor: Visitor,
  session: SessionKey | null,
  result: OutcomeResult,
  location: string,
): Promise<Response> {
  const outcome = { at: visit.wiring.clock(), session, result };
  return redirect(location, await setCookie(visit, { ...visitor, outcome }));
}

/** The zone in which the pages write moments: of the session's market, or of the first session's. */
export function zoneOf(system: System, session?: Pick<ConfiguredSession, 'key'>): string {
  return zoneOfSessions(system, session === undefined ? [] : [session.key]);
}

/** The status where it only adds to a page: a store that fails must not take the page along. */
export async function statusOrNull(visit: Visit): Promise<Status | null> {
  try {
    return await visit.operations.readStatus(visit.wiring);
  } catch (error) {
    visit.wiring.log.error('status-not-read', 'The page is shown without the state.', error);
    return null;
  }
}

/** What is on the person's phone, where the broker asks there; a page without it still signs in. */
export async function approvalOrNull({
  session,
  ...visit
}: SessionVisit<Visit>): Promise<ApprovalView | null> {
  try {
    return await visit.operations.readApproval(visit.wiring, session);
  } catch (error) {
    visit.wiring.log.error('approval-not-read', 'The page is shown without the request.', error);
    return null;
  }
}
