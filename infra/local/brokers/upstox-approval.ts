/**
 * The approval push of the simulated Upstox: takes an app's token request, shows it on the person's phone,
 * queues the notice that brings the token.
 *
 * Posts nothing itself. A rejection is told to nobody. Called by `upstox.ts`.
 * @see https://upstox.com/developer/api-documentation/access-token-request
 */

import { phonePage } from './consent-pages.ts';
import type { Answer } from './http-answer.ts';
import { writtenInIndia } from './india.ts';
import type { Consumer } from './simulator.ts';
import { requestAnswer, upstoxError } from './upstox-answers.ts';
import type { TokenRequest } from './upstox-book.ts';
import { BRAND, type Counter } from './upstox-login.ts';

/** `POST …/token/request/<client id>`: a prompt for the person, until 03:30. */
export function takeRequest(clientId: string, secret: string | null, counter: Counter): Answer {
  const { apps, book, switches, now } = counter;
  const app = apps.get(clientId);
  if (app === undefined || secret !== app.secret) return upstoxError(switches.badCredentials);
  if (switches.clientInactive) return upstoxError('UDAPI100073');
  const notifier = notifierOf(app, counter);
  if (notifier === null) return upstoxError('UDAPI1155');
  const pending = book.pendingRequests(now).find((request) => request.clientId === clientId);
  if (pending === undefined) return requestAnswer(book.request(clientId, now), notifier);
  return switches.repeatedRequest === 'success'
    ? requestAnswer(pending, notifier)
    : upstoxError('UDAPI100069', 400);
}

export function showPhone(counter: Counter, news: string | null = null): Answer {
  const prompts = counter.book.pendingRequests(counter.now).map(({ id, clientId, expiresAt }) => ({
    id,
    app: clientId,
    until: `${writtenInIndia(expiresAt).slice(0, 16)} IST`,
  }));
  return phonePage(BRAND, prompts, news);
}

/** The form of the phone's page: `request` and `decision`, which is `Approve` or `Reject`. */
export function answerPhone(form: URLSearchParams, counter: Counter): Answer {
  const id = form.get('request');
  const request = counter.book.pendingRequests(counter.now).find((pending) => pending.id === id);
  if (request === undefined) return showPhone(counter, 'This request is over.');
  const isApproved = decide(request, form.get('decision') === 'Approve', counter);
  return showPhone(counter, isApproved ? 'Approved.' : 'Rejected. The application is not told.');
}

/** The person's answer to the newest prompt of this key; false when there is none. */
export function answerNewest(clientId: string, approves: boolean, counter: Counter): boolean {
  const request = counter.book
    .pendingRequests(counter.now)
    .findLast((pending) => pending.clientId === clientId);
  if (request === undefined) return false;
  decide(request, approves, counter);
  return true;
}

export function notifierOf(app: Consumer, { switches }: Counter): string | null {
  return app.notifierUrl ?? switches.notifierUrl;
}

function decide(request: TokenRequest, approves: boolean, counter: Counter): boolean {
  const { book, switches, now } = counter;
  if (!approves || switches.notice === 'reject') {
    book.decide(request, 'rejected');
    return false;
  }
  book.decide(request, 'approved');
  const access = book.issue(request.clientId, switches.signInAs, now, switches.secondLoginKills);
  if (switches.notice === 'never') return true;
  const dueAt = switches.notice === 'late' ? now + switches.lateMinutes * 60_000 : now;
  book.queueNotice(access, dueAt);
  if (switches.notice === 'twice') book.queueNotice(access, dueAt);
  return true;
}
