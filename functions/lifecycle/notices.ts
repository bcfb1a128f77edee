/**
 * What the system tells people, as data, and the record of what it has told.
 *
 * Pure. A notice is saved first and sent afterwards, claimed by whoever sends it; texts are made in
 * `notifications/messages.ts`. Used by operations and storage.
 */

import type { ClockName, Lead } from './horizon.ts';
import type { SessionKey } from './session.ts';

/** A step of the morning's ladder: `first` at ALERT_AT, reminders before the open, then every half hour. */
export type Stage = {
  /** `first-08:30`, `before-open-30`, `before-open-15`, `open`, `after-open-30`, … unique within a market day. */
  readonly id: string;
  readonly kind: 'first' | 'reminder' | 'open' | 'late';
  readonly dueAt: number;
  /** When the next stage overtakes it or the market closes: from then on it is not sent. */
  readonly overtakenAt: number;
};

/** Why a person is asked at once, outside the ladder. */
export type SignInTrouble =
  /** The broker refused the token before its computed end. */
  | 'token-rejected'
  /** The PIN was spent and nothing was saved. */
  | 'pin-spent-nothing-saved'
  /** Somebody signed in with another broker account. */
  | 'foreign-account'
  /** The saved record does not read, so nothing can be done for the session. */
  | 'record-unreadable';

export type Notice =
  | {
      readonly kind: 'sign-in-due';
      readonly stage: Stage['kind'];
      readonly sessions: readonly SessionKey[];
      readonly opensAt: number;
      readonly closesAt: number;
    }
  | {
      readonly kind: 'signed-in';
      readonly session: SessionKey;
      readonly generation: number;
      /** `null`: none is known. */
      readonly hardEndsAt: number | null;
      /** Good until today's close? `null` on a day without trading. */
      readonly coversClose: boolean | null;
      /** The broker has taken the token; `false` when it could not be asked yet. */
      readonly proven: boolean;
      /** Last digits of the accounts that this sign-in, the session's first, has bound it to. */
      readonly boundTo: readonly string[];
      /** Required sessions that still need a sign-in. */
      readonly stillDue: readonly SessionKey[];
    }
  | {
      readonly kind: 'sign-in-needed';
      readonly session: SessionKey;
      readonly trouble: SignInTrouble;
    }
  | {
      readonly kind: 'failing';
      readonly session: SessionKey;
      readonly reason: 'transient' | 'configuration' | 'clock';
      readonly problem: string;
      readonly failuresInARow: number;
      readonly since: number;
    }
  | {
      /** A worker still uses an older token, close to the open or after it. */
      readonly kind: 'worker-behind';
      readonly session: SessionKey;
      readonly worker: string;
      /** Of the token it uses; 0 while it has none. */
      readonly generation: number;
      /** Of the token it should use. */
      readonly newest: number;
      readonly since: number;
    }
  | {
      /** An end comes that no renewal moves. */
      readonly kind: 'ends-ahead';
      readonly sessions: readonly SessionKey[];
      readonly clock: ClockName;
      readonly lead: Lead;
      readonly endsAt: number;
    }
  | { readonly kind: 'recovered'; readonly session: SessionKey; readonly after: number }
  | {
      readonly kind: 'link';
      /** Makes no sound: nobody has opened the one before. */
      readonly silent?: true | undefined;
    };

/** The sessions that a notice is about; none when it is about the system. */
export function sessionsOf(notice: Notice): readonly SessionKey[] {
  switch (notice.kind) {
    case 'sign-in-due':
    case 'ends-ahead':
      return notice.sessions;
    case 'signed-in':
    case 'sign-in-needed':
    case 'failing':
    case 'worker-behind':
    case 'recovered':
      return [notice.session];
    case 'link':
      return [];
  }
}

export type NoticeState =
  | { readonly state: 'queued'; readonly notBefore: number }
  | { readonly state: 'sending'; readonly until: number }
  | { readonly state: 'sent'; readonly at: number }
  /** The messenger said no for good; shown in health. */
  | { readonly state: 'refused'; readonly at: number };

export type QueuedNotice = {
  /** Deterministic, so that the same fact is told once: `2026-03-09/first-08:30`, `etrade-prod/signed-in/17`. */
  readonly id: string;
  readonly notice: Notice;
  readonly queuedAt: number;
  readonly tries: number;
  readonly delivery: NoticeState;
  /** Safe text of the last failed delivery. */
  readonly lastProblem: string | null;
};

/** Warnings that were told and wait for their all-clear. */
export type OpenWarning = {
  readonly session: SessionKey;
  readonly reason: string;
  readonly since: number;
};

/** One record per chat: what was told, what keep-alive last did. Kept in the app secret's annotation. */
export type ServiceRecord = {
  readonly notices: readonly QueuedNotice[];
  readonly warnings: readonly OpenWarning[];
  readonly keepAlive: {
    readonly lastRunAt: number | null;
    readonly lastOutcome: 'ok' | 'failing' | null;
    readonly consecutiveFailures: number;
    readonly lastForcedAt: number | null;
  };
  /** When a requested link was last sent, and how many were since somebody last opened any link. */
  readonly lastLinkAt: number | null;
  readonly unopenedLinks: number;
  /** The same of devices that have had a link. */
  readonly lastKnownLinkAt: number | null;
  /** When workers' reports were last collected: until then silence means something. */
  readonly reportsCollectedAt: number | null;
};

export const NEW_SERVICE_RECORD: ServiceRecord = {
  notices: [],
  warnings: [],
  keepAlive: { lastRunAt: null, lastOutcome: null, consecutiveFailures: 0, lastForcedAt: null },
  lastLinkAt: null,
  unopenedLinks: 0,
  lastKnownLinkAt: null,
  reportsCollectedAt: null,
};
