/**
 * Judges OAuth 1.0a HMAC-SHA1 signatures the way a server does, on `node:crypto` alone.
 *
 * Written from the RFC's rules for the broker simulators. It never signs for the product and shares no
 * code or package with it: a mistake made twice in the same place would hide itself.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5849#section-3.4
 */

import { createHmac, timingSafeEqual } from 'node:crypto';

/** A decoded parameter. Names may repeat, so requests are lists of pairs, not maps. */
export type Pair = readonly [name: string, value: string];

/** A request as it came over the wire, with the origin the client believes it talked to. */
export type WireRequest = {
  readonly method: string;
  /** `http://127.0.0.1:8081`: scheme and host as the client used them. */
  readonly origin: string;
  /** Path and query exactly as sent. */
  readonly target: string;
  readonly authorization: string | undefined;
  /** The raw body when it is `application/x-www-form-urlencoded`, else `null`: other bodies are not signed. */
  readonly form: string | null;
};

export type SignedRequest = {
  readonly ok: true;
  /** The protocol parameters by name, `oauth_signature` included. */
  readonly oauth: ReadonlyMap<string, string>;
  /** Query and form parameters that do not belong to the protocol. */
  readonly others: readonly Pair[];
  readonly base: string;
};

export type UnreadableRequest =
  | { readonly ok: false; readonly reason: 'malformed' }
  | { readonly ok: false; readonly reason: 'duplicate'; readonly name: string };

const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** Encodes everything but `A-Z a-z 0-9 - . _ ~`, byte by byte, in upper-case hex (RFC 5849 section 3.6). */
export function percentEncode(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    encoded +=
      byte < 0x80 && UNRESERVED.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** Decodes `%XX`; `null` when the text is not well-formed UTF-8 in percent-encoding. */
function percentDecode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/**
 * Reads `a=1&b=x+y`: names without a value count as empty, a plus is a space. `null` when malformed.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3.1
 */
export function parseForm(text: string): readonly Pair[] | null {
  const pairs: Pair[] = [];
  for (const piece of text.split('&')) {
    if (piece === '') continue;
    const at = piece.indexOf('=');
    const [rawName, rawValue] = at < 0 ? [piece, ''] : [piece.slice(0, at), piece.slice(at + 1)];
    const name = percentDecode(rawName.replaceAll('+', ' '));
    const value = percentDecode(rawValue.replaceAll('+', ' '));
    if (name === null || value === null) return null;
    pairs.push([name, value]);
  }
  return pairs;
}

/**
 * Reads an `Authorization: OAuth …` header as tolerantly as the broker does: scheme in any case, spaces
 * optional, values quoted or not. Leaves `realm` out. Empty for another scheme or none, `null` when malformed.
 */
export function parseAuthorization(header: string | undefined): readonly Pair[] | null {
  const scheme = /^\s*oauth(?:\s+|$)/i.exec(header ?? '');
  if (header === undefined || scheme === null) return [];
  const field = /\s*(?:([^\s=,"]+)\s*=\s*(?:"([^"]*)"|([^\s,"]*)))?\s*(,|$)/y;
  field.lastIndex = scheme[0].length;
  const pairs: Pair[] = [];
  while (field.lastIndex < header.length) {
    const match = field.exec(header);
    if (match === null) return null;
    const rawName = match[1];
    if (rawName === undefined) continue;
    const name = percentDecode(rawName);
    const value = percentDecode(match[2] ?? match[3] ?? '');
    if (name === null || value === null) return null;
    if (name.toLowerCase() !== 'realm') pairs.push([name, value]);
  }
  return pairs;
}

/** Scheme and host in lower case, default port gone, path as sent, no query and no fragment. */
export function baseStringUri(origin: string, target: string): string {
  const lower = origin.toLowerCase();
  const host = lower.startsWith('https:')
    ? lower.replace(/:443$/, '')
    : lower.replace(/^(http:.*):80$/, '$1');
  return host + (target.split(/[?#]/, 1)[0] ?? '');
}

/** Sorted by encoded name, then by encoded value: both are ASCII, so string order is byte order. */
function normalize(parameters: readonly Pair[]): string {
  return parameters
    .map(([name, value]): Pair => [percentEncode(name), percentEncode(value)])
    .sort(([nameA, valueA], [nameB, valueB]) => order(nameA, nameB) || order(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The text both sides sign; `parameters` are all decoded parameters but `realm` and `oauth_signature`. */
export function baseString(method: string, uri: string, parameters: readonly Pair[]): string {
  return [method.toUpperCase(), uri, normalize(parameters)].map(percentEncode).join('&');
}

/** The 20 bytes a right signature has. An empty `tokenSecret` leaves the `&` of the key in place. */
export function hmacSha1(base: string, consumerSecret: string, tokenSecret: string): Buffer {
  const key = `${percentEncode(consumerSecret)}&${percentEncode(tokenSecret)}`;
  return createHmac('sha1', key).update(base).digest();
}

/** Compares decoded bytes in constant time; anything but the base64 of 20 bytes is wrong. */
export function signatureMatches(given: string, expected: Uint8Array): boolean {
  if (!/^[A-Za-z0-9+/]{27}=$/.test(given)) return false;
  return timingSafeEqual(Buffer.from(given, 'base64'), expected);
}

/**
 * Collects the parameters from header, query and form body and rebuilds the base string.
 *
 * @param from `header` looks for protocol parameters in the Authorization header only.
 */
export function readSignedRequest(
  request: WireRequest,
  from: 'anywhere' | 'header',
): SignedRequest | UnreadableRequest {
  const header = parseAuthorization(request.authorization);
  const at = request.target.indexOf('?');
  const query = at < 0 ? [] : parseForm(request.target.slice(at + 1));
  const form = request.form === null ? [] : parseForm(request.form);
  if (header === null || query === null || form === null) {
    return { ok: false, reason: 'malformed' };
  }
  const all = [...header, ...query, ...form];
  const oauth = new Map<string, string>();
  for (const [name, value] of from === 'header' ? header : all) {
    if (!name.startsWith('oauth_')) continue;
    if (oauth.has(name)) return { ok: false, reason: 'duplicate', name };
    oauth.set(name, value);
  }
  const signed = all.filter(([name]) => name !== 'oauth_signature');
  return {
    ok: true,
    oauth,
    others: [...query, ...form].filter(([name]) => !name.startsWith('oauth_')),
    base: baseString(request.method, baseStringUri(request.origin, request.target), signed),
  };
}
