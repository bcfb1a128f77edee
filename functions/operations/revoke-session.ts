/**
 * Signs a session out: revokes the token at the broker, forgets it and destroys its version.
 *
 * Keeps everything when the broker cannot be reached, so that the person can try again. Called by
 * `POST /sign-out/<key>` and the command line.
 */

import type { BrokerFailure } from '../brokers/broker.ts';
import { transition } from '../lifecycle/transition.ts';
import type { ConfiguredSession, System } from './system.ts';
import { updateSession } from './update-record.ts';

export type RevokeResult =
  | {
      readonly ok: true;
      /** `false` when the broker no longer knew the token. */
      readonly revokedAtBroker: boolean;
    }
  | { readonly ok: false; readonly reason: 'no-token' }
  | { readonly ok: false; readonly reason: 'broker'; readonly failure: BrokerFailure };

/** @throws StoreError when the store does not answer */
export async function revokeSession(
  system: System,
  session: ConfiguredSession,
): Promise<RevokeResult> {
  const { broker, key } = session;
  const { record } = await system.store.load(key);
  const { generation, version } = record;
  if (version === null) return { ok: false, reason: 'no-token' };
  const read = await system.store.readToken(key, version);
  let revokedAtBroker = false;
  if (read.status === 'found' && system.clock() < read.token.hardEndsAt) {
    const answer = await broker.revoke(read.token);
    const gone =
      !answer.ok && (answer.reason === 'sign-in-needed' || answer.reason === 'renewable');
    if (!answer.ok && !gone) return { ok: false, reason: 'broker', failure: answer };
    revokedAtBroker = answer.ok;
  }
  await updateSession(system, key, (current) => ({
    next: transition(current, { type: 'signed-out', generation, at: system.clock() }, broker.rules),
  }));
  await system.store.destroyVersion(key, version);
  system.log.info('signed-out', 'A session was signed out.', { session: key, generation });
  return { ok: true, revokedAtBroker };
}
