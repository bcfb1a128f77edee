/**
 * What the doctor and a rehearsal may touch beside the system itself.
 *
 * Types only. Made by `compose.ts` for the command line; tests hand in fakes.
 */

import type { Broker } from '../brokers/broker.ts';
import type { EventCheck } from '../events/event-check.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { MessengerCheck } from '../notifications/messenger-check.ts';
import type { BackupPlace } from '../storage/backup.ts';

export type Checks = {
  readonly events: EventCheck;
  readonly messenger: MessengerCheck;
  /** The origin that people open. */
  readonly publicUrl: string;
  readonly fetch: typeof globalThis.fetch;
  /** `null` where no daily copy is configured. */
  readonly backups: BackupPlace | null;
  /**
   * The broker of the other environment with this session's key, to tell a key that is wrong from one
   * that is in the wrong place; `null` where both environments share one address.
   */
  readonly counterpart: (session: SessionKey) => Broker | null;
};
