/**
 * The headers that every answer carries: no caching, no framing, nothing from elsewhere.
 *
 * The two style sheets and the one script are allowed by their hashes; forms may go to ourselves and to
 * the brokers' login pages, because Chromium applies `form-action` to the redirect after a post. Put on
 * by `routes.ts` and `serve.ts`.
 *
 * @see https://www.w3.org/TR/CSP3/#directive-form-action
 */

import { SCRIPT_HASH } from './pages/script.ts';
import { PLAIN_STYLE_HASH, STYLE_HASH } from './pages/style.ts';

export type SecurityOptions = {
  /** Whether the public address is https; only then HSTS means something. */
  readonly https: boolean;
  /** Origins that a sign-in form redirects to: those of brokers that show a PIN. */
  readonly authorizeOrigins: readonly string[];
};

export function securityHeaders(options: SecurityOptions): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `style-src '${STYLE_HASH}' '${PLAIN_STYLE_HASH}'`,
    `script-src '${SCRIPT_HASH}'`,
    'img-src data:',
    ["form-action 'self'", ...new Set(options.authorizeOrigins)].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    // Under `no-referrer` a browser without Fetch Metadata posts our own forms with `Origin: null`.
    'referrer-policy': 'same-origin',
    // Firebase Hosting takes the cookies off any answer that is not called private.
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    ...(options.https ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}

/** The same answer with the headers on it; its own values win. */
export function withHeaders(
  response: Response,
  headers: Readonly<Record<string, string>>,
): Response {
  const all = new Headers(headers);
  for (const [name, value] of response.headers) {
    if (name === 'set-cookie') all.append(name, value);
    else all.set(name, value);
  }
  return new Response(response.body, { status: response.status, headers: all });
}
