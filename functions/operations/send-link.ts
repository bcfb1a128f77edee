/**
 * Sends a new sign-in link to the configured chat, once a minute.
 */

import type { System } from './system.ts';

export type SendLinkResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'too-soon'; readonly retryAt: number }
  | { readonly ok: false; readonly reason: 'not-delivered' };

export async function sendLink(_system: System): Promise<SendLinkResult> {
  throw new Error('being written');
}
