/**
 * Runs one piece of work for every session, a few at a time, so that one slow broker does not hold up
 * the others and a long list does not open a hundred connections.
 *
 * A failed session never stops the rest: its error is an outcome like any other.
 */

import type { ConfiguredSession, System } from './system.ts';

const AT_ONCE = 8;

export type Done<T> =
  | { readonly session: ConfiguredSession; readonly ok: true; readonly value: T }
  | { readonly session: ConfiguredSession; readonly ok: false; readonly error: unknown };

/** Answers in the order of the sessions. */
export async function forEachSession<T>(
  sessions: System['sessions'],
  work: (session: ConfiguredSession) => Promise<T>,
): Promise<readonly Done<T>[]> {
  const done = new Map<ConfiguredSession, Done<T>>();
  const waiting = [...sessions];
  const runner = async (): Promise<void> => {
    for (let session = waiting.shift(); session !== undefined; session = waiting.shift()) {
      try {
        done.set(session, { session, ok: true, value: await work(session) });
      } catch (error) {
        done.set(session, { session, ok: false, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, sessions.length) }, runner));
  return sessions.flatMap((session) => done.get(session) ?? []);
}
