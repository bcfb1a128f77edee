/**
 * The browser's half of a sign-in at the simulated Upstox: shows the dialog, takes the decision, sends the
 * browser back with a code.
 *
 * Never issues an access token. Called by `upstox.ts`, for the page and for `approve`.
 * @see https://upstox.com/developer/api-documentation/authorize
 */

import { consentPage, notePage } from './consent-pages.ts';
import type { Answer } from './http-answer.ts';
import type { Approval, Consumer } from './simulator.ts';
import { USERS, upstoxError } from './upstox-answers.ts';
import type { Login, Person, UpstoxBook } from './upstox-book.ts';
import type { Switches } from './upstox-switches.ts';

export const BRAND = 'Upstox';

/** What every part of the simulator works with. */
export type Counter = {
  readonly apps: ReadonlyMap<string, Consumer>;
  readonly book: UpstoxBook;
  readonly switches: Switches;
  readonly now: number;
};

/** `GET` shows the login page; what is wrong with the address is said in JSON, as the real one does. */
export function showDialog(query: URLSearchParams, counter: Counter): Answer {
  const app = counter.apps.get(query.get('client_id') ?? '');
  const redirectUri = query.get('redirect_uri') ?? '';
  const isRegistered = (app?.redirectUrl ?? redirectUri) === redirectUri;
  if (
    app === undefined ||
    !isRegistered ||
    !/^https?:$/.test(URL.parse(redirectUri)?.protocol ?? '')
  ) {
    return upstoxError('UDAPI100068');
  }
  if (counter.switches.clientInactive) return upstoxError('UDAPI100073');
  if (query.get('response_type') !== 'code') return upstoxError('UDAPI100060', 400);
  const appState = query.get('state');
  return dialog(
    counter.book.open({ clientId: app.key, redirectUri, appState }, counter.now),
    counter,
    null,
  );
}

/** `POST` takes the login form: the decision, or once more the page when a field is empty. */
export function takeDecision(form: URLSearchParams, counter: Counter): Answer {
  const field = (name: string): string => form.get(name)?.trim() ?? '';
  const login = counter.book.openLogin(field('login'), counter.now);
  if (login === null) {
    const text = 'Your session has expired. Go back to the application and try again.';
    return notePage({ brand: BRAND, title: 'Not possible', text, status: 400 });
  }
  if (field('decision') === 'Decline') {
    counter.book.end(login);
    if (counter.switches.decline === 'redirect') {
      return redirectTo(addressBack(login, { error: 'access_denied' }));
    }
    const text = 'The application was given nothing. You can close this page.';
    return notePage({ brand: BRAND, title: 'Access declined', text });
  }
  const secrets = [field('secret0'), field('secret1')];
  if (field('decision') !== 'Accept' || field('userId') === '' || secrets.includes('')) {
    return dialog(login, counter, 'Enter your user ID, the one-time code and your PIN.');
  }
  return redirectTo(approve(login, personOf(field('userId'), counter.switches), counter));
}

/** Does what the page does for the newest open login of this key; `null` when there is none. */
export function approveNewest(clientId: string, counter: Counter): Approval | null {
  const login = counter.book.newestOpen(clientId, counter.now);
  return login === null ? null : { redirect: approve(login, counter.switches.signInAs, counter) };
}

function approve(login: Login, who: Person, { book, now }: Counter): string {
  return addressBack(login, { code: book.approve(login, who, now) });
}

function addressBack(login: Login, fields: Readonly<Record<string, string>>): string {
  const url = new URL(login.redirectUri);
  for (const [name, value] of Object.entries(fields)) url.searchParams.append(name, value);
  if (login.appState !== null) url.searchParams.append('state', login.appState);
  return url.href;
}

function redirectTo(location: string): Answer {
  return { status: 302, type: '', body: '', headers: { location } };
}

function dialog(login: Login, { switches }: Counter, error: string | null): Answer {
  return consentPage({
    brand: BRAND,
    login: login.id,
    app: login.clientId,
    until: 'until the next 03:30, India time',
    userId: USERS[switches.signInAs].id,
    asks: ['One-time code', 'PIN'],
    error,
    formTargets: [new URL(login.redirectUri).origin],
  });
}

/** The other person's user ID logs that person in; any other text is whoever the switch says. */
function personOf(userId: string, switches: Switches): Person {
  return userId.toUpperCase() === USERS.other.id ? 'other' : switches.signInAs;
}
