/**
 * The browser's half of a sign-in at the simulated E*TRADE: shows the logon, takes the decision, hands out
 * the verifier on a page or by the registered callback.
 *
 * Never issues a token. Called by `etrade.ts`, for the page and for `approve`.
 *
 * @see https://apisb.etrade.com/docs/api/authorization/authorize.html
 */

import { USER_IDS } from './etrade-accounts.ts';
import { codePage, declinedPage, logonDelayPage, logonPage } from './etrade-pages.ts';
import { type Counter, isRejected } from './etrade-signed.ts';
import type { Switches } from './etrade-switches.ts';
import { isOpenAt, type Login, type RequestToken } from './etrade-tokens.ts';
import type { Answer } from './http-answer.ts';
import { parseForm, percentEncode } from './oauth1-verifier.ts';
import type { Approval, Consumer } from './simulator.ts';

type Pending = { readonly consumer: Consumer; readonly request: RequestToken };

/** `GET` shows the logon page, from `key` and `token` in the query. */
export function showLogon(target: string, counter: Counter): Answer {
  const query = target.split('?')[1] ?? '';
  const pending =
    tokenIsEncoded(query) || counter.switches.rawToken === 'decoded'
      ? findPending(parseForm(query) ?? [], counter)
      : null;
  return pending === null ? logonDelayPage() : logon(pending, counter.switches, null);
}

/** `POST` takes the logon form: the decision, or once more the page when a field is empty. */
export function takeDecision(form: string, counter: Counter): Answer {
  const fields = parseForm(form) ?? [];
  const pending = findPending(fields, counter);
  if (pending === null) return logonDelayPage();
  const field = (name: string): string => fields.find(([key]) => key === name)?.[1].trim() ?? '';
  if (field('decision') === 'Decline') {
    counter.tokens.end(pending.request);
    return declinedPage();
  }
  if (field('decision') !== 'Accept' || field('userId') === '' || field('password') === '') {
    return logon(pending, counter.switches, 'Enter your User ID and your password.');
  }
  const approval = approve(pending.request, loginOf(field('userId'), counter.switches), counter);
  if ('pin' in approval) return codePage(approval.pin);
  return { status: 302, type: '', body: '', headers: { location: approval.redirect } };
}

/** Does what the page does for the newest open request token of this key; `null` when there is none. */
export function approveNewest(consumerKey: string, counter: Counter): Approval | null {
  const request = counter.tokens
    .openRequests(counter.now)
    .findLast((open) => open.consumerKey === consumerKey);
  if (request === undefined) return null;
  const pending = usable(request, counter);
  return pending === null ? null : approve(pending.request, counter.switches.signInAs, counter);
}

function approve(request: RequestToken, login: Login, counter: Counter): Approval {
  const verifier = counter.tokens.approve(request, login);
  const { callbackUrl, redirectCarriesToken } = counter.switches;
  if (callbackUrl === null) return { pin: verifier };
  const query = [
    ...(redirectCarriesToken ? [`oauth_token=${percentEncode(request.token)}`] : []),
    `oauth_verifier=${percentEncode(verifier)}`,
  ].join('&');
  return { redirect: `${callbackUrl}${callbackUrl.includes('?') ? '&' : '?'}${query}` };
}

function findPending(
  fields: readonly (readonly [string, string])[],
  counter: Counter,
): Pending | null {
  const field = (name: string): string => fields.find(([key]) => key === name)?.[1] ?? '';
  const request = counter.tokens.request(field('token'));
  return request?.consumerKey === field('key') ? usable(request, counter) : null;
}

function usable(request: RequestToken, counter: Counter): Pending | null {
  const { consumers, switches, now } = counter;
  const consumer = consumers.get(request.consumerKey);
  if (consumer === undefined || isRejected(consumer, switches)) return null;
  if (switches.hostRole === 'api' && request.host !== 'api') return null;
  return isOpenAt(request, now) ? { consumer, request } : null;
}

function tokenIsEncoded(query: string): boolean {
  const raw = /(?:^|&)token=([^&]*)/.exec(query)?.[1] ?? '';
  return /^[A-Za-z0-9\-._~%]*$/.test(raw);
}

/** The other person's User ID logs that person in; any other text is whoever the switch says. */
function loginOf(userId: string, switches: Switches): Login {
  if (userId.toLowerCase() === USER_IDS.other) return 'other';
  return switches.signInAs;
}

function logon({ consumer, request }: Pending, switches: Switches, error: string | null): Answer {
  const { callbackUrl } = switches;
  return logonPage({
    key: consumer.key,
    token: request.token,
    environment: consumer.environment,
    userId: USER_IDS[switches.signInAs],
    reference: request.earlyCode,
    error,
    formTargets: callbackUrl === null ? [] : [new URL(callbackUrl).origin],
  });
}
