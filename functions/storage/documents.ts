/**
 * How anything saved is written as JSON and read back: ISO 8601 outside, epoch milliseconds and
 * `Secret`s inside, `schemaVersion` 1, absent for null.
 *
 * No I/O. Errors name the document and the field, never a value. Used by `token-document.ts`,
 * `record-document.ts` and `service-document.ts`, which hold the shapes.
 */

import * as z from 'zod';
import { StoreError } from '../errors.ts';
import { parseSessionKey, type SessionKey } from '../lifecycle/session.ts';
import { Secret } from '../secret.ts';

/** Raised when older releases could no longer read what is written; added fields do not raise it. */
export const SCHEMA_VERSION = 1;

/** The last millisecond whose ISO form has a four-digit year. */
const LAST_MOMENT = Date.parse('9999-12-31T23:59:59.999Z');

/** ISO 8601 with any offset ↔ epoch milliseconds; written in UTC. */
export const moment = z.codec(
  z.iso.datetime({ offset: true }),
  z.number().min(0).max(LAST_MOMENT),
  {
    decode: (text) => Date.parse(text),
    encode: (ms) => new Date(ms).toISOString(),
  },
);

/** Bare string ↔ `Secret`. */
export const secret = z.codec(z.string().min(1), z.instanceof(Secret), {
  decode: (text) => new Secret(text),
  encode: (value) => value.reveal(),
});

export const sessionKey = z.custom<SessionKey>(
  (value) => typeof value === 'string' && parseSessionKey(value) !== null,
);

/** A count that starts at zero. */
export const count = z.int().min(0);

/** A field that is left out when it is `null`. */
export function orNull<T extends z.ZodType>(schema: T) {
  return z.nullable(schema).default(null);
}

function invalid(name: string, problem: string): StoreError {
  return new StoreError(`The ${name} ${problem}`, {
    code: 'STORE_RECORD_INVALID',
    retryable: false,
  });
}

/** `undelivered[0].issuedAt (invalid_format)`: zod's own messages are left out, they may quote input. */
function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'unknown field';
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  return `"${path.replace(/^\./, '') || 'document'}" (${issue.code})`;
}

/**
 * Writes a value as JSON text.
 *
 * @param name what it is, for errors: `record of session "etrade-prod"`
 * @throws {StoreError} `STORE_RECORD_INVALID` when the value does not fit its schema
 */
export function encodeDocument<S extends z.ZodObject>(
  schema: S,
  value: z.output<S>,
  name: string,
): string {
  const encoded = z.safeEncode(schema, value);
  if (!encoded.success)
    throw invalid(name, `cannot be saved: wrong ${firstProblem(encoded.error)}`);
  return JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...encoded.data }, (_key, field) =>
    field === null ? undefined : field,
  );
}

const versionedSchema = z.object({ schemaVersion: z.int().min(1) });

/**
 * Reads JSON text back. Unknown fields are dropped: a newer release may have added some.
 *
 * @throws {StoreError} `STORE_RECORD_INVALID`: not JSON, a wrong field, or a newer `schemaVersion`
 */
export function decodeDocument<S extends z.ZodObject>(
  schema: S,
  text: string,
  name: string,
): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold a token: it does not become the cause.
    throw invalid(name, 'does not read: it is not JSON');
  }
  const versioned = versionedSchema.safeParse(json);
  if (!versioned.success)
    throw invalid(name, `does not read: wrong ${firstProblem(versioned.error)}`);
  if (versioned.data.schemaVersion > SCHEMA_VERSION) {
    throw invalid(
      name,
      `was written by a newer release: its schemaVersion is ${versioned.data.schemaVersion}, this release reads ${SCHEMA_VERSION}. Deploy the newer release everywhere`,
    );
  }
  const decoded = z.safeDecode(schema, json as z.input<S>);
  if (!decoded.success) throw invalid(name, `does not read: wrong ${firstProblem(decoded.error)}`);
  return decoded.data;
}
