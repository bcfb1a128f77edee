/**
 * The wire form of a worker's report: attributes to filter by, and JSON data without any secret.
 *
 * No I/O. Encoded by workers, decoded by collectors; described for other languages in `SCHEMA.md` and
 * `worker-report.schema.json`.
 */

import * as z from 'zod';
import { EventError } from '../errors.ts';
import { parseSessionKey, type SessionKey } from '../lifecycle/session.ts';
import {
  isWorkerName,
  WORKER_NAME_RULE,
  type WorkerHeartbeat,
} from '../lifecycle/worker-report.ts';

/** Raised when older collectors could no longer read a report; added fields do not raise it. */
const REPORT_SCHEMA_VERSION = 1;

/** Far above any report; larger data is not looked at. */
const REPORT_MAX_BYTES = 4096;

export type ReportMessage = {
  readonly attributes: {
    readonly session: string;
    readonly worker: string;
    readonly type: 'worker-report';
  };
  /** JSON text. */
  readonly data: string;
};

export type DecodedWorkerReport =
  | { readonly ok: true; readonly report: WorkerHeartbeat }
  /** `too-large` · `not-json` · `other-type` no report · `newer-schema` update the reader. */
  | {
      readonly ok: false;
      readonly reason: 'too-large' | 'not-json' | 'other-type' | 'newer-schema';
    }
  /** `field` is the path of the first field that does not fit. */
  | { readonly ok: false; readonly reason: 'wrong-field'; readonly field: string };

/**
 * Writes a report for sending. It is built field by field, so that nothing else can slip in.
 *
 * @throws {EventError} `EVENTS_REFUSED` when session, worker or instance is no name of its kind
 */
export function encodeWorkerReport(report: WorkerHeartbeat): ReportMessage {
  const { session, worker, instance, generation, lastUsedAt, at, stopped } = report;
  const wrong =
    (parseSessionKey(session) === null && 'session') ||
    (!isWorkerName(worker) && 'worker') ||
    (!isWorkerName(instance) && 'instance');
  if (wrong !== false) {
    throw new EventError(
      wrong === 'session'
        ? 'A worker\'s report names no session: "session" is a key like etrade-prod'
        : `A worker's report has a "${wrong}" that is not a name: ${WORKER_NAME_RULE}`,
      { code: 'EVENTS_REFUSED', retryable: false },
    );
  }
  return {
    attributes: { session, worker, type: 'worker-report' },
    data: JSON.stringify({
      schemaVersion: REPORT_SCHEMA_VERSION,
      type: 'worker-report',
      worker,
      instance,
      session,
      generation,
      lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt).toISOString(),
      at: new Date(at).toISOString(),
      stopped,
    }),
  };
}

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const name = z.string().refine(isWorkerName);

const envelopeSchema = z.object({ schemaVersion: z.int().min(1), type: z.string() });

const reportSchema = z.object({
  worker: name,
  instance: name,
  session: z.custom<SessionKey>(
    (value) => typeof value === 'string' && parseSessionKey(value) !== null,
  ),
  generation: z.int().min(0),
  lastUsedAt: instant.nullable().default(null),
  at: instant,
  stopped: z.boolean().default(false),
});

function wrongField(error: z.ZodError): DecodedWorkerReport {
  return { ok: false, reason: 'wrong-field', field: error.issues[0]?.path.join('.') || 'data' };
}

/**
 * Reads a received report's data. Fields it does not know are ignored: later releases may add some.
 *
 * @param data JSON text or its UTF-8 bytes
 */
export function decodeWorkerReport(data: string | Uint8Array): DecodedWorkerReport {
  if (data.length > REPORT_MAX_BYTES) return { ok: false, reason: 'too-large' };
  const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'not-json' };
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) return wrongField(envelope.error);
  if (envelope.data.type !== 'worker-report') return { ok: false, reason: 'other-type' };
  if (envelope.data.schemaVersion > REPORT_SCHEMA_VERSION) {
    return { ok: false, reason: 'newer-schema' };
  }
  const parsed = reportSchema.safeParse(json);
  return parsed.success ? { ok: true, report: parsed.data } : wrongField(parsed.error);
}
