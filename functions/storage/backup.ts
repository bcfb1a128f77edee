/**
 * What a backup holds, and what the system asks of the place where daily copies are kept.
 *
 * Says nothing of files or encryption. A place throws `StoreError`. Implemented by `backup-directory.ts`.
 */

import type { SessionKey, SessionRecord } from '../lifecycle/session.ts';
import type { StoredToken } from './session-store.ts';

export type SessionBackup = {
  readonly session: SessionKey;
  readonly record: SessionRecord;
  /** `null` when nobody was signed in. */
  readonly token: StoredToken | null;
};

export type Backup = {
  readonly exportedAt: number;
  readonly sessions: readonly SessionBackup[];
};

export interface BackupPlace {
  /** Names of what is there, whoever put it there. */
  list(): Promise<readonly string[]>;
  /** Keeps an encrypted copy under a name, in the place of an earlier one. Never half written. */
  save(name: string, backup: Backup): Promise<void>;
  remove(name: string): Promise<void>;
}
