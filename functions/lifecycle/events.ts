/**
 * The event that trading workers receive, as a value. It holds no token and no secret.
 *
 * Made by the transition that stores a token, kept in the record until delivered, published by
 * `events/`. The wire form is in `events/SCHEMA.md`.
 */

import type { SessionKey } from './session.ts';

export type TokenRenewed = {
  readonly type: 'token-renewed';
  readonly reason: 'sign-in' | 'refreshed';
  readonly session: SessionKey;
  readonly generation: number;
  /** Number of the secret version that holds the token. */
  readonly version: number;
  readonly issuedAt: number;
  readonly accessExpiresAt: number;
  /** `null`: none is known. */
  readonly hardEndsAt: number | null;
  readonly idleLimitMs: number | null;
};
