/**
 * Sends a new sign-in link to the configured chat; once somebody opens a link, the next comes as the first did.
 *
 * A caller learns nothing: the link goes to the chat only. While nobody opens them, links come ever more
 * rarely and without a sound, but a device that has had one is not held by that: nobody locks the owner out.
 * Used by `POST /link` and `GET /go/<link>`.
 */

import { StoreError } from '../errors.ts';
import type { ServiceRecord } from '../lifecycle/notices.ts';
import { type LinkAsker, nextLinkAt } from '../lifecycle/service.ts';
import { linkEnd } from './link-end.ts';
import type { System } from './system.ts';
import { tell } from './tell.ts';
import { updateService } from './update-record.ts';

export type SendLinkResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: 'too-soon';
      readonly retryAt: number;
      /** When the last one went to the chat, where it still works; `null` while it is not there. */
      readonly sentAt: number | null;
    }
  | { readonly ok: false; readonly reason: 'not-delivered' };

type Held = Pick<Extract<SendLinkResult, { reason: 'too-soon' }>, 'retryAt' | 'sentAt'>;

/** @throws StoreError when the record cannot be read or written */
export async function sendLink(system: System, asker: LinkAsker): Promise<SendLinkResult> {
  const now = system.clock();
  const claimed = await updateService<Held>(system, (service) => {
    const retryAt = heldUntil(system, service, asker);
    if (retryAt > now) return { stop: { retryAt, sentAt: sentAt(service) } };
    return {
      next: {
        ...service,
        lastLinkAt: now,
        unopenedLinks: service.unopenedLinks + 1,
        lastKnownLinkAt: asker === 'known' ? now : service.lastKnownLinkAt,
      },
    };
  });
  if (!claimed.ok) return { ok: false, reason: 'too-soon', ...claimed.stopped };
  const isRepeated = claimed.record.unopenedLinks > 1;
  const id = `${noticesOf(now)}${asker}`;
  const notice = { kind: 'link' } as const;
  await tell(system, [
    { id, notice: isRepeated && asker === 'anyone' ? { ...notice, silent: true } : notice },
  ]);
  const { record } = await system.store.loadService();
  const isSent = record.notices.some(
    (queued) => queued.id === id && queued.delivery.state === 'sent',
  );
  if (isSent) return { ok: true };
  // What is not in the chat waits for nobody to open it.
  await updateService(system, (service) => ({
    next: { ...service, unopenedLinks: Math.max(0, service.unopenedLinks - 1) },
  }));
  return { ok: false, reason: 'not-delivered' };
}

/** Somebody has opened a link: the chat is read. A store that fails now keeps nobody out. */
export async function noteLinkOpened(system: System): Promise<void> {
  try {
    await updateService<null>(system, (service) =>
      service.unopenedLinks === 0 ? { stop: null } : { next: { ...service, unopenedLinks: 0 } },
    );
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    system.log.error('link-opened-not-noted', 'The next link may be held longer.', error);
  }
}

/** A link that has expired holds up no other. */
function heldUntil(system: System, service: ServiceRecord, asker: LinkAsker): number {
  const { lastLinkAt } = service;
  const next = nextLinkAt(service, asker);
  return lastLinkAt === null ? next : Math.min(next, linkEnd(system.sessions, null, lastLinkAt));
}

/** When the link asked for at `askedAt` was sent; what is remembered no longer was. */
function sentAt(service: ServiceRecord, askedAt = service.lastLinkAt): number | null {
  if (askedAt === null) return null;
  const queued = service.notices.filter(({ id }) => id.startsWith(noticesOf(askedAt)));
  return queued.every(({ delivery }) => delivery.state === 'sent') ? askedAt : null;
}

/** What the ids of links asked for at one moment begin with. */
function noticesOf(askedAt: number): string {
  return `link/${askedAt}/`;
}
