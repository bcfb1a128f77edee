import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../functions/errors.ts';
import { RECORD_MAX_BYTES } from '../../functions/lifecycle/limits.ts';
import { NEW_SERVICE_RECORD } from '../../functions/lifecycle/notices.ts';
import { NEW_RECORD } from '../../functions/lifecycle/session.ts';
import { Secret } from '../../functions/secret.ts';
import {
  decodeRecord,
  encodeFittingRecord,
  encodeRecord,
} from '../../functions/storage/record-document.ts';
import { decodeService, encodeService } from '../../functions/storage/service-document.ts';
import { decodeToken, encodeToken } from '../../functions/storage/token-document.ts';
import { recordsOf, serviceRecords, sessionKeys, tokens } from '../fixtures/arbitraries.ts';
import { anActiveRecord, ny } from '../fixtures/records.ts';
import { anEvent, aToken, CANARIES, PROD, revealed, SANDBOX } from '../fixtures/tokens.ts';

function failureOf(action: () => unknown): StoreError {
  try {
    action();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The document with one field changed, as another writer might have left it. */
function changed(text: string, path: readonly (string | number)[], value: unknown): string {
  const document: unknown = JSON.parse(text);
  let parent = document as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) parent = parent[part] as Record<string | number, unknown>;
  parent[path.at(-1) ?? ''] = value;
  return JSON.stringify(document);
}

describe('a round trip', () => {
  it('gives back every record', () => {
    const cases = sessionKeys.chain((session) =>
      recordsOf(session).map((record) => ({ session, record })),
    );
    fc.assert(
      fc.property(cases, ({ session, record }) => {
        expect(decodeRecord(session, encodeRecord(session, record))).toEqual(record);
      }),
    );
  });

  it('gives back every token, secrets included', () => {
    fc.assert(
      fc.property(tokens, (token) => {
        expect(revealed(decodeToken(token.session, encodeToken(token)))).toEqual(revealed(token));
      }),
    );
  });

  it("gives back every service's record", () => {
    fc.assert(
      fc.property(serviceRecords, (record) => {
        expect(decodeService(encodeService(record))).toEqual(record);
      }),
    );
  });

  it('reads what is left out as empty', () => {
    expect(decodeRecord(SANDBOX, '{"schemaVersion":1,"generation":0}')).toEqual(NEW_RECORD);
    expect(decodeService('{"schemaVersion":1}')).toEqual(NEW_SERVICE_RECORD);
  });

  it('never takes a record without a generation for a new one', () => {
    const failure = failureOf(() => decodeRecord(SANDBOX, '{"schemaVersion":1}'));
    expect(failure.message).toContain('"generation"');
  });
});

describe('a document', () => {
  it('writes moments as ISO 8601 in UTC and leaves out what is null', () => {
    expect(JSON.parse(encodeToken(aToken({ account: null })))).toEqual({
      schemaVersion: 1,
      session: 'etrade-sandbox',
      generation: 7,
      signedInAt: '2026-03-09T12:31:00.000Z',
      issuedAt: '2026-03-09T12:31:00.000Z',
      accessExpiresAt: '2026-03-10T04:00:00.000Z',
      hardEndsAt: '2026-03-10T04:00:00.000Z',
      accessToken: CANARIES[0],
      tokenSecret: CANARIES[1],
    });
  });

  it('reads a moment with any offset', () => {
    const text = changed(encodeToken(aToken()), ['issuedAt'], '2026-03-09T08:31:00-04:00');
    expect(decodeToken(SANDBOX, text).issuedAt).toBe(ny('08:31'));
  });

  it('ignores fields that a newer release has added', () => {
    const record = anActiveRecord({ undelivered: [anEvent()] });
    const text = changed(
      changed(encodeRecord(SANDBOX, record), ['mood'], 'good'),
      ['undelivered', 0, 'urgency'],
      1,
    );
    expect(decodeRecord(SANDBOX, text)).toEqual(record);
  });

  it('is refused when its schemaVersion is newer, and says so', () => {
    const text = changed(encodeRecord(SANDBOX, anActiveRecord()), ['schemaVersion'], 2);
    const failure = failureOf(() => decodeRecord(SANDBOX, text));
    expect(failure).toMatchObject({ code: 'STORE_RECORD_INVALID', retryable: false });
    expect(failure.message).toContain('newer release');
    expect(failure.message).toContain('"etrade-sandbox"');
  });

  it("is refused when it is another session's token", () => {
    const failure = failureOf(() => decodeToken(PROD, encodeToken(aToken())));
    expect(failure.message).toContain('belongs to session "etrade-sandbox"');
  });

  it('is not saved with an event of another session', () => {
    const record = anActiveRecord({ undelivered: [anEvent({ session: PROD })] });
    expect(failureOf(() => encodeRecord(SANDBOX, record))).toMatchObject({
      code: 'STORE_RECORD_INVALID',
    });
  });
});

describe('a wrong field', () => {
  const record = encodeRecord(
    SANDBOX,
    anActiveRecord({
      undelivered: [anEvent()],
      workers: { 'orb-bot': { generation: 7, lastUsedAt: null, at: ny('09:00'), stopped: false } },
    }),
  );
  const token = encodeToken(aToken());
  const service = encodeService({
    ...NEW_SERVICE_RECORD,
    warnings: [{ session: SANDBOX, reason: 'transient', since: ny('09:00') }],
  });
  const readRecord = (text: string) => decodeRecord(SANDBOX, text);
  const readToken = (text: string) => decodeToken(SANDBOX, text);

  it.each([
    { of: 'record', text: record, path: ['generation'], named: 'generation', read: readRecord },
    { of: 'record', text: record, path: ['proof'], named: 'proof', read: readRecord },
    { of: 'record', text: record, path: ['issuedAt'], named: 'issuedAt', read: readRecord },
    {
      of: 'record',
      text: record,
      path: ['counts', 'renewals'],
      named: 'counts.renewals',
      read: readRecord,
    },
    {
      of: 'record',
      text: record,
      path: ['undelivered', 0, 'issuedAt'],
      named: 'undelivered[0].issuedAt',
      read: readRecord,
    },
    {
      of: 'record',
      text: record,
      path: ['workers', 'orb-bot', 'at'],
      named: 'workers.orb-bot.at',
      read: readRecord,
    },
    {
      of: 'record',
      text: record,
      path: ['schemaVersion'],
      named: 'schemaVersion',
      read: readRecord,
    },
    { of: 'token', text: token, path: ['session'], named: 'session', read: readToken },
    { of: 'token', text: token, path: ['hardEndsAt'], named: 'hardEndsAt', read: readToken },
    { of: 'token', text: token, path: ['account'], named: 'account', read: readToken },
    {
      of: 'service',
      text: service,
      path: ['warnings', 0, 'since'],
      named: 'warnings[0].since',
      read: decodeService,
    },
  ])('of a $of is named by its path, never by its value: $named', ({ text, path, named, read }) => {
    const failure = failureOf(() => read(changed(text, path, 'canary-value')));
    expect(failure).toMatchObject({ code: 'STORE_RECORD_INVALID', retryable: false });
    expect(failure.message).toContain(`"${named}"`);
    expect(`${failure.message}${String(failure.cause)}${failure.stack}`).not.toContain('canary');
  });

  it('of a token is not quoted when the text is no JSON at all', () => {
    const failure = failureOf(() => readToken(`{"accessToken": "${CANARIES[0]}`));
    expect(failure.code).toBe('STORE_RECORD_INVALID');
    expect(failure.cause).toBeUndefined();
    expect(`${failure.message}${failure.stack}`).not.toContain('canary');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 8.64e15])(
    'is not saved either: a moment of %s',
    (issuedAt) => {
      const failure = failureOf(() => encodeToken(aToken({ issuedAt })));
      expect(failure.code).toBe('STORE_RECORD_INVALID');
      expect(failure.message).toContain('"issuedAt"');
    },
  );

  it('is an empty access token', () => {
    const failure = failureOf(() => encodeToken(aToken({ accessToken: new Secret('') })));
    expect(failure.message).toContain('"accessToken"');
  });
});

describe('the size', () => {
  const history = Array.from({ length: 30 }, (_, index) => ({
    generation: index,
    at: ny('08:31'),
  }));
  const many = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `worker-${String(index).padStart(4, '0')}`,
        { generation: 7, lastUsedAt: ny('09:00'), at: ny('09:00') + index, stopped: false },
      ]),
    );

  it('of a record is kept under the limit by dropping history first, then silent workers', () => {
    const record = anActiveRecord({ history, workers: many(200), undelivered: [anEvent()] });
    const text = encodeFittingRecord(SANDBOX, record);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(RECORD_MAX_BYTES);
    const kept = decodeRecord(SANDBOX, text);
    expect(kept.history).toEqual([]);
    expect(Object.keys(kept.workers)).toContain('worker-0199');
    expect(kept).toEqual({ ...record, history: [], workers: kept.workers });
  });

  it('of a record counts bytes, not characters', () => {
    const owner = '€'.repeat(RECORD_MAX_BYTES / 3);
    const record = anActiveRecord({ lease: { owner, until: ny('09:00'), generation: 7 } });
    expect(failureOf(() => encodeFittingRecord(SANDBOX, record)).code).toBe(
      'STORE_RECORD_TOO_LARGE',
    );
  });

  it('of a record that only undelivered events make too large is an error', () => {
    const undelivered = Array.from({ length: 200 }, (_, index) => anEvent({ generation: index }));
    expect(
      failureOf(() => encodeFittingRecord(SANDBOX, anActiveRecord({ undelivered }))),
    ).toMatchObject({ code: 'STORE_RECORD_TOO_LARGE', retryable: false });
  });

  it('of a token is limited to what a version of a secret holds', () => {
    const fits = aToken({ accessToken: new Secret('x'.repeat(60_000)) });
    expect(() => encodeToken(fits)).not.toThrow();
    const large = aToken({ accessToken: new Secret('x'.repeat(64 * 1024)) });
    expect(failureOf(() => encodeToken(large)).code).toBe('STORE_RECORD_TOO_LARGE');
  });

  it("of the service's record is limited too", () => {
    const warnings = Array.from({ length: 400 }, () => ({
      session: SANDBOX,
      reason: 'transient',
      since: ny('09:00'),
    }));
    expect(failureOf(() => encodeService({ ...NEW_SERVICE_RECORD, warnings })).code).toBe(
      'STORE_RECORD_TOO_LARGE',
    );
  });

  it('leaves room for 60 undelivered events', () => {
    const undelivered = Array.from({ length: 60 }, (_, index) =>
      anEvent({ generation: 7 + index, version: 12 + index }),
    );
    expect(() => encodeFittingRecord(SANDBOX, anActiveRecord({ undelivered }))).not.toThrow();
  });
});
