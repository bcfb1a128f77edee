/**
 * Opens a sign-in at the broker: fetches a request token and the address to send the person to.
 *
 * Writes nothing: what must be remembered goes back to the caller (the person's cookie). Called by the
 * sign-in page's "Open" button and by the command line.
 */

import type { BrokerFailure, OpenSignIn } from '../brokers/broker.ts';
import type { ConfiguredSession, System } from './system.ts';

export type StartResult =
  | { readonly ok: true; readonly authorizeUrl: string; readonly signIn: OpenSignIn }
  | { readonly ok: false; readonly reason: 'too-many-attempts'; readonly retryAt: number }
  | { readonly ok: false; readonly reason: 'broker'; readonly failure: BrokerFailure };

export async function startSignIn(
  _system: System,
  _session: ConfiguredSession,
): Promise<StartResult> {
  throw new Error('being written');
}
