/**
 * The person of the morning, played over real HTTP: opens the button's link, presses "Open", logs in at the
 * broker, pastes the PIN where there is one.
 *
 * Has a browser without JavaScript, and uses the pages' own forms: ours and the simulated brokers'. Used by
 * `day.ts` and by scenarios.
 */

import { attribute, createBrowser, formOf, type SeenPage } from './browser.ts';

export type PersonOptions = {
  readonly controlUrl: string;
  readonly fetch?: typeof globalThis.fetch;
};

/** What the person does with the broker's question. */
export type Decision = 'Accept' | 'Decline';

export type Person = {
  /** Opens a button's link; the page behind it. */
  readonly open: (link: string) => Promise<SeenPage>;
  /** Presses "Open …": the broker's address that the browser is sent to. */
  readonly start: (session: string) => Promise<string>;
  /**
   * Logs in on the broker's own page and decides: the page where that ends, which is one of ours where the
   * broker sends the person back.
   */
  readonly logIn: (address: string, decision?: Decision) => Promise<SeenPage>;
  /** Logs in and accepts without the page, through the control API; the PIN that the broker shows. */
  readonly approve: (session: string) => Promise<string>;
  /** Pastes the PIN; the page that says what came of it. */
  readonly paste: (session: string, pin: string) => Promise<SeenPage>;
  /** All of it, from the link to the last page. */
  readonly signIn: (link: string, session: string) => Promise<SeenPage>;
};

export function createPerson({ controlUrl, fetch = globalThis.fetch }: PersonOptions): Person {
  const browser = createBrowser(fetch);
  let csrf: string | null = null;
  let origin = '';

  /** The token of the page's forms; the page stays open in the browser, so it is read once a visit. */
  async function formToken(session: string): Promise<string> {
    if (csrf !== null) return csrf;
    const page = await browser.open(`${origin}/sign-in/${session}`);
    csrf = formOf(page)?.['csrf'] ?? null;
    if (csrf === null) throw new Error(`The sign-in page answers ${page.status} and has no form`);
    return csrf;
  }

  const person: Person = {
    open(link) {
      ({ origin } = new URL(link));
      csrf = null;
      return browser.open(link);
    },
    async start(session) {
      const form = { csrf: await formToken(session) };
      const page = await browser.postWithin(`${origin}/sign-in/${session}/start`, form, origin);
      if (new URL(page.url).origin === origin) {
        throw new Error(`"Open" answered ${page.status} and did not lead to the broker`);
      }
      return page.url;
    },
    async logIn(address, decision = 'Accept') {
      const page = await browser.open(address);
      const form = formOf(page);
      if (form === null) throw new Error(`The broker's page answers ${page.status}: no login`);
      return browser.post(page.url, { ...form, decision }, new URL(page.url).origin);
    },
    async approve(session) {
      const answer = await fetch(`${controlUrl}/local/approve`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ session }),
      });
      const approval: unknown = await answer.json();
      if (typeof approval === 'object' && approval !== null && 'pin' in approval) {
        return String(approval.pin);
      }
      throw new Error(`The broker shows no PIN for "${session}" (${answer.status})`);
    },
    async paste(session, pin) {
      const form = { csrf: await formToken(session), pin };
      return browser.postWithin(`${origin}/sign-in/${session}`, form, origin);
    },
    async signIn(link, session) {
      await person.open(link);
      const page = await person.logIn(await person.start(session));
      const pin = pinOn(page);
      return pin === null ? page : person.paste(session, pin);
    },
  };
  return person;
}

/** What a broker's page shows to be copied; `null` where it shows nothing such. */
export function pinOn({ html }: SeenPage): string | null {
  const field = /<input class="code"[^>]*>/.exec(html)?.[0];
  return field === undefined ? null : attribute(field, 'value');
}
