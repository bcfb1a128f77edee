/**
 * Sends a new sign-in link to the configured chat, once a minute.
 *
 * Whoever asks learns nothing: the link goes to the chat only. Called by `POST /link`.
 */

import { MANUAL_ACTION_EVERY_MS } from '../lifecycle/limits.ts';
import type { System } from './system.ts';
import { tell } from './tell.ts';
import { updateService } from './update-record.ts';

export type SendLinkResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'too-soon'; readonly retryAt: number }
  | { readonly ok: false; readonly reason: 'not-delivered' };

/** @throws StoreError when the record cannot be read or written */
export async function sendLink(system: System): Promise<SendLinkResult> {
  const now = system.clock();
  const claimed = await updateService<number>(system, (service) => {
    const { lastLinkAt } = service;
    if (lastLinkAt !== null && now < lastLinkAt + MANUAL_ACTION_EVERY_MS) {
      return { stop: lastLinkAt + MANUAL_ACTION_EVERY_MS };
    }
    return { next: { ...service, lastLinkAt: now } };
  });
  if (!claimed.ok) return { ok: false, reason: 'too-soon', retryAt: claimed.stopped };
  const id = `link/${now}`;
  await tell(system, [{ id, notice: { kind: 'link' } }]);
  const { record } = await system.store.loadService();
  const sent = record.notices.some(
    (queued) => queued.id === id && queued.delivery.state === 'sent',
  );
  return sent ? { ok: true } : { ok: false, reason: 'not-delivered' };
}
