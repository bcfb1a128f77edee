import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { decodeWorkerReport, encodeWorkerReport } from '../../functions/events/report-message.ts';
import type { SessionKey } from '../../functions/lifecycle/session.ts';
import { room } from '../fixtures/event-schema.ts';
import { ny, sessionKey } from '../fixtures/records.ts';
import { aReport } from '../fixtures/worker-reports.ts';

const schema = JSON.parse(readFileSync(new URL('worker-report.schema.json', room), 'utf8')) as {
  properties: Record<string, unknown>;
};
const ajv = new Ajv2020({ strict: true, allErrors: true });
ajv.addFormat('date-time', { type: 'string', validate: (text) => !Number.isNaN(Date.parse(text)) });
const validate = ajv.compile(schema);

const parsed = (report = aReport()) =>
  JSON.parse(encodeWorkerReport(report).data) as Record<string, unknown>;

describe('a report', () => {
  it('has exactly these fields and attributes', () => {
    expect(encodeWorkerReport(aReport()).attributes).toEqual({
      session: 'etrade-sandbox',
      worker: 'orb-bot',
      type: 'worker-report',
    });
    expect(parsed()).toEqual({
      schemaVersion: 1,
      type: 'worker-report',
      worker: 'orb-bot',
      instance: 'host-1',
      session: 'etrade-sandbox',
      generation: 7,
      lastUsedAt: '2026-03-09T13:02:55.000Z',
      at: '2026-03-09T13:03:00.000Z',
      stopped: false,
    });
  });

  it('carries nothing but its own fields, whatever else hangs on it', () => {
    const careless = { ...aReport(), accessToken: 'canary' };
    expect(JSON.stringify(encodeWorkerReport(careless))).not.toContain('canary');
  });

  it.each([
    { name: 'a worker that works', report: aReport() },
    { name: 'a worker without a token', report: aReport({ generation: 0, lastUsedAt: null }) },
    { name: 'a goodbye', report: aReport({ stopped: true }) },
    {
      name: 'the longest names',
      report: aReport({ worker: 'w'.repeat(63), instance: 'i.0_-'.repeat(12) }),
    },
  ])('fits the schema and is read as it was written: $name', ({ report }) => {
    expect(validate(parsed(report)), JSON.stringify(validate.errors)).toBe(true);
    expect(Object.keys(parsed(report)).sort()).toEqual(Object.keys(schema.properties).sort());
    const { data } = encodeWorkerReport(report);
    expect(decodeWorkerReport(data)).toEqual({ ok: true, report });
    expect(decodeWorkerReport(Buffer.from(data))).toEqual({ ok: true, report });
  });

  it.each([
    { field: 'session', wrong: { session: 'etrade' as SessionKey } },
    { field: 'worker', wrong: { worker: '' } },
    { field: 'worker', wrong: { worker: 'orb bot' } },
    { field: 'worker', wrong: { worker: '<b>' } },
    { field: 'worker', wrong: { worker: '__proto__' } },
    { field: 'instance', wrong: { instance: 'i'.repeat(64) } },
  ])('is not written with a $field that is none: $wrong', ({ field, wrong }) => {
    expect(() => encodeWorkerReport(aReport(wrong))).toThrow(
      expect.objectContaining({ code: 'EVENTS_REFUSED', message: expect.stringContaining(field) }),
    );
  });
});

describe('a received report', () => {
  const changed = (changes: Record<string, unknown>) => JSON.stringify({ ...parsed(), ...changes });

  it.each([
    { name: 'no JSON', data: 'hello', reason: 'not-json' },
    { name: 'a number', data: '5', reason: 'wrong-field', field: 'data' },
    { name: 'another type', data: changed({ type: 'token-renewed' }), reason: 'other-type' },
    { name: 'a later form', data: changed({ schemaVersion: 2 }), reason: 'newer-schema' },
    {
      name: 'a name with markup',
      data: changed({ worker: '<b>' }),
      reason: 'wrong-field',
      field: 'worker',
    },
    {
      name: 'a session that is none',
      data: changed({ session: 'x' }),
      reason: 'wrong-field',
      field: 'session',
    },
    {
      name: 'a negative generation',
      data: changed({ generation: -1 }),
      reason: 'wrong-field',
      field: 'generation',
    },
    { name: 'a moment in words', data: changed({ at: 'now' }), reason: 'wrong-field', field: 'at' },
    { name: 'a megabyte', data: changed({ more: 'x'.repeat(1_000_000) }), reason: 'too-large' },
  ])('that does not read is no exception: $name', ({ data, reason, field }) => {
    expect(decodeWorkerReport(data)).toEqual({ ok: false, reason, ...(field && { field }) });
  });

  it('may have fields of a later release, and lack those with an obvious meaning', () => {
    const { lastUsedAt: _, stopped: __, ...fewer } = parsed();
    expect(decodeWorkerReport(JSON.stringify({ ...fewer, colour: 'blue' }))).toEqual({
      ok: true,
      report: aReport({ lastUsedAt: null }),
    });
  });

  it('may come with an offset, and from another session', () => {
    const data = changed({ at: '2026-03-09T09:03:00-04:00', session: 'etrade-prod-ira' });
    expect(decodeWorkerReport(data)).toEqual({
      ok: true,
      report: aReport({ at: ny('09:03'), session: sessionKey('etrade-prod-ira') }),
    });
  });
});

describe('SCHEMA.md', () => {
  it('shows a report that reads and fits the schema', () => {
    const text = readFileSync(new URL('SCHEMA.md', room), 'utf8');
    const shown = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    const report = shown.find((json) => json.includes('worker-report')) ?? '';
    expect(validate(JSON.parse(report)), JSON.stringify(validate.errors)).toBe(true);
    expect(decodeWorkerReport(report)).toMatchObject({ ok: true });
  });
});
