/**
 * The generation after which a new token is counted.
 *
 * Of the record; when that has been lost (an annotation removed by hand), of the last token stored before:
 * workers take no token of an old generation. Reads only. Called by the sign-in before it stores.
 */

import { StoreError } from '../errors.ts';
import type { SessionRecord } from '../lifecycle/session.ts';
import { readVersion } from './read-version.ts';
import type { ConfiguredSession, System } from './system.ts';

/** The last ones hold the last generation. */
const VERSIONS_LOOKED_AT = 5;

/** @param issuedAt of the new token: one that was issued later counts after it, not before */
export async function lastGeneration(
  system: System,
  session: ConfiguredSession,
  { generation }: SessionRecord,
  issuedAt: number,
): Promise<number> {
  if (generation > 0) return generation;
  try {
    const versions = await system.store.listVersions(session.key);
    const kept = versions.filter(({ destroyed }) => !destroyed).map(({ version }) => version);
    const reads = await Promise.all(
      kept.slice(-VERSIONS_LOOKED_AT).map((version) => readVersion(system, session, version)),
    );
    const earlier = reads.flatMap((read) =>
      read?.status === 'found' && read.token.issuedAt < issuedAt ? [read.token.generation] : [],
    );
    return Math.max(0, ...earlier);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // A spent PIN is worth more than a number.
    system.log.error('generation-not-found', 'Earlier tokens could not be counted.', error, {
      session: session.key,
    });
    return 0;
  }
}
