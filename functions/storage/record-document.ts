/**
 * A session's record as one JSON document: the annotation of its secret.
 *
 * Holds no secret. Used by the stores and by workers; described for other languages in `SCHEMA.md`.
 */

import * as z from 'zod';
import { StoreError } from '../errors.ts';
import { RECORD_MAX_BYTES } from '../lifecycle/limits.ts';
import { fitRecord } from '../lifecycle/record-size.ts';
import { NEW_RECORD, type SessionKey, type SessionRecord } from '../lifecycle/session.ts';
import { count, decodeDocument, encodeDocument, moment, orNull } from './documents.ts';

/** Without `type` and `session`: both follow from where the event is kept. */
const undeliveredSchema = z.object({
  reason: z.enum(['sign-in', 'refreshed']),
  generation: count,
  version: z.int().min(1),
  issuedAt: moment,
  accessExpiresAt: moment,
  hardEndsAt: orNull(moment),
  idleLimitMs: orNull(z.number().min(0)),
});

const recordSchema = z.object({
  generation: count,
  version: orNull(z.int().min(1)),
  account: orNull(z.array(z.string()).readonly()),
  signedInAt: orNull(moment),
  issuedAt: orNull(moment),
  accessExpiresAt: orNull(moment),
  hardEndsAt: orNull(moment),
  proof: z.enum(['unproven', 'proven', 'inactive', 'rejected']).default(NEW_RECORD.proof),
  lastUsedAt: orNull(moment),
  lastRenewedAt: orNull(moment),
  lastSuccessAt: orNull(moment),
  counts: z
    .object({ unauthorized: count, renewals: count, failuresInARow: count })
    .default(NEW_RECORD.counts),
  attempts: z.array(moment).readonly().default(NEW_RECORD.attempts),
  pending: orNull(z.object({ id: z.string(), startedAt: moment })),
  lastSignIn: orNull(
    z.object({
      id: z.string(),
      outcome: z.enum([
        'stored',
        'pin-rejected',
        'foreign-account',
        'broker-failed',
        'store-failed',
        'lost',
      ]),
      at: moment,
    }),
  ),
  approval: orNull(
    z.discriminatedUnion('state', [
      z.object({ state: z.literal('asking'), requestedAt: moment }),
      z.object({ state: z.literal('open'), requestedAt: moment, expiresAt: moment }),
      z.object({ state: z.literal('failed'), requestedAt: moment, problem: z.string() }),
    ]),
  ),
  lease: orNull(z.object({ owner: z.string(), until: moment, generation: count })),
  undelivered: z.array(undeliveredSchema).readonly().default([]),
  workers: z
    .record(
      z.string(),
      z.object({
        generation: count,
        lastUsedAt: orNull(moment),
        at: moment,
        stopped: z.boolean().default(false),
      }),
    )
    .default({}),
  keepAliveAskedAt: orNull(moment),
  history: z
    .array(z.object({ generation: count, at: moment }))
    .readonly()
    .default(NEW_RECORD.history),
  pointerMovedAt: orNull(moment),
});

function nameOf(session: SessionKey): string {
  return `record of session "${session}"`;
}

/** @throws {StoreError} `STORE_RECORD_INVALID` */
export function encodeRecord(session: SessionKey, record: SessionRecord): string {
  if (record.undelivered.some((event) => event.session !== session)) {
    throw new StoreError(
      `The ${nameOf(session)} cannot be saved with an event of another session`,
      {
        code: 'STORE_RECORD_INVALID',
        retryable: false,
      },
    );
  }
  return encodeDocument(recordSchema, record, nameOf(session));
}

/** @throws {StoreError} `STORE_RECORD_INVALID` */
export function decodeRecord(session: SessionKey, text: string): SessionRecord {
  const record = decodeDocument(recordSchema, text, nameOf(session));
  return {
    ...record,
    undelivered: record.undelivered.map((event) => ({ type: 'token-renewed', session, ...event })),
  };
}

/**
 * The record as a store may write it: history and workers are dropped as far as the size needs it.
 *
 * @param maxBytes less than the usual where a store has less room
 * @throws {StoreError} `STORE_RECORD_INVALID`, or `STORE_RECORD_TOO_LARGE` when that is not enough
 */
export function encodeFittingRecord(
  session: SessionKey,
  record: SessionRecord,
  maxBytes = RECORD_MAX_BYTES,
): string {
  const sizeOf = (candidate: SessionRecord) =>
    Buffer.byteLength(encodeRecord(session, candidate), 'utf8');
  const fitting = fitRecord(record, sizeOf, maxBytes);
  if (fitting === 'too-large') {
    throw new StoreError(
      `The ${nameOf(session)} is larger than ${maxBytes} bytes even without history and workers: find out why its events stay undelivered`,
      { code: 'STORE_RECORD_TOO_LARGE', retryable: false },
    );
  }
  return encodeRecord(session, fitting);
}
