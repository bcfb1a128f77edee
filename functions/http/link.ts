/**
 * Sign-in links: what a Telegram button carries, encrypted and with an end.
 *
 * A link is a bearer secret that stays usable until its end, because people change browsers; opening one
 * uses nothing up. Made for messages, opened by `GET /go/<token>`; never logged.
 */

import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import type { Clock } from '../clock.ts';
import { parseSessionKey, type SessionKey } from '../lifecycle/session.ts';
import type { Secret } from '../secret.ts';
import { deriveKey } from './derive-key.ts';
import { type LinkOpener, openerOf } from './link-opener.ts';

export type LinkOptions = {
  /** `linkKey` of the app secret. */
  readonly key: Secret;
  /** The configured chat: links made for another one do not open. */
  readonly chatId: string;
  /** `https://…` without a trailing slash. */
  readonly publicUrl: string;
  readonly clock: Clock;
  /** When a link made at `now` ends, in epoch milliseconds. */
  readonly endsAt: (session: SessionKey | null, now: number) => number;
};

export type OpenedLink =
  | { readonly ok: true; readonly session: SessionKey | null; readonly endsAt: number }
  | { readonly ok: false; readonly reason: 'expired' | 'forged' | 'other-chat' };

export type Links = {
  /** The address for a button: the session's sign-in page, or the dashboard for `null`. */
  create(session: SessionKey | null): Promise<string>;
  open(token: string): Promise<OpenedLink>;
  /** Who asks, as far as a log may know. */
  openerOf(headers: Headers): LinkOpener;
};

/** @see https://www.rfc-editor.org/rfc/rfc7516 (compact JWE, `dir` with A256GCM) */
export function createLinks(options: LinkOptions): Links {
  const key = deriveKey(options.key, 'link');
  const addressKey = deriveKey(options.key, 'address');

  return {
    async create(session) {
      const now = options.clock();
      const token = await new EncryptJWT({ chat: options.chatId, session })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setExpirationTime(Math.floor(options.endsAt(session, now) / 1000))
        .encrypt(key);
      return `${options.publicUrl}/go/${token}`;
    },

    async open(token) {
      const claims = await decrypt(token, key, options.clock());
      if (claims === 'expired' || claims === 'forged') return { ok: false, reason: claims };
      if (claims['chat'] !== options.chatId) return { ok: false, reason: 'other-chat' };
      const session = readSession(claims['session']);
      if (session === undefined || claims.exp === undefined) return { ok: false, reason: 'forged' };
      return { ok: true, session, endsAt: claims.exp * 1000 };
    },

    openerOf: (headers) => openerOf(headers, addressKey),
  };
}

async function decrypt(token: string, key: Uint8Array, now: number) {
  try {
    const { payload } = await jwtDecrypt(token, key, {
      currentDate: new Date(now),
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      requiredClaims: ['exp'],
    });
    return payload;
  } catch (error) {
    return error instanceof errors.JWTExpired ? 'expired' : 'forged';
  }
}

function readSession(claim: unknown): SessionKey | null | undefined {
  if (claim === null) return null;
  return typeof claim === 'string' ? parseSessionKey(claim)?.key : undefined;
}
