/**
 * Turns a PIN into a stored token: claim, exchange, account check, store, point, tell.
 */

import type { BrokerFailure, OpenSignIn } from '../brokers/broker.ts';
import type { Secret } from '../secret.ts';
import type { ConfiguredSession, System } from './system.ts';

export type CompleteResult =
  | {
      readonly ok: true;
      readonly generation: number;
      readonly hardEndsAt: number;
      /** `told` workers have the event · `queued` the next run tells them · `adopting` saved, the next health check switches to it. */
      readonly follow: 'told' | 'queued' | 'adopting';
    }
  /** Nothing was spent. */
  | {
      readonly ok: false;
      readonly reason:
        | 'verifier-empty'
        | 'verifier-too-long'
        | 'sign-in-expired'
        | 'no-open-sign-in';
    }
  | { readonly ok: false; readonly reason: 'too-many-attempts'; readonly retryAt: number }
  | { readonly ok: false; readonly reason: 'store-unavailable' }
  /** The broker said no: the sign-in must be started again. */
  | { readonly ok: false; readonly reason: 'pin-rejected'; readonly attemptsLeft: number }
  | { readonly ok: false; readonly reason: 'foreign-account' }
  /** `failure.answered` false: nobody knows whether the PIN is spent. */
  | { readonly ok: false; readonly reason: 'broker'; readonly failure: BrokerFailure }
  /** The PIN is spent and the token could not be saved: start again. */
  | { readonly ok: false; readonly reason: 'spent-not-saved' }
  /** Another request exchanges a PIN for this session and has not finished. */
  | { readonly ok: false; readonly reason: 'in-progress' };

export async function completeSignIn(
  _system: System,
  _session: ConfiguredSession,
  _answer: {
    readonly signIn: OpenSignIn | null;
    readonly verifier: Secret;
    readonly exempt?: boolean;
  },
): Promise<CompleteResult> {
  throw new Error('being written');
}
