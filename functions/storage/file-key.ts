/**
 * Opens a store's directory: makes it on first use, finds its keys, and says clearly when they are wrong.
 *
 * `store.json` keeps what is needed beside the passphrase or the key file: salt, cost, and a check value
 * by which a wrong key is known before any file is read. Holds no key. Used by `encrypted-file.ts`.
 */

import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import type { Random } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import {
  deriveKeys,
  type FileKeys,
  masterKeyOf,
  SCRYPT_COST,
  type ScryptCost,
} from './file-encryption.ts';
import {
  createPrivate,
  ensureDirectory,
  listNames,
  makeDirectory,
  readPrivate,
} from './private-files.ts';

/** What protects the store: something a person types, or a file that only this user can read. */
export type FileStoreKey =
  | { readonly passphrase: Secret }
  /** 32 random bytes in base64; made on first use. */
  | { readonly keyFile: string };

type Opening = {
  readonly directory: string;
  readonly key: FileStoreKey;
  readonly random: Random;
};

/** Made before anything else in a store, and never removed. */
export const HEADER_FILE = 'store.json';
const KEY_BYTES = 32;
const SALT_BYTES = 16;

const common = { schemaVersion: z.literal(1), salt: z.base64(), check: z.base64() };

const headerSchema = z.discriminatedUnion('key', [
  z.object({ ...common, key: z.literal('key-file') }),
  z.object({
    ...common,
    key: z.literal('passphrase'),
    // Bounds, so that a changed header cannot ask for all memory or make guessing cheap.
    scrypt: z.object({
      n: z
        .int()
        .min(2 ** 14)
        .max(2 ** 20)
        .refine((n) => Number.isInteger(Math.log2(n))),
      r: z.int().min(8).max(16),
      p: z.int().min(1).max(16),
    }),
  }),
]);

type Header = z.infer<typeof headerSchema>;

function denied(message: string): StoreError {
  return new StoreError(message, { code: 'STORE_DENIED', retryable: false });
}

function invalid(message: string): StoreError {
  return new StoreError(message, { code: 'STORE_RECORD_INVALID', retryable: false });
}

/**
 * The keys of the store in `directory`, which is made when it does not exist.
 *
 * @param holdsData whether a name in the directory is one of the store's folders
 * @throws {StoreError} `STORE_DENIED` for a wrong or unprotected key, `STORE_RECORD_INVALID` for a
 *   damaged header, `STORE_UNAVAILABLE`
 */
export async function openKeys(
  opening: Opening,
  holdsData: (name: string) => boolean,
): Promise<FileKeys> {
  const { directory } = opening;
  await ensureDirectory(directory);
  // Listed before the header is read: a folder is only ever made after the header.
  const hasData = (await listNames(directory)).some(holdsData);
  const header = await readHeader(directory);
  if (header !== null) return keysFor(opening, header);
  if (hasData) {
    throw invalid(
      `"${HEADER_FILE}" is missing in the store "${directory}", and nothing there can be read without it: restore it, or remove the directory and sign in again`,
    );
  }
  return createHeader(opening);
}

async function readHeader(directory: string): Promise<Header | null> {
  const text = await readPrivate(join(directory, HEADER_FILE));
  if (text === null) return null;
  try {
    return headerSchema.parse(JSON.parse(text));
  } catch {
    throw invalid(
      `"${HEADER_FILE}" of the store "${directory}" does not read: restore it, or remove the directory and sign in again`,
    );
  }
}

async function keysFor(opening: Opening, header: Header): Promise<FileKeys> {
  const { directory, key } = opening;
  const salt = Buffer.from(header.salt, 'base64');
  if ('passphrase' in key && header.key === 'passphrase') {
    const keys = await passphraseKeys(key.passphrase, salt, header.scrypt);
    if (keys.check === header.check) return keys;
    throw denied(`The passphrase is not the one that the store "${directory}" was made with`);
  }
  if ('keyFile' in key && header.key === 'key-file') {
    const keys = deriveKeys(await readKeyFile(key.keyFile, directory), salt);
    if (keys.check === header.check) return keys;
    throw denied(
      `The key file "${key.keyFile}" is not the one that the store "${directory}" was made with`,
    );
  }
  const [made, given] =
    header.key === 'passphrase' ? ['a passphrase', 'a key file'] : ['a key file', 'a passphrase'];
  throw denied(`The store "${directory}" was made with ${made}, not with ${given}`);
}

/** First use. Of several processes at once one makes the header, and all use that one. */
async function createHeader(opening: Opening): Promise<FileKeys> {
  const { directory, key, random } = opening;
  const salt = random(SALT_BYTES);
  const keys =
    'passphrase' in key
      ? await passphraseKeys(key.passphrase, salt, SCRYPT_COST)
      : deriveKeys(await readOrMakeKeyFile(key.keyFile, random), salt);
  const shared = {
    schemaVersion: 1,
    salt: Buffer.from(salt).toString('base64'),
    check: keys.check,
  } as const;
  const header: Header =
    'passphrase' in key
      ? { ...shared, key: 'passphrase', scrypt: SCRYPT_COST }
      : { ...shared, key: 'key-file' };
  const created = await createPrivate(
    directory,
    HEADER_FILE,
    `${JSON.stringify(header)}\n`,
    random,
  );
  if (created) return keys;
  const winner = await readHeader(directory);
  if (winner === null)
    throw invalid(`"${HEADER_FILE}" of the store "${directory}" has just been removed`);
  return keysFor(opening, winner);
}

async function passphraseKeys(
  passphrase: Secret,
  salt: Uint8Array,
  cost: ScryptCost,
): Promise<FileKeys> {
  if (passphrase.reveal() === '') throw denied('The passphrase of the store is empty');
  return deriveKeys(await masterKeyOf(passphrase, salt, cost), salt);
}

async function readKeyFile(path: string, directory: string): Promise<Uint8Array> {
  const text = await readPrivate(path);
  if (text === null) {
    throw denied(
      `The key file "${path}" is missing, and the store "${directory}" cannot be read without it: restore it, or remove the directory and sign in again`,
    );
  }
  return keyOf(path, text);
}

async function readOrMakeKeyFile(path: string, random: Random): Promise<Uint8Array> {
  const text = await readPrivate(path);
  if (text !== null) return keyOf(path, text);
  const key = random(KEY_BYTES);
  await makeDirectory(dirname(path));
  const fresh = `${Buffer.from(key).toString('base64')}\n`;
  if (await createPrivate(dirname(path), basename(path), fresh, random)) return key;
  return keyOf(path, (await readPrivate(path)) ?? '');
}

function keyOf(path: string, text: string): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== KEY_BYTES) {
    throw denied(
      `The key file "${path}" does not hold a key: ${KEY_BYTES} bytes in base64 are expected`,
    );
  }
  return key;
}
