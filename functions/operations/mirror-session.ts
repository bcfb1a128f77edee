/**
 * Keeps the mirror of a session at its current token, where `MIRROR_SECRETS` asks for one.
 *
 * Never fails a sign-in and never throws for a mirror in trouble: it answers a sentence for people, and the
 * next health check tries again. Called by the sign-in after its commit, by health-check and by the sign-out.
 */

import { StoreError } from '../errors.ts';
import { readNewestToken } from '../storage/session-store.ts';
import type { ConfiguredSession, System } from './system.ts';

/** @returns what is wrong with the mirror, or `null` when it is current or nobody wants one */
export async function mirrorSession(
  system: System,
  session: ConfiguredSession,
): Promise<string | null> {
  const { mirror, store } = system;
  if (mirror === null || mirror.namesOf(session.key) === null) return null;
  try {
    const { record } = await store.load(session.key);
    if (record.version === null) {
      if (record.generation === 0) return null;
      // Signed out: emptied again, in case the sign-out could not.
      const cleared = await mirror.clear(session.key);
      return cleared.ok ? null : cleared.problem;
    }
    if (await mirror.isCurrent(session.key, record)) return null;
    const found = await readNewestToken(store, session.key, record.version, record.generation);
    if (found === null) return null;
    const mirrored = await mirror.mirrorToken(session.key, found.token);
    return mirrored.ok ? null : mirrored.problem;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    system.log.error('mirror-failed', 'The mirror of a session could not be looked at.', error, {
      session: session.key,
    });
    return error.message;
  }
}
