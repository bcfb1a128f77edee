/**
 * The browser's half of a sign-in at a simulated OAuth 2 broker: shows the login, takes the decision, sends
 * the browser back with a code or with a no.
 *
 * Checks what every authorization server checks; what one broker asks for besides is handed in. Never
 * issues a token. Called by the simulators, for the page and for `approve`.
 * @see https://datatracker.ietf.org/doc/html/rfc6749#section-4.1.1
 */

import { consentPage, notePage } from './consent-pages.ts';
import type { GrantBook, Login, Person } from './grant-book.ts';
import type { Answer } from './http-answer.ts';
import type { Approval, Consumer } from './simulator.ts';

/** One broker's part of the page. */
export type LoginDesk = {
  readonly brand: string;
  /** "until …", for the consent. */
  readonly until: string;
  /** Who types what; the other person's user ID logs that person in. */
  readonly userIds: Readonly<Record<Person, string>>;
  /** The person logged in by any other user ID, and by `approve`. */
  readonly person: Person;
  readonly book: GrantBook;
  readonly now: number;
  /** `null` for a key that nobody knows, or that is switched off. */
  readonly consumer: (key: string) => Consumer | null;
  /** An `error` that the browser is sent back with at once, or the scope that is granted. */
  readonly grantable: (
    query: URLSearchParams,
  ) => { readonly error: string } | { readonly scope: readonly string[] };
  readonly mayRedirectTo: (url: URL) => boolean;
  /** A code in the broker's form, of random text. */
  readonly codeOf: (drawn: string) => string;
};

/** `GET` shows the login page, or says why there is none. */
export function showLogin(query: URLSearchParams, desk: LoginDesk): Answer {
  const one = (name: string): string => {
    const values = query.getAll(name);
    return values.length === 1 ? (values[0] ?? '') : '';
  };
  const consumer = desk.consumer(one('client_id'));
  if (consumer === null) return refused(desk, 'The application is not known here.');
  const redirectUrl = one('redirect_uri');
  if (!isRegistered(redirectUrl, consumer, desk)) {
    return refused(desk, 'The address to return to is not registered with the application.');
  }
  const state = query.get('state');
  const granted =
    one('response_type') === 'code'
      ? desk.grantable(query)
      : { error: 'unsupported_response_type' };
  if ('error' in granted) {
    return redirectTo(addressBack(redirectUrl, state, { error: granted.error }));
  }
  const login = desk.book.openLogin(
    {
      consumerKey: consumer.key,
      redirectUrl,
      state,
      scope: [...granted.scope],
      challenge: one('code_challenge_method') === 'S256' ? one('code_challenge') : null,
    },
    desk.now,
  );
  return loginPage(login, desk, null);
}

/** `POST` takes the login form: the decision, or once more the page when a field is empty. */
export function takeDecision(form: URLSearchParams, desk: LoginDesk): Answer {
  const field = (name: string): string => form.get(name)?.trim() ?? '';
  const login = desk.book.login(field('login'), desk.now);
  if (login === null) return refused(desk, 'This login is over.');
  if (field('decision') === 'Decline') {
    desk.book.endLogin(login);
    return redirectTo(
      addressBack(login.redirectUrl, login.state, {
        error: 'access_denied',
        error_description: 'The user declined.',
      }),
    );
  }
  if (field('decision') !== 'Accept' || field('userId') === '' || field('secret0') === '') {
    return loginPage(login, desk, 'Enter your user ID and your password.');
  }
  const isOther = field('userId').toLowerCase() === desk.userIds.other;
  return redirectTo(approve(login, isOther ? 'other' : desk.person, desk));
}

/** Does what the page does for the newest open login of this key; `null` when there is none. */
export function approveNewest(consumerKey: string, desk: LoginDesk): Approval | null {
  const login = desk.book.newestLogin(consumerKey, desk.now);
  return login === null ? null : { redirect: approve(login, desk.person, desk) };
}

function approve(login: Login, who: Person, desk: LoginDesk): string {
  const code = desk.book.approve(login, who, desk.now, desk.codeOf);
  return addressBack(login.redirectUrl, login.state, { code: code.token });
}

/** Compared character by character: case and a slash at the end matter. */
function isRegistered(redirectUrl: string, consumer: Consumer, desk: LoginDesk): boolean {
  const url = URL.parse(redirectUrl);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hash !== '') return false;
  const { redirectUrl: registered = null } = consumer;
  return (registered === null || registered === redirectUrl) && desk.mayRedirectTo(url);
}

function addressBack(
  redirectUrl: string,
  state: string | null,
  answer: Readonly<Record<string, string>>,
): string {
  const url = new URL(redirectUrl);
  for (const [name, value] of Object.entries(answer)) url.searchParams.append(name, value);
  if (state !== null) url.searchParams.append('state', state);
  return url.href;
}

function redirectTo(location: string): Answer {
  return { status: 302, type: '', body: '', headers: { location } };
}

function loginPage(login: Login, desk: LoginDesk, error: string | null): Answer {
  return consentPage({
    brand: desk.brand,
    login: login.id,
    app: login.consumerKey,
    until: desk.until,
    userId: desk.userIds[desk.person],
    asks: ['Password'],
    error,
    formTargets: [new URL(login.redirectUrl).origin],
  });
}

function refused({ brand }: LoginDesk, text: string): Answer {
  return notePage({ brand, title: 'Not possible', text, status: 400 });
}
