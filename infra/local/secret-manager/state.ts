/**
 * What the stand-in keeps of a project: secrets and versions with their history, as plain JSON.
 *
 * Shapes and the schema that reads a saved state back. Payloads are in it bare: local runs only. Used by
 * `book.ts`.
 */

import { z } from 'zod';

const texts = z.record(z.string(), z.string());

const secretFacts = z.object({
  etag: z.string(),
  createdAt: z.int(),
  expiresAt: z.int().nullable(),
  labels: texts,
  annotations: texts,
  versionAliases: texts,
  topics: z.array(z.object({ name: z.string() })),
  replication: z.record(z.string(), z.unknown()),
  rotation: z.record(z.string(), z.unknown()).nullable(),
  versionDestroyTtlMs: z.int().nullable(),
});
export type SecretFacts = z.infer<typeof secretFacts>;

export const versionState = z.enum(['ENABLED', 'DISABLED', 'DESTROYED']);
export type VersionState = z.infer<typeof versionState>;

const versionFacts = z.object({
  etag: z.string(),
  createdAt: z.int(),
  state: versionState,
  destroyedAt: z.int().nullable(),
  destroyDueAt: z.int().nullable(),
});
export type VersionFacts = z.infer<typeof versionFacts>;

const historyOf = <T extends z.ZodType>(facts: T) =>
  z
    .array(z.object({ at: z.int(), value: facts }))
    .min(1)
    .readonly();

const version = z.object({
  facts: historyOf(versionFacts),
  /** `null` once destroyed. */
  payload: z
    .object({ data: z.base64(), checksum: z.string(), checksumSent: z.boolean() })
    .nullable(),
});
export type StoredVersion = z.infer<typeof version>;

const secret = z.object({
  id: z.string(),
  facts: historyOf(secretFacts),
  /** Version 1 first. */
  versions: z.array(version),
  policy: z.record(z.string(), z.unknown()),
});
export type StoredSecret = z.infer<typeof secret>;

export const bookSnapshot = z.object({ etags: z.int(), secrets: z.array(secret) });
export type BookSnapshot = z.infer<typeof bookSnapshot>;
