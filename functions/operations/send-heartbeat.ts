/**
 * Tells an outside dead-man switch that a health-check has just done its work: one GET, a few seconds at most.
 *
 * Only success is told. What is wrong with a session is told by Telegram; the switch is for the silence
 * that comes when nothing runs at all. Best effort: never throws, never repeats, and the address, which is a
 * password, is in no log line. Called by health-check.
 */

import type { Log } from '../logging/log.ts';
import type { Secret } from '../secret.ts';

export type Heartbeat = {
  /** Whoever knows the address can speak for us. */
  readonly url: Secret;
  readonly fetch: typeof globalThis.fetch;
  /** @default 3000 */
  readonly timeoutMs?: number;
};

/** Where heartbeats go; `null` where nobody listens for them. */
export type WithHeartbeat = { readonly heartbeat: Heartbeat | null };

const TIMEOUT_MS = 3_000;

export async function sendHeartbeat(log: Log, heartbeat: Heartbeat): Promise<void> {
  const problem = await problemOf(heartbeat);
  if (problem === null) return;
  log.warn('heartbeat-not-sent', 'The dead-man switch did not take our heartbeat.', { problem });
}

/** Of errors only the kind is told: their texts can quote the address. */
async function problemOf({ url, fetch, timeoutMs }: Heartbeat): Promise<string | null> {
  try {
    const response = await fetch(url.reveal(), {
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok ? null : `status ${response.status}`;
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'no answer';
  }
}
