/**
 * Signs a session out: revokes the token at the broker and forgets it.
 */

import type { BrokerFailure } from '../brokers/broker.ts';
import type { ConfiguredSession, System } from './system.ts';

export type RevokeResult =
  | { readonly ok: true; readonly revokedAtBroker: boolean }
  | { readonly ok: false; readonly reason: 'no-token' }
  | { readonly ok: false; readonly reason: 'broker'; readonly failure: BrokerFailure };

export async function revokeSession(
  _system: System,
  _session: ConfiguredSession,
): Promise<RevokeResult> {
  throw new Error('being written');
}
