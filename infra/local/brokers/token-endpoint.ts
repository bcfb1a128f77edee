/**
 * Small pieces of the simulators' token endpoints: JSON answers, credentials of a client, PKCE.
 *
 * Knows no broker and keeps nothing. Called by the simulators of OAuth 2 brokers.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Answer } from './http-answer.ts';

export function json(
  status: number,
  content: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    type: 'application/json;charset=utf-8',
    body: JSON.stringify(content),
    headers,
  };
}

/** @see https://datatracker.ietf.org/doc/html/rfc6749#section-5.2 */
export function oauthError(status: number, error: string, description: string): Answer {
  return json(status, { error, error_description: description });
}

/** The fields of a form post; none when the body says it is something else. */
export function formOf(req: IncomingMessage, body: string): URLSearchParams {
  const type = req.headers['content-type'] ?? '';
  return new URLSearchParams(/^application\/x-www-form-urlencoded\b/i.test(type) ? body : '');
}

/** Id and secret of `Authorization: Basic …`; `null` when there is no such header. */
export function basicCredentials(
  req: IncomingMessage,
): { readonly id: string; readonly secret: string } | null {
  const encoded = /^Basic\s+([A-Za-z0-9+/]+=*)$/i.exec(req.headers.authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

/** The token of `Authorization: Bearer …`; empty when there is none. */
export function bearerToken(req: IncomingMessage): string {
  return /^Bearer\s+(\S+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? '';
}

/** @see https://datatracker.ietf.org/doc/html/rfc7636#section-4.6 */
export function provesChallenge(challenge: string | null, verifier: string | null): boolean {
  if (challenge === null) return true;
  const hash = createHash('sha256')
    .update(verifier ?? '')
    .digest('base64url');
  return sameText(hash, challenge);
}

export function sameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
