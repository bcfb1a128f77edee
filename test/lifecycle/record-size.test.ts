import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueuedNotice } from '../../functions/lifecycle/notices.ts';
import { NEW_SERVICE_RECORD } from '../../functions/lifecycle/notices.ts';
import { fitRecord, fitService } from '../../functions/lifecycle/record-size.ts';
import type { SessionRecord } from '../../functions/lifecycle/session.ts';
import { anActiveRecord, MIDNIGHT, ny, sessionKey } from '../fixtures/records.ts';

const sizeOf = (record: SessionRecord) => JSON.stringify(record).length;

const record = anActiveRecord({
  history: [5, 6, 7].map((generation) => ({ generation, at: ny('08:31') })),
  workers: {
    newest: { generation: 7, lastUsedAt: null, at: ny('09:03'), stopped: false },
    oldest: { generation: 6, lastUsedAt: null, at: ny('09:01'), stopped: false },
    middle: { generation: 7, lastUsedAt: null, at: ny('09:02'), stopped: false },
  },
  undelivered: [
    {
      type: 'token-renewed',
      reason: 'sign-in',
      session: sessionKey('etrade-prod'),
      generation: 7,
      version: 12,
      issuedAt: ny('08:31'),
      accessExpiresAt: MIDNIGHT,
      hardEndsAt: MIDNIGHT,
      idleLimitMs: null,
    },
  ],
});
const { history, workers } = record;
const without = (changes: Partial<SessionRecord>) => sizeOf({ ...record, ...changes });

describe('a record that is too large', () => {
  it('is left as it is when it just fits', () => {
    expect(fitRecord(record, sizeOf, sizeOf(record))).toBe(record);
  });

  it.each([
    {
      name: 'its oldest sign-in',
      maxBytes: sizeOf(record) - 1,
      generations: [6, 7],
      names: ['newest', 'oldest', 'middle'],
    },
    {
      name: 'its history before any worker',
      maxBytes: without({ history: [] }),
      generations: [],
      names: ['newest', 'oldest', 'middle'],
    },
    {
      name: 'then the worker that was silent longest',
      maxBytes: without({ history: [] }) - 1,
      generations: [],
      names: ['newest', 'middle'],
    },
    {
      name: 'at last every worker',
      maxBytes: without({ history: [], workers: {} }),
      generations: [],
      names: [],
    },
  ])('loses $name', ({ maxBytes, generations, names }) => {
    const fitting = fitRecord(record, sizeOf, maxBytes);
    if (fitting === 'too-large') throw new Error('it should fit');
    expect(fitting.history.map(({ generation }) => generation)).toEqual(generations);
    expect(Object.keys(fitting.workers).sort()).toEqual(names.sort());
    expect({ ...fitting, history, workers }).toEqual(record);
  });

  it('is too large when only pointer and events are left', () => {
    expect(fitRecord(record, sizeOf, without({ history: [], workers: {} }) - 1)).toBe('too-large');
  });

  it('fits or is called too large at any limit, with its events whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: sizeOf(record) + 10 }), (maxBytes) => {
        const fitting = fitRecord(record, sizeOf, maxBytes);
        if (fitting === 'too-large') {
          expect(maxBytes).toBeLessThan(without({ history: [], workers: {} }));
        } else {
          expect(sizeOf(fitting)).toBeLessThanOrEqual(maxBytes);
          expect(fitting.undelivered).toEqual(record.undelivered);
        }
      }),
    );
  });

  it('loses no more than it must: one byte less of room for each thing that goes', () => {
    const sizes = new Set<number>();
    for (let maxBytes = sizeOf(record); ; maxBytes -= 1) {
      const fitting = fitRecord(record, sizeOf, maxBytes);
      if (fitting === 'too-large') break;
      sizes.add(sizeOf(fitting));
    }
    expect(sizes.size).toBe(1 + history.length + Object.keys(workers).length);
  });
});

describe('the service’s record', () => {
  const told = (id: string, at: number): QueuedNotice => ({
    id,
    notice: { kind: 'link' },
    queuedAt: at,
    tries: 1,
    delivery: { state: 'sent', at },
    lastProblem: null,
  });
  const waiting: QueuedNotice = {
    ...told('waiting', 1),
    delivery: { state: 'queued', notBefore: 1 },
  };
  const record = {
    ...NEW_SERVICE_RECORD,
    notices: [told('b', 20), waiting, told('a', 10), told('c', 30)],
  };
  const sizeOf = ({ notices }: { notices: readonly unknown[] }): number => notices.length;

  it('is left alone when it fits', () => {
    expect(fitService(record, sizeOf, 4)).toBe(record);
  });

  it('loses what was told longest ago, never what waits', () => {
    const fitted = fitService(record, sizeOf, 2);
    expect(fitted === 'too-large' ? [] : fitted.notices.map(({ id }) => id)).toEqual([
      'waiting',
      'c',
    ]);
  });

  it('is too large with nothing but what waits', () => {
    expect(fitService(record, sizeOf, 0)).toBe('too-large');
  });
});
