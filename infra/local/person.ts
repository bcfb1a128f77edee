/**
 * The person of the morning, played over real HTTP: opens the button's link, presses "Open", logs in at the
 * broker, pastes the PIN.
 *
 * A browser without JavaScript: follows redirects, keeps the cookie, posts the page's own forms. The login at
 * the broker goes through the control API. Used by `day.ts` and by scenarios.
 */

export type PersonOptions = {
  readonly controlUrl: string;
  readonly fetch?: typeof globalThis.fetch;
};

/** A page as the person sees it. */
export type SeenPage = { readonly status: number; readonly url: string; readonly html: string };

export type Person = {
  /** Opens a button's link; the page behind it. */
  readonly open: (link: string) => Promise<SeenPage>;
  /** Presses "Open E*TRADE": the broker's address that the browser is sent to. */
  readonly start: (session: string) => Promise<string>;
  /** Logs in and accepts at the broker; the PIN it shows. */
  readonly approve: (session: string) => Promise<string>;
  /** Pastes the PIN; the page that says what came of it. */
  readonly paste: (session: string, pin: string) => Promise<SeenPage>;
  /** All of it, from the link to the last page. */
  readonly signIn: (link: string, session: string) => Promise<SeenPage>;
};

const MOST_REDIRECTS = 5;

export function createPerson({ controlUrl, fetch = globalThis.fetch }: PersonOptions): Person {
  let cookie: string | null = null;
  let csrf: string | null = null;
  let origin = '';

  async function request(url: string, form: Record<string, string> | null): Promise<Response> {
    const headers: Record<string, string> = cookie === null ? {} : { cookie };
    const answer = await fetch(
      url,
      form === null
        ? { headers, redirect: 'manual' }
        : {
            method: 'POST',
            headers: { ...headers, origin, 'sec-fetch-site': 'same-origin' },
            body: new URLSearchParams(form),
            redirect: 'manual',
          },
    );
    for (const line of answer.headers.getSetCookie()) cookie = line.split(';', 1)[0] ?? null;
    return answer;
  }

  /** Follows redirects within the public function; one that leads elsewhere is the last page. */
  async function visit(url: string, form: Record<string, string> | null): Promise<SeenPage> {
    let at = url;
    let answer = await request(at, form);
    for (let hops = 0; hops < MOST_REDIRECTS; hops += 1) {
      const location = answer.headers.get('location');
      if (location === null) break;
      at = new URL(location, at).href;
      if (new URL(at).origin !== origin) {
        await answer.body?.cancel();
        return { status: answer.status, url: at, html: '' };
      }
      await answer.body?.cancel();
      answer = await request(at, null);
    }
    return { status: answer.status, url: at, html: await answer.text() };
  }

  /** The token of the page's forms; the page stays open in the browser, so it is read once a visit. */
  async function formToken(session: string): Promise<string> {
    if (csrf !== null) return csrf;
    const { status, html } = await visit(`${origin}/sign-in/${session}`, null);
    csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? null;
    if (csrf === null) throw new Error(`The sign-in page answers ${status} and has no form`);
    return csrf;
  }

  const person: Person = {
    open(link) {
      ({ origin } = new URL(link));
      csrf = null;
      return visit(link, null);
    },
    async start(session) {
      const page = await visit(`${origin}/sign-in/${session}/start`, {
        csrf: await formToken(session),
      });
      if (new URL(page.url).origin === origin) {
        throw new Error(`"Open" answered ${page.status} and did not lead to the broker`);
      }
      return page.url;
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
      return visit(`${origin}/sign-in/${session}`, { csrf: await formToken(session), pin });
    },
    async signIn(link, session) {
      await person.open(link);
      await person.start(session);
      return person.paste(session, await person.approve(session));
    },
  };
  return person;
}
