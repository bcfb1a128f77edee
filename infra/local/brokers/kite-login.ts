/**
 * The browser's half of a sign-in at the simulated Kite: shows the login, takes the decision, sends the
 * browser back with a request token.
 *
 * The redirect address is the one registered with the key; no request can name another. Never issues an
 * access token. Called by `kite.ts`, for the page and for `approve`.
 * @see https://kite.trade/docs/connect/v3/user/#login-flow
 */

import { consentPage, notePage } from './consent-pages.ts';
import type { Answer } from './http-answer.ts';
import { USERS } from './kite-answers.ts';
import type { KiteBook, Login, Person } from './kite-book.ts';
import type { Switches } from './kite-switches.ts';
import type { Approval, Consumer } from './simulator.ts';

const BRAND = 'Zerodha Kite';

/** What every part of the simulator works with. */
export type Counter = {
  readonly apps: ReadonlyMap<string, Consumer>;
  readonly book: KiteBook;
  readonly switches: Switches;
  readonly now: number;
};

/** `GET` shows the login page. */
export function showLogin(query: URLSearchParams, counter: Counter): Answer {
  const app = counter.apps.get(query.get('api_key') ?? '');
  if (app === undefined) return refused('Invalid `api_key`.');
  if (query.get('v') !== '3') return refused('Add "v=3" to the address.');
  if (registeredRedirect(app, counter) === null) return refused('The app has no redirect address.');
  return loginPage(
    counter.book.open(app.key, query.get('redirect_params') ?? '', counter.now),
    counter,
    null,
  );
}

/** `POST` takes the login form: the decision, or once more the page when a field is empty. */
export function takeDecision(form: URLSearchParams, counter: Counter): Answer {
  const field = (name: string): string => form.get(name)?.trim() ?? '';
  const login = counter.book.openLogin(field('login'), counter.now);
  if (login === null) return refused('Session expired. Go back to the application and try again.');
  if (field('decision') === 'Decline') {
    counter.book.end(login);
    const declined = new URLSearchParams({ status: 'cancelled', action: 'login' });
    if (counter.switches.decline === 'redirect') return sendBack(login, declined, counter);
    return notePage({
      brand: BRAND,
      title: 'Access declined',
      text: 'The application was given nothing. You can close this page.',
    });
  }
  const secrets = [field('secret0'), field('secret1')];
  if (field('decision') !== 'Accept' || field('userId') === '' || secrets.includes('')) {
    return loginPage(login, counter, 'Enter your user ID, your password and the app code.');
  }
  return redirectTo(approve(login, personOf(field('userId'), counter.switches), counter));
}

/** Does what the page does for the newest open login of this key; `null` when there is none. */
export function approveNewest(apiKey: string, counter: Counter): Approval | null {
  const login = counter.book.newestOpen(apiKey, counter.now);
  return login === null ? null : { redirect: approve(login, counter.switches.signInAs, counter) };
}

function approve(login: Login, who: Person, counter: Counter): string {
  const query = new URLSearchParams({
    request_token: counter.book.approve(login, who, counter.now),
    ...(counter.switches.redirectCarriesAction ? { action: 'login' } : {}),
    status: 'success',
  });
  return addressBack(login, query, counter);
}

function sendBack(login: Login, query: URLSearchParams, counter: Counter): Answer {
  return redirectTo(addressBack(login, query, counter));
}

/** The registered address with Kite's parameters and the app's own. */
function addressBack(login: Login, query: URLSearchParams, counter: Counter): string {
  const app = counter.apps.get(login.apiKey);
  const registered = app === undefined ? null : registeredRedirect(app, counter);
  const url = new URL(registered ?? 'http://127.0.0.1/nothing-registered');
  for (const [name, value] of query) url.searchParams.append(name, value);
  for (const [name, value] of new URLSearchParams(login.redirectParams)) {
    url.searchParams.append(name, value);
  }
  return url.href;
}

function registeredRedirect(app: Consumer, { switches }: Counter): string | null {
  return app.redirectUrl ?? switches.redirectUrl;
}

function redirectTo(location: string): Answer {
  return { status: 302, type: '', body: '', headers: { location } };
}

function loginPage(login: Login, counter: Counter, error: string | null): Answer {
  const app = counter.apps.get(login.apiKey);
  const target = app === undefined ? null : registeredRedirect(app, counter);
  return consentPage({
    brand: BRAND,
    login: login.id,
    app: login.apiKey,
    until: 'until the next 06:00, India time',
    userId: USERS[counter.switches.signInAs].id,
    asks: ['Password', 'App code'],
    error,
    formTargets: target === null ? [] : [new URL(target).origin],
  });
}

/** The other person's user ID logs that person in; any other text is whoever the switch says. */
function personOf(userId: string, switches: Switches): Person {
  return userId.toUpperCase() === USERS.other.id ? 'other' : switches.signInAs;
}

function refused(text: string): Answer {
  return notePage({ brand: BRAND, title: 'Not possible', text, status: 400 });
}
