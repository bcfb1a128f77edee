/**
 * The service's own record (what was told to people, what keep-alive last did) as one JSON document.
 *
 * Holds no secret and no link. Used by the stores; kept as an annotation of the app's secret.
 */

import * as z from 'zod';
import { StoreError } from '../errors.ts';
import { RECORD_MAX_BYTES } from '../lifecycle/limits.ts';
import { NEW_SERVICE_RECORD, type ServiceRecord } from '../lifecycle/notices.ts';
import { fitService } from '../lifecycle/record-size.ts';
import { count, decodeDocument, encodeDocument, moment, orNull, sessionKey } from './documents.ts';

const NAME = "service's record";

const noticeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('sign-in-due'),
    stage: z.enum(['first', 'reminder', 'open', 'late']),
    sessions: z.array(sessionKey).readonly(),
    opensAt: moment,
    closesAt: moment,
  }),
  z.object({
    kind: z.literal('signed-in'),
    session: sessionKey,
    generation: count,
    hardEndsAt: orNull(moment),
    coversClose: orNull(z.boolean()),
    proven: z.boolean().default(true),
    boundTo: z.array(z.string()).readonly().default([]),
    stillDue: z.array(sessionKey).readonly(),
  }),
  z.object({
    kind: z.literal('sign-in-needed'),
    session: sessionKey,
    trouble: z.enum([
      'token-rejected',
      'pin-spent-nothing-saved',
      'foreign-account',
      'record-unreadable',
    ]),
  }),
  z.object({
    kind: z.literal('failing'),
    session: sessionKey,
    reason: z.enum(['transient', 'configuration', 'clock']),
    problem: z.string(),
    failuresInARow: count,
    since: moment,
  }),
  z.object({
    kind: z.literal('worker-behind'),
    session: sessionKey,
    worker: z.string(),
    generation: count,
    newest: count,
    since: moment,
  }),
  z.object({
    kind: z.literal('ends-ahead'),
    sessions: z.array(sessionKey).readonly(),
    clock: z.enum(['access', 'idle', 'hard-end', 'refresh-token', 'consumer-key']),
    lead: z.enum(['hour', 'evening', 'month', 'week']),
    endsAt: moment,
  }),
  z.object({ kind: z.literal('recovered'), session: sessionKey, after: z.number() }),
  z.object({ kind: z.literal('link'), silent: z.literal(true).optional() }),
]);

const deliverySchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('queued'), notBefore: moment }),
  z.object({ state: z.literal('sending'), until: moment }),
  z.object({ state: z.literal('sent'), at: moment }),
  z.object({ state: z.literal('refused'), at: moment }),
]);

const serviceSchema = z.object({
  notices: z
    .array(
      z.object({
        id: z.string(),
        notice: noticeSchema,
        queuedAt: moment,
        tries: count,
        delivery: deliverySchema,
        lastProblem: orNull(z.string()),
      }),
    )
    .readonly()
    .default(NEW_SERVICE_RECORD.notices),
  warnings: z
    .array(z.object({ session: sessionKey, reason: z.string(), since: moment }))
    .readonly()
    .default(NEW_SERVICE_RECORD.warnings),
  keepAlive: z
    .object({
      lastRunAt: orNull(moment),
      lastOutcome: orNull(z.enum(['ok', 'failing'])),
      consecutiveFailures: count,
      lastForcedAt: orNull(moment),
    })
    .default(NEW_SERVICE_RECORD.keepAlive),
  lastLinkAt: orNull(moment),
  unopenedLinks: count.default(0),
  lastKnownLinkAt: orNull(moment),
  reportsCollectedAt: orNull(moment),
});

/**
 * Drops what was told longest ago where all would not fit.
 *
 * @throws {StoreError} `STORE_RECORD_INVALID`, or `STORE_RECORD_TOO_LARGE`
 */
export function encodeService(record: ServiceRecord, maxBytes = RECORD_MAX_BYTES): string {
  const encoded = (some: ServiceRecord): string => encodeDocument(serviceSchema, some, NAME);
  const sizeOf = (some: ServiceRecord): number => Buffer.byteLength(encoded(some));
  const fitting = fitService(record, sizeOf, maxBytes);
  if (fitting === 'too-large') {
    throw new StoreError(
      `The ${NAME} is larger than ${maxBytes} bytes with nothing but what waits to be told`,
      { code: 'STORE_RECORD_TOO_LARGE', retryable: false },
    );
  }
  return encoded(fitting);
}

/** @throws {StoreError} `STORE_RECORD_INVALID` */
export function decodeService(text: string): ServiceRecord {
  return decodeDocument(serviceSchema, text, NAME);
}
