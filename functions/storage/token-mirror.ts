/**
 * What the system asks of a mirror: the current token also under names that older workers read.
 *
 * Types only. Never decides anything and never fails its caller: whatever did not work is tried again by
 * the next health check. Implemented by `mirror-secrets.ts`, called by operations.
 */

import type { SessionKey, SessionRecord } from '../lifecycle/session.ts';
import type { StoredToken } from './session-store.ts';

export interface TokenMirror {
  /** Names of what is written, or `null` for a session that is not mirrored. */
  namesOf(session: SessionKey): MirrorNames | null;
  /** Writes the token under both names and destroys what was there before. */
  mirrorToken(session: SessionKey, token: StoredToken): Promise<MirrorResult>;
  /** Destroys what is under both names: the session was signed out. */
  clear(session: SessionKey): Promise<MirrorResult>;
  /**
   * Whether both names hold the token that the record points at; `true` when there is nothing to mirror.
   *
   * @throws {StoreError} when the store does not answer
   */
  isCurrent(
    session: SessionKey,
    record: Pick<SessionRecord, 'generation' | 'issuedAt' | 'version'>,
  ): Promise<boolean>;
}

export type MirrorResult =
  | { readonly ok: true }
  /** `problem`: a sentence for people · `null`: this session is not mirrored. */
  | { readonly ok: false; readonly problem: string | null };

export type MirrorNames = { readonly token: string; readonly secret: string };
