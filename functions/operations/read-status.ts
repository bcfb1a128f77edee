/**
 * The state of everything, as `GET /status` answers it and the dashboard shows it.
 *
 * Reads records only: no broker call, no write, no secret. Moments are ISO 8601.
 */

import type { SessionKey, SessionState } from '../lifecycle/session.ts';
import type { System } from './system.ts';

export type SessionStatus = {
  readonly key: SessionKey;
  readonly title: string;
  readonly required: boolean;
  readonly state: SessionState;
  /** A probe proved the current token and nothing has spoken against it since. */
  readonly apiValidated: boolean;
  readonly generation: number;
  readonly issuedAt: string | null;
  readonly accessExpiresAt: string | null;
  readonly hardEndsAt: string | null;
  /** When the token goes inactive if nobody uses it. */
  readonly idleAt: string | null;
  readonly timeRemainingHours: number | null;
  readonly lastUsedAt: string | null;
  readonly lastRenewedAt: string | null;
  readonly lastSuccessAt: string | null;
  readonly coverage: { readonly untilClose: boolean | null; readonly limitedBy: string | null };
  readonly counts: {
    readonly unauthorized: number;
    readonly renewals: number;
    readonly failuresInARow: number;
    readonly undelivered: number;
  };
  readonly workers: readonly {
    readonly name: string;
    readonly generation: number;
    readonly lastUsedAt: string | null;
    readonly at: string;
  }[];
};

export type Status = {
  readonly now: string;
  readonly market: {
    readonly isTradingDay: boolean;
    readonly opensAt: string | null;
    readonly closesAt: string | null;
    readonly note: string | null;
  };
  readonly sessions: readonly SessionStatus[];
  readonly keepAlive: {
    readonly status: 'ok' | 'failing' | 'late' | 'never-run';
    readonly lastRunAt: string | null;
    readonly nextRunAt: string;
    readonly consecutiveFailures: number;
  };
};

export async function readStatus(_system: System): Promise<Status> {
  throw new Error('being written');
}
