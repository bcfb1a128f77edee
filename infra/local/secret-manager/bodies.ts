/**
 * Reads what a request brings: a secret's fields, an update mask, a payload, an etag.
 *
 * Refuses unknown fields like the real service, and never quotes a value. Used by the stand-in.
 */

import { z } from 'zod';
import { checksumOf } from './checksum.ts';
import { checkAnnotations, checkLabels, checkPayload, checkTopics } from './limits.ts';
import { Refusal } from './refusal.ts';
import type { SecretFacts } from './state.ts';

const texts = z.record(z.string(), z.string());
const seconds = z.string().regex(/^\d+(\.\d+)?s$/);
const moment = z.iso.datetime({ offset: true });
/** An int64 is text in JSON; small ones may come as numbers. */
const int64 = z.union([z.string().regex(/^-?\d+$/), z.int()]).transform(String);

const secretBody = z.strictObject({
  name: z.string().optional(),
  replication: z.record(z.string(), z.unknown()).optional(),
  labels: texts.optional(),
  annotations: texts.optional(),
  topics: z.array(z.object({ name: z.string() })).optional(),
  expireTime: moment.optional(),
  ttl: seconds.optional(),
  etag: z.string().optional(),
  rotation: z.record(z.string(), z.unknown()).optional(),
  versionAliases: z.record(z.string(), int64).optional(),
  versionDestroyTtl: seconds.optional(),
  createTime: z.unknown().optional(),
  tags: texts.optional(),
});

export type SecretChange = {
  readonly etag: string | null;
  readonly facts: Partial<Omit<SecretFacts, 'etag' | 'createdAt'>>;
};

export type NewPayload = {
  readonly data: string;
  readonly checksum: string;
  readonly checksumSent: boolean;
};

function parse<S extends z.ZodType>(schema: S, json: unknown): z.output<S> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? `: unknown "${issue.keys[0]}"` : '';
  const field = issue?.path.map(String).join('.') || 'body';
  throw new Refusal('INVALID_ARGUMENT', `Invalid JSON payload received at "${field}"${unknown}.`);
}

/** A secret as it is created. */
export function readNewSecret(json: unknown, now: number): SecretChange {
  const body = parse(secretBody, json);
  const { automatic, userManaged } = body.replication ?? {};
  if ((automatic === undefined) === (userManaged === undefined)) {
    throw new Refusal('INVALID_ARGUMENT', 'Exactly one kind of replication must be chosen.');
  }
  return { etag: null, facts: factsOf(body, now) };
}

const UPDATABLE = [
  'labels',
  'annotations',
  'topics',
  'expireTime',
  'ttl',
  'rotation',
  'versionAliases',
  'versionDestroyTtl',
] as const;
type Updatable = (typeof UPDATABLE)[number];

/** The fields of the mask, and nothing else; one that is named and missing is emptied. */
export function readUpdate(json: unknown, mask: string | null, now: number): SecretChange {
  const body = parse(secretBody, json);
  const fields = (mask ?? '').split(',').map(camelCase).filter(Boolean);
  if (fields.length === 0) throw new Refusal('INVALID_ARGUMENT', 'The update mask is required.');
  const unknown = fields.find((field) => !UPDATABLE.some((known) => known === field));
  if (unknown !== undefined) {
    throw new Refusal('INVALID_ARGUMENT', `The field "${unknown}" cannot be updated.`);
  }
  const all = factsOf(body, now);
  const chosen = fields.map((field) => pick(all, field as Updatable));
  return { etag: body.etag || null, facts: Object.assign({}, ...chosen) };
}

function pick(all: SecretChange['facts'], field: Updatable): SecretChange['facts'] {
  const key =
    field === 'expireTime' || field === 'ttl'
      ? 'expiresAt'
      : field === 'versionDestroyTtl'
        ? 'versionDestroyTtlMs'
        : field;
  return { [key]: all[key] };
}

function factsOf(body: z.output<typeof secretBody>, now: number): SecretChange['facts'] {
  const facts = {
    labels: body.labels ?? {},
    annotations: body.annotations ?? {},
    topics: body.topics ?? [],
    versionAliases: body.versionAliases ?? {},
    replication: body.replication ?? {},
    rotation: body.rotation ?? null,
    expiresAt: expiryOf(body, now),
    versionDestroyTtlMs: msOf(body.versionDestroyTtl),
  };
  checkLabels(facts.labels);
  checkAnnotations(facts.annotations);
  checkTopics(facts.topics);
  return facts;
}

function expiryOf(body: z.output<typeof secretBody>, now: number): number | null {
  if (body.expireTime !== undefined) return Date.parse(body.expireTime);
  const ttl = msOf(body.ttl);
  return ttl === null ? null : now + ttl;
}

function msOf(duration: string | undefined): number | null {
  return duration === undefined ? null : Math.round(Number.parseFloat(duration) * 1_000);
}

function camelCase(field: string): string {
  return field.trim().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const addBody = z.strictObject({
  parent: z.string().optional(),
  payload: z.strictObject({ data: z.string().optional(), dataCrc32c: int64.optional() }).optional(),
});

/** The payload of `:addVersion`, its checksum verified when one was sent. */
export function readPayload(json: unknown): NewPayload {
  const { payload = {} } = parse(addBody, json);
  // Both alphabets of base64 are taken, as by every proto3 JSON parser.
  const bytes = Buffer.from(payload.data ?? '', 'base64');
  checkPayload(bytes);
  const checksum = checksumOf(bytes);
  if (payload.dataCrc32c !== undefined && payload.dataCrc32c !== checksum) {
    throw new Refusal('INVALID_ARGUMENT', 'The payload does not match its data_crc32c.');
  }
  return {
    data: bytes.toString('base64'),
    checksum,
    checksumSent: payload.dataCrc32c !== undefined,
  };
}

const etagBody = z.strictObject({ name: z.string().optional(), etag: z.string().optional() });

/** The etag in the body of `:enable`, `:disable` and `:destroy`. */
export function readEtag(json: unknown): string | null {
  return parse(etagBody, json).etag || null;
}
