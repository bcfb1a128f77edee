/**
 * Seals the texts that the file store keeps: AES-256-GCM, bound to the place of the file.
 *
 * No I/O and no files. A sealed text opens only with the same keys and for the same context, so that
 * files cannot be swapped, renamed or edited unnoticed. Used by `encrypted-file.ts` and `file-key.ts`.
 */

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  scrypt,
} from 'node:crypto';
import * as z from 'zod';
import type { Random } from '../clock.ts';
import type { Secret } from '../secret.ts';

const FORMAT = 'token-cadence/1';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const AUTH_TAG_BYTES = 16;

/** Keys of one store. `KeyObject`s print nothing of themselves. */
export type FileKeys = {
  readonly encryption: KeyObject;
  readonly nonce: KeyObject;
  /** Tells whether two keys are the same without telling anything of them. */
  readonly check: string;
};

/** Cost of turning a passphrase into a key, as it is kept in the store's header. */
export type ScryptCost = { readonly n: number; readonly r: number; readonly p: number };

/** 128 MiB and about half a second for each guess. */
export const SCRYPT_COST: ScryptCost = { n: 2 ** 17, r: 8, p: 1 };

/** Stretches a passphrase to a 32-byte master key. */
export async function masterKeyOf(
  passphrase: Secret,
  salt: Uint8Array,
  cost: ScryptCost,
): Promise<Uint8Array> {
  const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: 256 * cost.n * cost.r };
  return new Promise((resolve, reject) => {
    // The same passphrase typed on two systems may differ in its Unicode form.
    scrypt(passphrase.reveal().normalize('NFKC'), salt, 32, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** Separate keys for separate uses, from one master key of 32 bytes. */
export function deriveKeys(master: Uint8Array, salt: Uint8Array): FileKeys {
  const derive = (use: string) =>
    Buffer.from(hkdfSync('sha256', master, salt, `${FORMAT}/${use}`, 32));
  return {
    encryption: createSecretKey(derive('encryption')),
    nonce: createSecretKey(derive('nonce')),
    check: derive('check').toString('base64'),
  };
}

const sealedSchema = z.object({
  format: z.literal(FORMAT),
  nonce: z.string(),
  data: z.string(),
});

/** The text, sealed for `context` (its place in the store), as one line of JSON. */
export function seal(keys: FileKeys, random: Random, context: string, text: string): string {
  // A repeated nonce would break GCM. Chance may be handed in from a seed, so the text takes part too:
  // equal nonces then mean equal texts in the same place.
  const nonce = createHmac('sha256', keys.nonce)
    .update(random(16))
    .update(JSON.stringify([context, text]))
    .digest()
    .subarray(0, NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keys.encryption, nonce).setAAD(aadOf(context));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${JSON.stringify({
    format: FORMAT,
    nonce: nonce.toString('base64'),
    data: data.toString('base64'),
  })}\n`;
}

/** The text that was sealed, or `null` when it was not sealed with these keys for this context. */
export function unseal(keys: FileKeys, context: string, sealed: string): string | null {
  try {
    const parsed = sealedSchema.parse(JSON.parse(sealed));
    const nonce = bytesOf(parsed.nonce);
    const data = bytesOf(parsed.data);
    const decipher = createDecipheriv(CIPHER, keys.encryption, nonce, {
      authTagLength: AUTH_TAG_BYTES,
    });
    decipher.setAAD(aadOf(context));
    decipher.setAuthTag(data.subarray(-AUTH_TAG_BYTES));
    const opened = decipher.update(data.subarray(0, -AUTH_TAG_BYTES));
    return Buffer.concat([opened, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

/** Strict: text that decodes to the same bytes in another spelling was changed by somebody. */
function bytesOf(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) throw new TypeError('not canonical base64');
  return bytes;
}

function aadOf(context: string): Buffer {
  return Buffer.from(`${FORMAT}/${context}`, 'utf8');
}
