/**
 * A connection that one request has for itself, for what is spent by being sent: a connection kept from
 * before may be dead without notice, and nobody can tell whether what went into it arrived.
 *
 * Works through the platform's own `fetch`; another `fetch` overlooks it. Tells apart a connection that was
 * never made. Sends nothing.
 */

import { subscribe } from 'node:diagnostics_channel';
import { NEVER_SENT, WHILE_CONNECTING } from '../lifecycle/never-sent.ts';

export type Dispatcher = NonNullable<RequestInit['dispatcher']>;

/** A broker that takes longer to answer the phone is tried once more; the answer itself may take longer. */
const CONNECT_TIMEOUT_MS = 4_000;

/** Where the platform's `fetch` keeps what it sends through, newest first. */
const PLACES = ['undici.globalDispatcher.2', 'undici.globalDispatcher.1'];

/** Both are made of options alone; what a program has put in their place (a proxy of its own) stays in use. */
const MAKEABLE: ReadonlySet<string> = new Set(['Agent', 'EnvHttpProxyAgent']);

/** Errors with which a connection, its TLS handshake included, did not come about. */
const whileConnecting = new WeakSet<object>();

subscribe('undici:client:connectError', (message) => {
  if (typeof message !== 'object' || message === null || !('error' in message)) return;
  const { error } = message;
  if (typeof error === 'object' && error !== null) whileConnecting.add(error);
});

/** Keeps nothing, and is to be destroyed after its request; `null` where the platform has no such thing. */
export function ownConnection(): Dispatcher | null {
  // The place is filled with the first use of anything that belongs to `fetch`.
  new Headers();
  for (const place of PLACES) {
    const current: unknown = Reflect.get(globalThis, Symbol.for(place));
    if (typeof current !== 'object' || current === null) continue;
    const make: unknown = current.constructor;
    if (typeof make !== 'function' || !MAKEABLE.has(make.name)) return null;
    const options = { pipelining: 0, connectTimeout: CONNECT_TIMEOUT_MS };
    return Reflect.construct(make, [options]) as Dispatcher;
  }
  return null;
}

/** The word for an error, marked where it came before anything was sent. */
export function markUnsent(word: string, error: unknown): string {
  if (NEVER_SENT.has(word)) return word;
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    if (whileConnecting.has(current)) return `${WHILE_CONNECTING}${word}`;
    current = current.cause;
  }
  return word;
}
