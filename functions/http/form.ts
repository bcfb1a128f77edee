/**
 * What a post must be before it may act: from our own page, and a plain form.
 *
 * Forms only: what a foreign page can have a browser post without asking. Judges, answers nothing.
 */

/** The fields of a form, each of which must be there exactly once to be read. */
export type Form = { field(name: string): string | null };

/** The form in the body, or `null` when the body is something else. */
export async function readForm(request: Request): Promise<Form | null> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return null;
  const fields = new URLSearchParams(await request.text());
  return {
    field(name) {
      const values = fields.getAll(name);
      return values.length === 1 ? (values[0] ?? null) : null;
    },
  };
}

/**
 * Whether a post comes from a page of `publicUrl`.
 *
 * No page can forge any of the three headers. `Origin` decides where it names one; then `Sec-Fetch-Site`
 * (not sent by Safari before 16.4); and `Referer` for browsers that leave `Origin` out of a form's post.
 *
 * @see https://fetch.spec.whatwg.org/#append-a-request-origin-header
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function isFromOwnPage(headers: Headers, publicUrl: string): boolean {
  const origin = headers.get('origin');
  const ours = new URL(publicUrl).origin;
  if (origin !== null && origin !== 'null') return origin === ours;
  const site = headers.get('sec-fetch-site');
  if (origin === 'null' || site !== null) return site === 'same-origin';
  return URL.parse(headers.get('referer') ?? '')?.origin === ours;
}
