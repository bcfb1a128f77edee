/**
 * Everything that can happen to a session's record, as data.
 *
 * Types only. Made by operations, applied by `transition.ts`; a lost compare-and-set applies the same
 * change again to what was read anew. Moments are epoch milliseconds of our own clock.
 */

import type { SessionKey, SignInOutcome } from './session.ts';

/** A human's sign-in on its way: the record knows of the PIN before the broker does. */
export type SignInChange =
  /** A PIN is about to be spent. `id` is the hash by which a second post of it finds itself. */
  | { readonly type: 'attempt-started'; readonly id: string; readonly at: number }
  /** The PIN brought no token. Only `pin-rejected` counts against the attempts of the hour. */
  | {
      readonly type: 'attempt-failed';
      readonly id: string;
      readonly outcome: Exclude<SignInOutcome, 'stored'>;
      readonly at: number;
    }
  /** The PIN never left: nothing is spent or counted, and it may be tried again. */
  | { readonly type: 'attempt-withdrawn'; readonly id: string }
  /** Somebody looks for an attempt that died halfway; changes nothing while it may still live. */
  | { readonly type: 'attempt-lost'; readonly at: number };

/** A request for the person's phone. Changes nothing once another request has begun. */
export type ApprovalChange =
  | { readonly type: 'approval-asking'; readonly at: number }
  | { readonly type: 'approval-asked'; readonly requestedAt: number; readonly expiresAt: number }
  | { readonly type: 'approval-failed'; readonly requestedAt: number; readonly problem: string };

/** A token was added to the store: the record is to point at it. */
export type TokenStored = {
  readonly type: 'token-stored';
  readonly session: SessionKey;
  readonly reason: 'sign-in' | 'refreshed';
  readonly version: number;
  /** Must be higher than the record's, else nothing changes: somebody else's token came first. */
  readonly generation: number;
  readonly signedInAt: number;
  readonly issuedAt: number;
  readonly accessExpiresAt: number;
  /** `null`: none is known. */
  readonly hardEndsAt: number | null;
  /** Hashes of the token's account ids; `null` when the broker could not be asked. */
  readonly account: readonly string[] | null;
  /** The attempt it came from; `null` for a refresh, and for a version adopted after its writer died. */
  readonly id: string | null;
  /** Whether a probe has already worked with it. */
  readonly proven: boolean;
  readonly at: number;
};

/** What the broker said about the token of a generation. Dropped when the record has a newer one. */
export type StatusChange =
  /** A call that needs a good token worked. */
  | {
      readonly type: 'probed';
      readonly generation: number;
      readonly account: readonly string[] | null;
      readonly at: number;
    }
  /** 401: one renewal may help (`inactive`), or only a sign-in does (`rejected`). */
  | {
      readonly type: 'unauthorized';
      readonly generation: number;
      readonly verdict: 'inactive' | 'rejected';
      readonly at: number;
    }
  /** The same token was woken up. A refresh brings a new one and is `token-stored`. */
  | { readonly type: 'renewed'; readonly generation: number; readonly at: number }
  /** The call said nothing about the token. */
  | {
      readonly type: 'failed';
      readonly generation: number;
      readonly reason: 'transient' | 'configuration' | 'clock';
      readonly at: number;
    }
  /** A person signed out: the token of this generation is forgotten. */
  | { readonly type: 'signed-out'; readonly generation: number; readonly at: number };

/** The right to refresh, for one at a time. */
export type LeaseChange =
  | {
      readonly type: 'lease-taken';
      readonly owner: string;
      readonly until: number;
      readonly generation: number;
      readonly at: number;
    }
  | { readonly type: 'lease-released'; readonly owner: string; readonly generation: number };

/** News of those who are told: the event service and the workers. */
export type FollowerChange =
  /** A worker had keep-alive ask the broker. */
  | { readonly type: 'keep-alive-asked'; readonly at: number }
  | { readonly type: 'event-delivered'; readonly generation: number }
  | {
      readonly type: 'worker-reported';
      readonly worker: string;
      readonly instance: string;
      readonly generation: number;
      readonly lastUsedAt: number | null;
      readonly stopped: boolean;
      readonly at: number;
    };

export type Change =
  | SignInChange
  | ApprovalChange
  | TokenStored
  | StatusChange
  | LeaseChange
  | FollowerChange;
