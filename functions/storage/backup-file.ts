/**
 * A backup as one encrypted text: AES-256-GCM under a passphrase stretched by scrypt.
 *
 * No I/O. Salt, cost and a check value stand outside, so that a wrong passphrase is told from a damaged
 * file; everything else is inside. Errors name no value. Used by `export`, `import` and the daily copy.
 */

import * as z from 'zod';
import type { Random } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Backup } from './backup.ts';
import { decodeDocument, encodeDocument, moment, orNull, sessionKey } from './documents.ts';
import { deriveKeys, masterKeyOf, type ScryptCost, seal, unseal } from './file-encryption.ts';
import { decodeRecord, encodeRecord } from './record-document.ts';
import { decodeToken, encodeToken } from './token-document.ts';

const FORMAT = 'token-cadence-backup';

/** Raised when older releases could no longer open the file. */
const FILE_VERSION = 1;

const SALT_BYTES = 16;

/** Binds what is sealed to its use: a file of the store does not open as a backup. */
const CONTEXT = 'backup';

/** As costly to guess as the store's own, in 32 MiB: a function that writes a copy has little memory. */
export const BACKUP_SCRYPT_COST: ScryptCost = { n: 2 ** 15, r: 8, p: 3 };

/** Shorter ones are guessed by whoever gets hold of a copy. */
export const PASSPHRASE_MIN_LENGTH = 12;

const NAME = 'backup';

const envelopeSchema = z.object({ format: z.literal(FORMAT), schemaVersion: z.int().min(1) });

const fileSchema = z.object({
  salt: z.base64(),
  check: z.base64(),
  // Bounds, so that a changed file cannot ask for all memory or make guessing cheap.
  scrypt: z.object({
    n: z
      .int()
      .min(2 ** 14)
      .max(2 ** 20)
      .refine((n) => Number.isInteger(Math.log2(n))),
    r: z.int().min(8).max(16),
    p: z.int().min(1).max(16),
  }),
  sealed: z.string(),
});

/** Records and tokens as the stores write them: text within text, each with its own `schemaVersion`. */
const backupSchema = z.object({
  exportedAt: moment,
  sessions: z.array(
    z.object({ session: sessionKey, record: z.string(), token: orNull(z.string()) }),
  ),
});

/** @throws {StoreError} `STORE_DENIED` for a passphrase that is too short */
export async function sealBackup(
  backup: Backup,
  passphrase: Secret,
  random: Random,
): Promise<string> {
  requireLength(passphrase);
  const salt = random(SALT_BYTES);
  const keys = deriveKeys(await masterKeyOf(passphrase, salt, BACKUP_SCRYPT_COST), salt);
  const text = encodeDocument(
    backupSchema,
    {
      exportedAt: backup.exportedAt,
      sessions: backup.sessions.map(({ session, record, token }) => ({
        session,
        record: encodeRecord(session, record),
        token: token === null ? null : encodeToken(token),
      })),
    },
    NAME,
  );
  return `${JSON.stringify({
    format: FORMAT,
    schemaVersion: FILE_VERSION,
    salt: Buffer.from(salt).toString('base64'),
    check: keys.check,
    scrypt: BACKUP_SCRYPT_COST,
    sealed: seal(keys, random, CONTEXT, text),
  })}\n`;
}

/**
 * @throws {StoreError} `STORE_DENIED` for a wrong passphrase, `STORE_RECORD_INVALID` for a file that is
 *   none of ours, cut off, changed, or of a newer release
 */
export async function openBackup(text: string, passphrase: Secret): Promise<Backup> {
  const file = readFile(text);
  const salt = Buffer.from(file.salt, 'base64');
  const keys = deriveKeys(await masterKeyOf(passphrase, salt, file.scrypt), salt);
  if (keys.check !== file.check) {
    throw denied('The passphrase is not the one that the backup was made with');
  }
  const opened = unseal(keys, CONTEXT, file.sealed);
  if (opened === null) throw invalid('The backup was damaged or changed: take another copy');
  const { exportedAt, sessions } = decodeDocument(backupSchema, opened, NAME);
  return {
    exportedAt,
    sessions: sessions.map(({ session, record, token }) => ({
      session,
      record: decodeRecord(session, record),
      token: token === null ? null : decodeToken(session, token),
    })),
  };
}

function readFile(text: string): z.infer<typeof fileSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid('The file is no backup of token-cadence, or it was cut off: take another copy');
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) throw invalid('The file is no backup of token-cadence');
  if (envelope.data.schemaVersion > FILE_VERSION) {
    throw invalid(
      `The backup was written by a newer release: its schemaVersion is ${envelope.data.schemaVersion}, this release reads ${FILE_VERSION}. Import it with the newer release`,
    );
  }
  const file = fileSchema.safeParse(json);
  if (!file.success) throw invalid('The backup was damaged or changed: take another copy');
  return file.data;
}

function requireLength(passphrase: Secret): void {
  if (passphrase.reveal().length >= PASSPHRASE_MIN_LENGTH) return;
  throw denied(
    `The passphrase of a backup needs at least ${PASSPHRASE_MIN_LENGTH} characters: whoever gets the file can try as many as they like`,
  );
}

function denied(message: string): StoreError {
  return new StoreError(message, { code: 'STORE_DENIED', retryable: false });
}

function invalid(message: string): StoreError {
  return new StoreError(message, { code: 'STORE_RECORD_INVALID', retryable: false });
}
