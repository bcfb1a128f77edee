/**
 * Keeps every session usable until the next run.
 */

import type { SessionKey } from '../lifecycle/session.ts';
import type { System } from './system.ts';

export type RenewalOutcome = {
  readonly session: SessionKey;
  readonly action: 'none' | 'probed' | 'renewed' | 'sign-in-needed' | 'failed';
  readonly reason: string;
};

export type RenewalReport = {
  readonly at: number;
  readonly outcomes: readonly RenewalOutcome[];
  readonly failures: number;
};

/** "Renew now" acts once a minute. */
export type ForceResult =
  | { readonly ok: true; readonly report: RenewalReport }
  | { readonly ok: false; readonly reason: 'too-soon'; readonly retryAt: number };

export async function renewSessions(
  _system: System,
  _only: SessionKey | null,
): Promise<RenewalReport> {
  throw new Error('being written');
}

export async function forceKeepAlive(_system: System): Promise<ForceResult> {
  throw new Error('being written');
}
