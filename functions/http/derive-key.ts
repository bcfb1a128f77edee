/**
 * One configured secret, several unrelated keys: HKDF with a label per use.
 *
 * A key made for one label opens nothing made with another, so a sign-in link can never be passed off
 * as a cookie. Used by `link.ts`, `cookie.ts`, `hook.ts` and `compose.ts`; keeps nothing.
 */

import { hkdfSync } from 'node:crypto';
import type { Secret } from '../secret.ts';

/** A256GCM takes 32 bytes. */
const KEY_BYTES = 32;

/**
 * The 256-bit key of `secret` for one use.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5869
 */
export function deriveKey(
  secret: Secret,
  label: 'link' | 'cookie' | 'account' | 'hook' | 'address',
): Uint8Array {
  return new Uint8Array(
    hkdfSync('sha256', secret.reveal(), '', `token-cadence ${label}`, KEY_BYTES),
  );
}
