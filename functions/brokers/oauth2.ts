/**
 * OAuth 2.0 authorization code grant as data: the login page's address, the token endpoint's requests, the
 * redirect that comes back.
 *
 * Pure: nothing is sent, chance is handed in. Secrets are revealed only into the request that carries them.
 * Called by the broker adapters.
 * @see https://datatracker.ietf.org/doc/html/rfc6749#section-4.1
 */

import { createHash } from 'node:crypto';
import type { Random } from '../clock.ts';
import { readVerifier, type VerifierShape } from '../lifecycle/verifier.ts';
import { Secret } from '../secret.ts';
import type { CallbackAnswer, OpenSignIn } from './broker.ts';
import { safeWord } from './judged.ts';
import type { OutgoingRequest } from './send.ts';

/**
 * Codes are what the authorization server makes of them, `%` and `@` included; the standard leaves their length
 * open.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc6749#appendix-A.11
 */
export const CODE_SHAPE: VerifierShape = {
  minLength: 1,
  maxLength: 2_048,
  characters: /^[\x21-\x7e]+$/,
};

const STATE_BYTES = 24;

/** 43 characters of base64url: the shortest PKCE verifier there may be, and enough. */
const PKCE_VERIFIER_BYTES = 32;

/** How the client proves itself at the token endpoint. */
export type ClientAuthentication = 'basic' | 'form';

export type Oauth2Client = {
  readonly id: Secret;
  readonly secret: Secret;
  readonly authentication: ClientAuthentication;
};

export type FormFields = Readonly<Record<string, string | Secret>>;

/** A sign-in opened on our side only: the broker hears of it when the browser comes. */
export function openSignIn(now: number, openMs: number, random: Random): OpenSignIn {
  return {
    id: Buffer.from(random(STATE_BYTES)).toString('base64url'),
    secret: new Secret(Buffer.from(random(PKCE_VERIFIER_BYTES)).toString('base64url')),
    startedAt: now,
    expiresAt: now + openMs,
  };
}

/**
 * The parameters that bind an answer to this sign-in's PKCE verifier.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc7636#section-4.2
 */
export function pkceChallenge(verifier: Secret): Readonly<Record<string, string>> {
  return {
    code_challenge: createHash('sha256').update(verifier.reveal()).digest('base64url'),
    code_challenge_method: 'S256',
  };
}

/** A login page's address with parameters; they hold the consumer key and the state, no secret. */
export function authorizeAddress(page: string, fields: Readonly<Record<string, string>>): string {
  // Not every page reads `+` as a space; `%20` is read by all.
  const query = new URLSearchParams(fields).toString().replaceAll('+', '%20');
  return `${page}${page.includes('?') ? '&' : '?'}${query}`;
}

/**
 * Trades a code for tokens. `verifier` is the PKCE verifier, where a challenge was sent.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc6749#section-4.1.3
 */
export function codeExchange(
  url: string,
  client: Oauth2Client,
  {
    code,
    redirectUrl,
    verifier,
  }: { readonly code: Secret; readonly redirectUrl: string; readonly verifier?: Secret },
): OutgoingRequest {
  return tokenRequest(url, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUrl,
    ...(verifier === undefined ? {} : { code_verifier: verifier }),
  });
}

/** @see https://datatracker.ietf.org/doc/html/rfc6749#section-6 */
export function refreshExchange(
  url: string,
  client: Oauth2Client,
  refreshToken: Secret,
): OutgoingRequest {
  return tokenRequest(url, client, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

/**
 * A form post to the token endpoint, with the client's proof in it.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc6749#section-2.3.1
 */
export function tokenRequest(
  url: string,
  client: Oauth2Client,
  fields: FormFields,
): OutgoingRequest {
  const isBasic = client.authentication === 'basic';
  return formPost(
    url,
    isBasic ? fields : { ...fields, client_id: client.id, client_secret: client.secret },
    isBasic ? { Authorization: basicAuthorization(client) } : {},
  );
}

export function formPost(
  url: string,
  fields: FormFields,
  headers: Readonly<Record<string, string>> = {},
): OutgoingRequest {
  const pairs = Object.entries(fields).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : value.reveal(),
  ]);
  return {
    method: 'POST',
    url,
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded',
      ...headers,
    },
    body: new URLSearchParams(pairs).toString(),
  };
}

/** A GET that carries the access token. */
export function bearerGet(url: string, accessToken: Secret): OutgoingRequest {
  return {
    method: 'GET',
    url,
    headers: { Accept: 'application/json', Authorization: bearerAuthorization(accessToken) },
  };
}

export function bearerAuthorization(accessToken: Secret): string {
  return `Bearer ${accessToken.reveal()}`;
}

/** Key and secret as they are: brokers' keys are letters and digits, and their servers decode nothing. */
function basicAuthorization({ id, secret }: Oauth2Client): string {
  return `Basic ${Buffer.from(`${id.reveal()}:${secret.reveal()}`).toString('base64')}`;
}

/**
 * The redirect of an authorization server. The query has been decoded once, by whoever parsed the address,
 * and is not decoded again: codes hold `%40` and the like.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc6749#section-4.1.2
 */
export function readOauth2Callback(query: URLSearchParams): CallbackAnswer {
  const states = query.getAll('state');
  const signInId = states.length === 1 ? (states[0] ?? null) : null;
  const refusal = query.get('error');
  if (refusal !== null) {
    const isDeclined = refusal === 'access_denied';
    return {
      ok: false,
      reason: isDeclined ? 'declined' : 'refused',
      problem: safeWord(refusal) ?? 'error-unreadable',
      signInId,
    };
  }
  const codes = query.getAll('code');
  const read = readVerifier(codes[0] ?? '', CODE_SHAPE);
  if (signInId === null || signInId === '' || codes.length !== 1 || !read.ok) {
    return { ok: false, reason: 'unreadable', problem: 'no-code', signInId };
  }
  return { ok: true, signInId, verifier: new Secret(read.verifier) };
}
