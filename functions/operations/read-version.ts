/**
 * Reads a stored version by number and passes over one that does not read.
 *
 * Never hides a store that is away. Used where a version written by hand must not stop the work.
 */

import { StoreError } from '../errors.ts';
import type { TokenRead } from '../storage/session-store.ts';
import type { ConfiguredSession, System } from './system.ts';

/** `null` for a version that does not read: one written by hand must not stop the session's care. */
export async function readVersion(
  system: System,
  session: ConfiguredSession,
  version: number,
): Promise<TokenRead | null> {
  try {
    return await system.store.readToken(session.key, version);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'STORE_RECORD_INVALID') throw error;
    system.log.error(
      'version-unreadable',
      'A stored version does not read and is passed over.',
      error,
      {
        session: session.key,
        version,
      },
    );
    return null;
  }
}
