/**
 * The wire form of `token-renewed`: attributes to filter by, and JSON data without any secret.
 *
 * No I/O. Encoded by publishers, decoded by workers; described for other languages in `SCHEMA.md`
 * and `token-renewed.schema.json`.
 */

import * as z from 'zod';
import { EventError } from '../errors.ts';
import type { TokenRenewed } from '../lifecycle/events.ts';
import { parseSessionKey, type SessionKey } from '../lifecycle/session.ts';

/** Raised when older consumers could no longer read the event; added fields do not raise it. */
const EVENT_SCHEMA_VERSION = 1;

export type EventMessage = {
  readonly attributes: {
    readonly session: string;
    readonly broker: string;
    readonly environment: string;
    readonly type: 'token-renewed';
  };
  /** JSON text. */
  readonly data: string;
};

/** The event as a consumer has it: also with the full name of the secret's version. */
export type ReceivedTokenRenewed = TokenRenewed & { readonly secretVersion: string };

export type DecodedTokenRenewed =
  | { readonly ok: true; readonly event: ReceivedTokenRenewed }
  /** `not-json` · `other-type` another event, not for this reader · `newer-schema` update the reader. */
  | { readonly ok: false; readonly reason: 'not-json' | 'other-type' | 'newer-schema' }
  /** `field` is the path of the first field that does not fit. */
  | { readonly ok: false; readonly reason: 'wrong-field'; readonly field: string };

const VERSION_NAME = /^projects\/[^/]+\/secrets\/[^/]+\/versions\/([1-9]\d*)$/;

/**
 * Writes the event for publishing. It is built field by field, so that nothing else can slip in.
 *
 * @param secretVersion full name of the version that holds the token: `projects/…/secrets/…/versions/17`
 * @throws {EventError} `EVENTS_REFUSED` when the event's session is no session key
 */
export function encodeTokenRenewed(event: TokenRenewed, secretVersion: string): EventMessage {
  const name = parseSessionKey(event.session);
  if (name === null) {
    throw new EventError('A "token-renewed" event names no session key', {
      code: 'EVENTS_REFUSED',
      retryable: false,
    });
  }
  return {
    attributes: {
      session: name.key,
      broker: name.broker,
      environment: name.environment,
      type: event.type,
    },
    data: JSON.stringify({
      schemaVersion: EVENT_SCHEMA_VERSION,
      type: event.type,
      reason: event.reason,
      session: event.session,
      generation: event.generation,
      secretVersion,
      issuedAt: new Date(event.issuedAt).toISOString(),
      accessExpiresAt: new Date(event.accessExpiresAt).toISOString(),
      hardEndsAt: event.hardEndsAt === null ? null : new Date(event.hardEndsAt).toISOString(),
      idleLimitSeconds: event.idleLimitMs === null ? null : Math.floor(event.idleLimitMs / 1000),
    }),
  };
}

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const envelopeSchema = z.object({ schemaVersion: z.int().min(1), type: z.string() });

const eventSchema = z.object({
  reason: z.enum(['sign-in', 'refreshed']),
  session: z.custom<SessionKey>(
    (value) => typeof value === 'string' && parseSessionKey(value) !== null,
  ),
  generation: z.int().min(1),
  secretVersion: z.string().regex(VERSION_NAME),
  issuedAt: instant,
  accessExpiresAt: instant,
  hardEndsAt: instant.nullable(),
  idleLimitSeconds: z.int().min(0).nullable().default(null),
});

function fieldOf(error: z.ZodError): string {
  return error.issues[0]?.path.join('.') || 'data';
}

/**
 * Reads a received message's data. Fields it does not know are ignored: later releases may add some.
 *
 * @param data JSON text, its UTF-8 bytes, or the parsed value
 */
export function decodeTokenRenewed(data: unknown): DecodedTokenRenewed {
  const text = data instanceof Uint8Array ? new TextDecoder().decode(data) : data;
  let json: unknown;
  try {
    json = typeof text === 'string' ? JSON.parse(text) : text;
  } catch {
    return { ok: false, reason: 'not-json' };
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success)
    return { ok: false, reason: 'wrong-field', field: fieldOf(envelope.error) };
  if (envelope.data.type !== 'token-renewed') return { ok: false, reason: 'other-type' };
  if (envelope.data.schemaVersion > EVENT_SCHEMA_VERSION) {
    return { ok: false, reason: 'newer-schema' };
  }
  const parsed = eventSchema.safeParse(json);
  if (!parsed.success) return { ok: false, reason: 'wrong-field', field: fieldOf(parsed.error) };
  const { idleLimitSeconds, ...fields } = parsed.data;
  return {
    ok: true,
    event: {
      type: 'token-renewed',
      ...fields,
      version: Number(VERSION_NAME.exec(fields.secretVersion)?.[1]),
      idleLimitMs: idleLimitSeconds === null ? null : idleLimitSeconds * 1000,
    },
  };
}
