/**
 * A browser without JavaScript: follows redirects and pages that lead on, keeps each origin's cookies, fills in and posts a page's
 * own form.
 *
 * Sends what a browser sends with a post, and reads no more of a page than its first form. Used by
 * `person.ts`.
 */

/** A page as the person sees it. */
export type SeenPage = { readonly status: number; readonly url: string; readonly html: string };

export type Browser = {
  /** Opens an address, by a link or the address bar. */
  readonly open: (url: string) => Promise<SeenPage>;
  /** Posts a form from a page of `origin`. */
  readonly post: (url: string, form: Form, origin: string) => Promise<SeenPage>;
  /**
   * The same, not leaving `origin`: a redirect that leads elsewhere is the last page, unopened and empty.
   */
  readonly postWithin: Browser['post'];
};

export type Form = Readonly<Record<string, string>>;

const MOST_REDIRECTS = 5;

export function createBrowser(fetch: typeof globalThis.fetch): Browser {
  const cookies = new Map<string, Map<string, string>>();

  async function request(url: string, form: Form | null, from: string): Promise<Response> {
    const { origin } = new URL(url);
    const jar = cookies.get(origin) ?? new Map<string, string>();
    cookies.set(origin, jar);
    const headers: Record<string, string> = {};
    if (jar.size > 0) headers['cookie'] = [...jar].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(
      url,
      form === null
        ? { headers, redirect: 'manual' }
        : {
            method: 'POST',
            headers: {
              ...headers,
              origin: from,
              'sec-fetch-site': from === origin ? 'same-origin' : 'cross-site',
            },
            body: new URLSearchParams(form),
            redirect: 'manual',
          },
    );
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    return answer;
  }

  async function visit(
    url: string,
    form: Form | null,
    from: string,
    mayGoTo: (origin: string) => boolean,
  ): Promise<SeenPage> {
    let at = url;
    let answer = await request(at, form, from);
    for (let hops = 0; hops < MOST_REDIRECTS; hops += 1) {
      const location = answer.headers.get('location') ?? refreshOf(answer);
      if (location === null) break;
      await answer.body?.cancel();
      at = new URL(location, at).href;
      if (!mayGoTo(new URL(at).origin)) return { status: answer.status, url: at, html: '' };
      answer = await request(at, null, from);
    }
    return { status: answer.status, url: at, html: await answer.text() };
  }

  const anywhere = (): boolean => true;
  return {
    open: (url) => visit(url, null, '', anywhere),
    post: (url, form, origin) => visit(url, form, origin, anywhere),
    postWithin: (url, form, origin) => visit(url, form, origin, (next) => next === origin),
  };
}

/** Where a page sends the browser on by itself. */
function refreshOf(answer: Response): string | null {
  return /^0; url=(.+)$/.exec(answer.headers.get('refresh') ?? '')?.[1] ?? null;
}

/** The fields of a page's first form as they stand there; `null` when it has none. */
export function formOf({ html }: SeenPage): Form | null {
  const form = /<form\b[^>]*>(.*?)<\/form>/s.exec(html)?.[1];
  if (form === undefined) return null;
  const fields = [...form.matchAll(/<input\b[^>]*>/g)].flatMap(([input]) => {
    const name = attribute(input, 'name');
    return name === null ? [] : [[name, attribute(input, 'value') ?? ''] as const];
  });
  return Object.fromEntries(fields);
}

/** Value of an attribute, or `null` where the tag has none of that name. */
export function attribute(tag: string, name: string): string | null {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  if (value === undefined) return null;
  return value
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
