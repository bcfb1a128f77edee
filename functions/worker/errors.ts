/**
 * What can go wrong for a trading worker: one class, whose `code` says whose turn it is.
 *
 * Messages say what happened and what to do now, and never hold a token or secret. Thrown by everything
 * in this room; part of the package's public face.
 */

export type WorkerErrorCode =
  /** Nobody has signed in yet: a person must, at `signInUrl`. */
  | 'NOT_SIGNED_IN'
  /** The token is past its end, or the broker refuses it for good: a person must sign in, at `signInUrl`. */
  | 'SIGN_IN_NEEDED'
  /** The token ends sooner than was asked for; `endsAt` and `limitedBy` say which clock it is. */
  | 'TOKEN_ENDS_SOON'
  /** Consumer key, secret, host or a setting is wrong; trying again does not help. */
  | 'CONFIGURATION'
  /** This machine's clock, or the broker's, is off by minutes. */
  | 'CLOCK'
  /** The broker did not serve the call. `undone` says whether it is certain that it did nothing. */
  | 'BROKER_UNAVAILABLE'
  /** The token store could not be read. */
  | 'STORE_UNAVAILABLE'
  /** Not in time: `ready` or a call ran out of its own. */
  | 'TIMEOUT'
  /** The connection to this session was closed. */
  | 'CLOSED';

export type WorkerErrorFacts = {
  readonly code: WorkerErrorCode;
  /** Whether the same call may succeed later with no human in between. */
  readonly retryable: boolean;
  readonly session: string;
  /** Where a person signs in; `null` when no human step helps or no address is configured. */
  readonly signInUrl?: string | null;
  /** When the token ends (epoch ms), for `TOKEN_ENDS_SOON`. */
  readonly endsAt?: number | null;
  readonly limitedBy?: 'hard-end' | 'access-token' | 'idle' | null;
  /** Of the broker's answer, where there was one. */
  readonly status?: number | null;
  /** Certain that the broker did nothing of what was asked. */
  readonly undone?: boolean;
  /** Calls before this moment (epoch ms) fail at once with the same error; `null` where none is held back. */
  readonly triedAgainAt?: number | null;
  readonly cause?: unknown;
};

export class WorkerError extends Error {
  readonly code: WorkerErrorCode;
  readonly retryable: boolean;
  readonly session: string;
  readonly signInUrl: string | null;
  readonly endsAt: number | null;
  readonly limitedBy: 'hard-end' | 'access-token' | 'idle' | null;
  readonly status: number | null;
  readonly undone: boolean;
  readonly triedAgainAt: number | null;

  constructor(message: string, facts: WorkerErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'WorkerError';
    this.code = facts.code;
    this.retryable = facts.retryable;
    this.session = facts.session;
    this.signInUrl = facts.signInUrl ?? null;
    this.endsAt = facts.endsAt ?? null;
    this.limitedBy = facts.limitedBy ?? null;
    this.status = facts.status ?? null;
    this.undone = facts.undone ?? false;
    this.triedAgainAt = facts.triedAgainAt ?? null;
  }
}
