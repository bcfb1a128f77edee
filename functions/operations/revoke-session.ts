/**
 * Signs a session out: revokes its tokens at the broker, forgets them and destroys every version.
 *
 * Keeps everything when the broker cannot be reached, so that the person can try again. Called by
 * `POST /sign-out/<key>` and the command line.
 */

import type { BrokerFailure } from '../brokers/broker.ts';
import { isAttemptLost } from '../lifecycle/attempts.ts';
import { isOver, type SessionRecord } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import type { TokenRead, VersionInfo } from '../storage/session-store.ts';
import { readVersion } from './read-version.ts';
import { discardToken, revokeToken } from './revoke-token.ts';
import type { ConfiguredSession, System } from './system.ts';
import { updateSession } from './update-record.ts';

export type RevokeResult =
  | {
      readonly ok: true;
      /** `false` when the broker no longer knew the token, or has no way to end it alone. */
      readonly revokedAtBroker: boolean;
    }
  | { readonly ok: false; readonly reason: 'no-token' }
  /** A PIN is being exchanged right now: its token would outlive the sign-out. */
  | { readonly ok: false; readonly reason: 'in-progress' }
  | { readonly ok: false; readonly reason: 'broker'; readonly failure: BrokerFailure };

/** A refresh takes seconds and comes once in minutes: it does not come in between twice. */
const TRIES = 3;

/** @throws StoreError when the store does not answer */
export async function revokeSession(
  system: System,
  session: ConfiguredSession,
): Promise<RevokeResult> {
  let wasRevoked = false;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const result = await revokeOnce(system, session);
    if (!('refreshed' in result)) {
      return result.ok
        ? { ok: true, revokedAtBroker: result.revokedAtBroker || wasRevoked }
        : result;
    }
    // A refresh came in between: its token is of the sign-in that is to end.
    wasRevoked ||= result.revokedAtBroker;
  }
  return { ok: false, reason: 'in-progress' };
}

async function revokeOnce(
  system: System,
  session: ConfiguredSession,
): Promise<RevokeResult | { readonly refreshed: true; readonly revokedAtBroker: boolean }> {
  const { broker, key } = session;
  // Listed first: what a sign-in adds from now on is not ours to destroy.
  const versions = await system.store.listVersions(key);
  // An old record would have the wrong token revoked.
  const { record } = await system.store.loadFresh(key);
  const { generation, version: current, signedInAt } = record;
  if (current === null) return { ok: false, reason: 'no-token' };
  if (isSigningIn(system, record)) return { ok: false, reason: 'in-progress' };
  const read = await readVersion(system, session, current);
  let revokedAtBroker = false;
  if (isLive(system, read)) {
    const answer = await revokeToken(system, session, read.token);
    if (answer !== null && !answer.ok) {
      const isGone = answer.reason === 'sign-in-needed' || answer.reason === 'renewable';
      if (!isGone) return { ok: false, reason: 'broker', failure: answer };
    }
    revokedAtBroker = answer?.ok === true;
  }
  await destroyOthers(system, session, versions, current);
  const change = { type: 'signed-out', generation, at: system.clock() } as const;
  const updated = await updateSession<'overtaken' | 'refreshed'>(system, key, (now) => {
    if (isSigningIn(system, now)) return { stop: 'overtaken' };
    if (now.generation === generation) return { next: transition(now, change, broker.rules) };
    const isRefresh = now.version !== null && now.signedInAt === signedInAt;
    return { stop: isRefresh ? 'refreshed' : 'overtaken' };
  });
  if (!updated.ok) {
    if (updated.stopped === 'refreshed') return { refreshed: true, revokedAtBroker };
    // Somebody signed in while the broker was asked: theirs is another token, and it stays.
    return { ok: false, reason: 'in-progress' };
  }
  await system.store.destroyVersion(key, current);
  await system.mirror?.clear(key);
  system.log.info('signed-out', 'A session was signed out.', { session: key, generation });
  return { ok: true, revokedAtBroker };
}

/** A version that waits to be adopted, or was superseded lately, must not outlive the sign-out. */
async function destroyOthers(
  system: System,
  session: ConfiguredSession,
  versions: readonly VersionInfo[],
  current: number,
): Promise<void> {
  const { key } = session;
  for (const { version, destroyed } of versions) {
    if (destroyed || version === current) continue;
    const read = await readVersion(system, session, version);
    if (isLive(system, read)) await discardToken(session, read.token);
    await system.store.destroyVersion(key, version);
  }
}

function isSigningIn(system: System, record: SessionRecord): boolean {
  return record.pending !== null && !isAttemptLost(record, system.clock());
}

function isLive(
  system: System,
  read: TokenRead | null,
): read is Extract<TokenRead, { readonly status: 'found' }> {
  return read?.status === 'found' && !isOver(read.token.hardEndsAt, system.clock());
}
