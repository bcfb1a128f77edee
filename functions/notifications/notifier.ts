/**
 * What the system asks of a messenger: deliver one notice, or say why not.
 *
 * Never retries beyond its own call and never keeps anything; what was told is recorded by operations.
 * Implemented by `telegram.ts`.
 */

import type { Notice } from '../lifecycle/notices.ts';
import type { SessionKey } from '../lifecycle/session.ts';

/** A request that the broker was to put on the person's phone. */
export type ApprovalFact = {
  /** The broker's name, which its app has. */
  readonly broker: string;
  /** `null` when it is there; else the broker's word for why it is not, safe to show. */
  readonly problem: string | null;
};

/** Facts a text needs beside its notice. Links are bearer secrets: made fresh for each delivery. */
export type DeliveryFacts = {
  readonly now: number;
  /** A sign-in link for a session; `null` gives the dashboard's. */
  readonly link: (session: SessionKey | null) => Promise<string>;
  /** The name people read: "E*TRADE sandbox". */
  readonly title: (session: SessionKey) => string;
  /** Of the sessions whose person was asked on the phone. @default none */
  readonly approvals?: ReadonlyMap<SessionKey, ApprovalFact>;
  /** Zone in which moments are written for people. */
  readonly zone: string;
};

export interface Notifier {
  /** Resolves when the messenger has taken it; throws `NotificationError` otherwise. */
  deliver(notice: Notice, facts: DeliveryFacts): Promise<void>;
}
