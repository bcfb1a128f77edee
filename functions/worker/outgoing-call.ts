/**
 * Reads one call as a caller has written it: what is sent, what is signed, what may be sent again.
 *
 * Pure. Refuses whatever would carry a signature to another host than the session's broker. Used by
 * `calls.ts` and `authorization`.
 */

import type { DataCall } from '../brokers/data-calls.ts';
import { percentEncode } from '../brokers/oauth1.ts';

/** Where a session's calls may go. */
export type Target = {
  readonly session: string;
  /** What comes before the broker's data paths. */
  readonly apiUrl: string;
  readonly here: Base;
  /** The same of the other environment, to name a mix-up. */
  readonly other: Base | null;
};

type Base = { readonly origin: string; readonly host: string; readonly prefix: string };

/** Taken apart once: every call is compared with it. */
export function createTarget(options: {
  readonly session: string;
  readonly apiUrl: string;
  /** `null` where the broker has no other environment. */
  readonly otherApiUrl: string | null;
}): Target {
  const { session, apiUrl, otherApiUrl } = options;
  return {
    session,
    apiUrl,
    here: baseOf(apiUrl),
    other: otherApiUrl === null ? null : baseOf(otherApiUrl),
  };
}

export type OutgoingCall = DataCall & {
  /** With the query in the encoding that was signed. */
  readonly sentUrl: string;
  readonly headers: Headers;
  /** As handed to `fetch`; `null` for none. */
  readonly body: NonNullable<RequestInit['body']> | null;
  /** Asks and changes nothing: may be sent again after a failure. */
  readonly repeatable: boolean;
  /** The body can be sent a second time; a stream cannot. */
  readonly resendable: boolean;
};

export type ReadCall =
  | { readonly ok: true; readonly call: OutgoingCall }
  /** A sentence for the caller. */
  | { readonly ok: false; readonly problem: string };

/** An address that may be signed, or a sentence for the caller. */
export type ReadAddress =
  /** `url` is the part that is signed, `query` the rest, decoded. */
  | { readonly ok: true; readonly url: string; readonly query: Pairs }
  | { readonly ok: false; readonly problem: string };

type Pairs = readonly (readonly [string, string])[];

const FORM = 'application/x-www-form-urlencoded';

/**
 * @param url absolute, or a path below the broker's address
 * @throws TypeError for what `fetch` itself would refuse
 */
export function readCall(url: string | URL, init: RequestInit, target: Target): ReadCall {
  const read = readAddress(url, target);
  if (!read.ok) return read;
  const { query } = read;
  const method = (init.method ?? 'GET').toUpperCase();
  const repeatable = method === 'GET' || method === 'HEAD';
  const given = init.body ?? null;
  if (repeatable && given !== null) throw new TypeError(`A ${method} call cannot have a body`);
  const headers = new Headers(init.headers);
  const body = given instanceof URLSearchParams ? given.toString() : given;
  if (given instanceof URLSearchParams && !headers.has('content-type')) {
    headers.set('content-type', `${FORM};charset=UTF-8`);
  }
  const form = isForm(headers, body) ? formText(body) : '';
  if (form === null) {
    return { ok: false, problem: 'A form that is to be signed must be text or URLSearchParams' };
  }
  const sentQuery = query.map((pair) => pair.map(percentEncode).join('=')).join('&');
  return {
    ok: true,
    call: {
      method,
      url: read.url,
      params: paramsOf([...query, ...new URLSearchParams(form)]),
      sentUrl: sentQuery === '' ? read.url : `${read.url}?${sentQuery}`,
      headers,
      body,
      repeatable,
      resendable: !isStream(body),
    },
  };
}

/** @param url absolute, or a path below the broker's address */
export function readAddress(url: string | URL, target: Target): ReadAddress {
  const text = typeof url === 'string' ? url : url.href;
  const address = URL.parse(
    text.startsWith('/') && !text.startsWith('//') ? `${target.apiUrl}${text}` : text,
  );
  if (address === null) return { ok: false, problem: 'The call has no URL that can be read' };
  const problem = wrongPlace(address, target);
  if (problem !== null) return { ok: false, problem };
  const query = address.search === '' ? [] : [...address.searchParams];
  return { ok: true, url: `${address.origin}${address.pathname}`, query };
}

/** Query parameters and form fields by name; a name that occurs twice keeps all its values. */
export function paramsOf(pairs: Pairs): DataCall['params'] {
  const params: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    const before = params[name];
    params[name] =
      before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return params;
}

/** Why this address gets no signature. */
function wrongPlace(address: URL, { session, apiUrl, here, other }: Target): string | null {
  if (address.username !== '' || address.password !== '') {
    return 'The URL of a call holds credentials';
  }
  if (isBelow(address, here)) return null;
  if (other !== null && isBelow(address, other)) {
    return `The call goes to ${other.host}, but the key of "${session}" is for ${here.host}: sandbox and prod are mixed up`;
  }
  return `The call goes to "${address.protocol}//${address.host}", but calls of "${session}" are signed for ${apiUrl} only`;
}

function baseOf(apiUrl: string): Base {
  const { origin, host, pathname } = new URL(apiUrl);
  return { origin, host, prefix: pathname.endsWith('/') ? pathname : `${pathname}/` };
}

function isBelow(address: URL, { origin, prefix }: Base): boolean {
  return address.origin === origin && address.pathname.startsWith(prefix);
}

function isForm(headers: Headers, body: RequestInit['body']): boolean {
  if (body === null || body === undefined) return false;
  const type = headers.get('content-type') ?? (body instanceof Blob ? body.type : '');
  return type.split(';', 1)[0]?.trim().toLowerCase() === FORM;
}

/** The form's text; `null` when it cannot be read without sending it. */
function formText(body: RequestInit['body']): string | null {
  if (typeof body === 'string') return body;
  if (body instanceof ArrayBuffer) return new TextDecoder().decode(body);
  return ArrayBuffer.isView(body) ? new TextDecoder().decode(body) : null;
}

function isStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return (
    body instanceof ReadableStream || (Symbol.asyncIterator in body && !(body instanceof Blob))
  );
}
