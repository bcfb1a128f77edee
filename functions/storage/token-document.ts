/**
 * One token as one JSON document: the payload of a secret's version.
 *
 * The only document with secrets in it. Used by the stores and by workers; described for other
 * languages in `SCHEMA.md`.
 */

import * as z from 'zod';
import { StoreError } from '../errors.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import {
  count,
  decodeDocument,
  encodeDocument,
  moment,
  orNull,
  secret,
  sessionKey,
} from './documents.ts';
import type { StoredToken } from './session-store.ts';

/** Secret Manager's limit for the payload of a version. */
const TOKEN_MAX_BYTES = 64 * 1024;

const tokenSchema = z.object({
  session: sessionKey,
  generation: count,
  signedInAt: moment,
  issuedAt: moment,
  accessExpiresAt: moment,
  hardEndsAt: orNull(moment),
  account: orNull(z.array(z.string()).readonly()),
  accessToken: secret,
  tokenSecret: orNull(secret),
  refreshToken: orNull(secret),
});

/**
 * @returns JSON text that holds the bare token: hand it to the store's write, nowhere else
 * @throws {StoreError} `STORE_RECORD_INVALID`, or `STORE_RECORD_TOO_LARGE` above 64 KiB
 */
export function encodeToken(token: StoredToken): string {
  const name = `token of session "${token.session}"`;
  const text = encodeDocument(tokenSchema, token, name);
  if (Buffer.byteLength(text) > TOKEN_MAX_BYTES) {
    throw new StoreError(
      `The ${name} is larger than the ${TOKEN_MAX_BYTES} bytes a version holds`,
      {
        code: 'STORE_RECORD_TOO_LARGE',
        retryable: false,
      },
    );
  }
  return text;
}

/** @throws {StoreError} `STORE_RECORD_INVALID`, also when the token belongs to another session */
export function decodeToken(session: SessionKey, text: string): StoredToken {
  const name = `token of session "${session}"`;
  const token = decodeDocument(tokenSchema, text, name);
  if (token.session !== session) {
    throw new StoreError(`The ${name} does not read: it belongs to session "${token.session}"`, {
      code: 'STORE_RECORD_INVALID',
      retryable: false,
    });
  }
  return token;
}
