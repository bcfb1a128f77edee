/**
 * What a trading worker says of itself: which token it uses and when it last worked.
 *
 * Pure; holds no secret. Sent by `worker/`, collected by health-check and keep-alive. The wire form is in
 * `events/SCHEMA.md`.
 */

import type { SessionKey } from './session.ts';

export type WorkerHeartbeat = {
  /** The name its owner gave it: `orb-bot`. */
  readonly worker: string;
  /** One running process of it: two replicas of a worker are two instances. */
  readonly instance: string;
  readonly session: SessionKey;
  /** Of the token it uses; 0 while it has none. */
  readonly generation: number;
  /** Its last call that the broker took. */
  readonly lastUsedAt: number | null;
  readonly at: number;
  /** It said goodbye: from now on it is offline, and behind in nothing. */
  readonly stopped: boolean;
};

const WORKER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What `isWorkerName` accepts, for messages. */
export const WORKER_NAME_RULE =
  '1 to 63 letters, digits, ".", "_" and "-", the first a letter or digit';

/**
 * Whether a value can name a worker or an instance. The one rule wherever such a name enters: a worker's
 * options, the settings of the service, reports. Names are shown on pages and in messages.
 */
export function isWorkerName(value: unknown): boolean {
  return typeof value === 'string' && WORKER_NAME.test(value);
}
