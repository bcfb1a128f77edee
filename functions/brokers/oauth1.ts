/**
 * OAuth 1.0a request signing (HMAC-SHA1): the only caller of npm `oauth-1.0a`, and the guard around it.
 *
 * The package signs wrongly, or puts secrets on the wire, for inputs that look harmless: every such input
 * is refused here, with a message that names the mistake and holds no value. Time and chance are handed
 * in; nothing is sent. Used by the broker adapters and by workers, with fresh arguments per attempt.
 */

import { createHmac } from 'node:crypto';
import OAuth from 'oauth-1.0a';
import type { Secret } from '../secret.ts';

/** A consumer's key and secret, or a token and its token secret: never one half alone. */
export type Oauth1Pair = { readonly key: Secret; readonly secret: Secret };

/** Query parameters and form fields by name, decoded; an array for a name that occurs more than once. */
export type Oauth1Params = Readonly<Record<string, string | readonly string[]>>;

export type Oauth1Request = {
  /** Upper case: `GET`. */
  readonly method: string;
  /** Scheme, host and path as `new URL(url).href` writes them; no query, no fragment. */
  readonly url: string;
  /** All query parameters and form fields; never a JSON or XML body, which OAuth does not sign. */
  readonly params?: Oauth1Params;
  readonly consumer: Oauth1Pair;
  /** `null` for the call that fetches a request token. */
  readonly token: Oauth1Pair | null;
  /** Protocol parameters of single steps; `params` may not hold names that begin with `oauth_`. */
  readonly extra?: { readonly oauth_callback?: string; readonly oauth_verifier?: Secret };
  /** Left out by default, as in E*TRADE's documentation. */
  readonly version?: '1.0';
  /** Epoch seconds. */
  readonly timestamp: number;
  /** Unique for this timestamp and token: a new one for every attempt. */
  readonly nonce: string;
};

export type AuthorizedRequest = {
  readonly method: string;
  /** The URL to send, its query written by the encoder that signed it. */
  readonly url: string;
  readonly headers: { readonly Authorization: string };
};

const UNRESERVED_ONLY = /^[A-Za-z0-9._~-]*$/;

/**
 * Encodes text as OAuth wants it: all but `A-Z a-z 0-9 - . _ ~` as UTF-8 bytes `%XX` in upper case.
 *
 * @throws TypeError for text that is not well-formed Unicode
 * @see https://datatracker.ietf.org/doc/html/rfc5849#section-3.6
 */
export function percentEncode(text: string): string {
  if (UNRESERVED_ONLY.test(text)) return text;
  if (!text.isWellFormed()) throw misuse('text to encode is not well-formed Unicode');
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The value of the `Authorization` header for a request.
 *
 * @throws TypeError for every misuse; the message holds no secret
 * @see https://datatracker.ietf.org/doc/html/rfc5849#section-3.5.1
 */
export function authorizationHeader(request: Oauth1Request): string {
  const { oauth, protocol, data } = prepare(request);
  const signature = oauth.getSignature(
    { method: request.method, url: request.url, data },
    request.token?.secret.reveal(),
    asLibraryData({ ...protocol }),
  );
  // As the package's `toHeader` writes it, with an encoder that costs less.
  const fields = Object.entries({ ...protocol, oauth_signature: signature })
    .map(([name, value]) => `${name}="${percentEncode(value)}"`)
    .sort();
  return `OAuth ${fields.join(', ')}`;
}

/**
 * A request with all its parameters in the query, ready to send once, with redirects off.
 *
 * @throws TypeError for every misuse; the message holds no secret
 */
export function authorizeRequest(request: Oauth1Request): AuthorizedRequest {
  const query = Object.entries(checkedParams(request.params))
    .flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : value.map((one) => [name, one]),
    )
    .map((pair) => pair.map((part) => percentEncode(part ?? '')).join('='))
    .join('&');
  return {
    method: request.method,
    url: query === '' ? request.url : `${request.url}?${query}`,
    headers: { Authorization: authorizationHeader(request) },
  };
}

/**
 * The text that is signed. It holds the token and the verifier: for tests and diagnosis, never for logs.
 *
 * @throws TypeError for every misuse; the message holds no secret
 * @see https://datatracker.ietf.org/doc/html/rfc5849#section-3.4.1
 */
export function signatureBaseString(request: Oauth1Request): string {
  const { oauth, protocol, data } = prepare(request);
  return oauth.getBaseString(
    { method: request.method, url: request.url, data },
    asLibraryData({ ...protocol }),
  );
}

/** Everything checked and copied: the library writes into the objects it is given. */
function prepare(request: Oauth1Request): {
  oauth: OAuth;
  protocol: Record<string, string>;
  data: Record<string, string | string[]>;
} {
  checkMethod(request.method);
  checkUrl(request.url);
  const consumer = revealPair(request.consumer, 'consumer key', 'consumer secret');
  const token = request.token === null ? null : revealPair(request.token, 'token', 'token secret');
  if (!Number.isInteger(request.timestamp) || request.timestamp <= 0) {
    throw misuse('"timestamp" must be a positive whole number of seconds');
  }
  if (request.timestamp >= 100_000_000_000) throw misuse('"timestamp" is in milliseconds');
  if (!/^[\x21-\x7e]+$/.test(request.nonce))
    throw misuse('"nonce" is empty or not printable ASCII');
  if (request.version !== undefined && request.version !== '1.0') {
    throw misuse('"version" must be 1.0 or left out');
  }
  const oauth = new OAuth({
    consumer,
    // Without both of these the package answers PLAINTEXT: the secrets themselves in the header.
    signature_method: 'HMAC-SHA1',
    hash_function: (base, key) => createHmac('sha1', key).update(base).digest('base64'),
  });
  return {
    oauth,
    // Not `oauth.authorize()`: it always adds a version and takes nonce and time from globals.
    protocol: {
      oauth_consumer_key: consumer.key,
      oauth_nonce: request.nonce,
      oauth_signature_method: 'HMAC-SHA1',
      oauth_timestamp: String(request.timestamp),
      ...(request.version === undefined ? {} : { oauth_version: request.version }),
      ...(token === null ? {} : { oauth_token: token.key }),
      ...checkedExtra(request.extra),
    },
    data: checkedParams(request.params),
  };
}

function checkMethod(method: string): void {
  if (typeof method !== 'string' || !/^[A-Z]+$/.test(method)) {
    throw misuse('"method" must be an upper-case HTTP method');
  }
}

function checkUrl(url: string): void {
  if (typeof url !== 'string') throw misuse('"url" must be a string');
  if (url.includes('?')) throw misuse('"url" has a query: pass the parameters as data');
  if (url.includes('#')) throw misuse('"url" has a fragment');
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw misuse('"url" is not an http(s) URL');
  }
  if (parsed.username !== '' || parsed.password !== '') throw misuse('"url" holds credentials');
  // Upper-case hosts, default ports and raw characters would be signed as written and sent otherwise.
  if (parsed.href !== url) throw misuse('"url" is not in normal form (as new URL(url).href)');
}

function checkedParams(params: Oauth1Params = {}): Record<string, string | string[]> {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw misuse('"params" must be an object of query parameters and form fields');
  }
  const copy: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(params)) {
    checkText(name, 'a parameter name');
    if (name.startsWith('oauth_')) {
      throw misuse('a parameter name begins with "oauth_", which is reserved for the protocol');
    }
    // Assigning this name inside the package would set a prototype and lose the parameter.
    if (name === '__proto__') throw misuse('a parameter is called "__proto__"');
    if (Array.isArray(value)) {
      for (const one of value) checkText(one, 'a parameter value');
      if (value.length > 0) copy[name] = [...value];
    } else {
      copy[name] = checkText(value, 'a parameter value');
    }
  }
  return copy;
}

function checkedExtra(extra: Oauth1Request['extra'] = {}): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(extra)) {
    if (name !== 'oauth_callback' && name !== 'oauth_verifier') {
      throw misuse('"extra" takes only oauth_callback and oauth_verifier');
    }
    const text = checkText(typeof value === 'string' ? value : value?.reveal(), `"${name}"`);
    if (text === '') throw misuse(`"${name}" is empty`);
    checked[name] = text;
  }
  return checked;
}

function revealPair(
  pair: Oauth1Pair,
  keyName: string,
  secretName: string,
): { key: string; secret: string } {
  const key = checkText(pair.key?.reveal(), `the ${keyName}`);
  const secret = checkText(pair.secret?.reveal(), `the ${secretName}`);
  if (key === '') throw misuse(`the ${keyName} is empty`);
  if (secret === '') throw misuse(`the ${secretName} is empty`);
  if (key.trim() !== key) throw misuse(`the ${keyName} has white space around it`);
  if (secret.trim() !== secret) throw misuse(`the ${secretName} has white space around it`);
  return { key, secret };
}

function checkText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw misuse(`${what} is not text`);
  if (!value.isWellFormed()) throw misuse(`${what} is not well-formed Unicode`);
  return value;
}

/** The package's types ask for `oauth_version` and a numeric timestamp, which its code does not. */
function asLibraryData(protocol: Record<string, string>): OAuth.Data {
  return protocol as unknown as OAuth.Data;
}

function misuse(problem: string): TypeError {
  return new TypeError(`Cannot sign the request: ${problem}`);
}
