/**
 * What follows a token that a sign-in has stored: the pointer where it did not move, workers and people told.
 *
 * Never fails a sign-in: what cannot be done now, the next run does. Called by the sign-in and by the approval.
 */

import { StoreError } from '../errors.ts';
import { deliverEvents } from './deliver-events.ts';
import { mirrorSession } from './mirror-session.ts';
import { type Settled, settleSession } from './settle-session.ts';
import type { StoreResult } from './store-token.ts';
import type { ConfiguredSession, System } from './system.ts';
import { tellSaved } from './tell-signed-in.ts';

/** `told` workers have the event · `queued` the next run tells them · `adopting` saved, the next check switches to it. */
export type Followed = 'told' | 'queued' | 'adopting';

export async function followSignIn(
  system: System,
  session: ConfiguredSession,
  { generation, version, pointed, confirmed, hardEndsAt }: Extract<StoreResult, { ok: true }>,
): Promise<Followed | 'foreign-account'> {
  const log = system.log.with({ session: session.key });
  log.info('token-stored', 'A new token is stored.', { generation, version });
  if (!pointed) {
    // Saved first, looked at in earnest now: the sweep checks the account and moves the pointer.
    const settled = await settleNow(system, session);
    if (settled?.discarded === true) return 'foreign-account';
    if (settled?.adopted == null) {
      if (!confirmed) await tellSaved(system, session, { generation, hardEndsAt });
      return 'adopting';
    }
  }
  const [{ delivered }] = await Promise.all([
    deliverEvents(system, session),
    mirrorSession(system, session),
  ]);
  return delivered ? 'told' : 'queued';
}

/** `null` when the store does not answer: the next run settles it. */
async function settleNow(system: System, session: ConfiguredSession): Promise<Settled | null> {
  try {
    return await settleSession(system, session, { prune: false });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const labels = { session: session.key };
    system.log.error(
      'token-not-settled',
      'The token is saved; the next run sees to it.',
      error,
      labels,
    );
    return null;
  }
}
