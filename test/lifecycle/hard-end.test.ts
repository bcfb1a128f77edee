import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hardEndAt } from '../../functions/lifecycle/hard-end.ts';
import type { BrokerRules } from '../../functions/lifecycle/rules.ts';
import { at } from '../fixtures/records.ts';
import { ETRADE, KITE, SCHWAB, TRADESTATION, UPSTOX } from '../fixtures/rules.ts';
import { HOUR_MS } from '../fixtures/test-clock.ts';

function hardEndOf(rules: BrokerRules, issued: string): string {
  const end = hardEndAt(rules, { issuedAt: at(issued), signedInAt: at(issued) });
  return end === null ? 'never' : new Date(end).toISOString();
}

describe('the golden vectors', () => {
  it.each([
    {
      broker: 'E*TRADE',
      rules: ETRADE,
      issued: '2026-01-15T14:05Z',
      ends: '2026-01-16T05:00',
      note: 'EST',
    },
    {
      broker: 'E*TRADE',
      rules: ETRADE,
      issued: '2026-07-15T13:05Z',
      ends: '2026-07-16T04:00',
      note: 'EDT',
    },
    {
      broker: 'E*TRADE',
      rules: ETRADE,
      issued: '2026-03-08T05:00Z',
      ends: '2026-03-09T04:00',
      note: '23 h day',
    },
    {
      broker: 'E*TRADE',
      rules: ETRADE,
      issued: '2026-11-01T04:00Z',
      ends: '2026-11-02T05:00',
      note: '25 h day',
    },
    {
      broker: 'E*TRADE',
      rules: ETRADE,
      issued: '2026-03-08T04:59:59Z',
      ends: '2026-03-08T05:00',
      note: 'lives 1 s',
    },
    {
      broker: 'E*TRADE',
      rules: ETRADE,
      issued: '2027-01-01T04:59Z',
      ends: '2027-01-01T05:00',
      note: 'year end',
    },
    {
      broker: 'Upstox',
      rules: UPSTOX,
      issued: '2026-01-13T14:30Z',
      ends: '2026-01-13T22:00',
      note: 'evening',
    },
    {
      broker: 'Upstox',
      rules: UPSTOX,
      issued: '2026-01-13T21:00Z',
      ends: '2026-01-13T22:00',
      note: 'lives 1 h',
    },
    {
      broker: 'Upstox',
      rules: UPSTOX,
      issued: '2026-01-13T22:00Z',
      ends: '2026-01-14T22:00',
      note: 'on the boundary',
    },
    {
      broker: 'Upstox',
      rules: UPSTOX,
      issued: '2026-01-14T03:00Z',
      ends: '2026-01-14T22:00',
      note: 'morning',
    },
    {
      broker: 'Kite',
      rules: KITE,
      issued: '2026-01-14T00:29:59Z',
      ends: '2026-01-14T00:30',
      note: 'same day',
    },
    {
      broker: 'Kite',
      rules: KITE,
      issued: '2026-01-14T00:30Z',
      ends: '2026-01-15T00:30',
      note: 'on the boundary',
    },
    {
      broker: 'Kite',
      rules: KITE,
      issued: '2026-01-14T03:00Z',
      ends: '2026-01-15T00:30',
      note: 'morning',
    },
  ])('$broker issued $issued ends $ends ($note)', ({ rules, issued, ends }) => {
    expect(hardEndOf(rules, issued)).toBe(`${ends}:00.000Z`);
  });
});

describe('an end at a wall-clock time', () => {
  it.each([
    { issued: '2026-03-10T03:59:59.999Z', ends: '2026-03-10T04:00:00.000Z' },
    { issued: '2026-03-10T04:00:00.000Z', ends: '2026-03-11T04:00:00.000Z' },
    { issued: '2026-03-10T04:00:00.001Z', ends: '2026-03-11T04:00:00.000Z' },
  ])('is strictly after the issue: $issued → $ends', ({ issued, ends }) => {
    expect(hardEndOf(ETRADE, issued)).toBe(ends);
  });

  it('is the next New York midnight at every moment of two years', () => {
    const from = at('2026-01-01T00:00Z');
    const to = at('2028-01-01T00:00Z');
    fc.assert(
      fc.property(fc.integer({ min: from, max: to }), (issuedAt) => {
        expect(hardEndAt(ETRADE, { issuedAt, signedInAt: issuedAt })).toBe(
          nextMidnightInNewYork(issuedAt),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['2026-03-08', '2026-11-01', '2027-03-14', '2027-11-07'])(
    'is the next New York midnight at every quarter hour around the clock change of %s',
    (date) => {
      const noon = at(`${date}T12:00Z`);
      for (
        let issuedAt = noon - 36 * 3_600_000;
        issuedAt < noon + 36 * 3_600_000;
        issuedAt += 900_000
      ) {
        expect(hardEndAt(ETRADE, { issuedAt, signedInAt: issuedAt })).toBe(
          nextMidnightInNewYork(issuedAt),
        );
      }
    },
  );

  it('does not take a zone that does not exist', () => {
    const rules = {
      hardEnd: { kind: 'wall-clock', time: '00:00', zone: 'America/Gotham' },
    } as const;
    expect(() => hardEndAt(rules, { issuedAt: 0, signedInAt: 0 })).toThrow(RangeError);
  });
});

describe('an end by age', () => {
  it.each([
    { name: 'a day after the sign-in', rules: TRADESTATION, ends: '2026-03-08T13:31:00.000Z' },
    { name: 'a week after the sign-in', rules: SCHWAB, ends: '2026-03-14T13:31:00.000Z' },
  ])('is $name, whatever was refreshed since and whatever clocks do', ({ rules, ends }) => {
    const end = hardEndAt(rules, {
      signedInAt: at('2026-03-07T13:31Z'),
      issuedAt: at('2026-03-08T09:00Z'),
    });
    expect(end).toBe(at(ends));
  });

  it('begins to count with the first new refresh token, from the sign-in', () => {
    const rules = { hardEnd: { kind: 'age-when-rotating', ms: 24 * HOUR_MS } } as const;
    const moments = { signedInAt: at('2026-03-09T12:00Z'), issuedAt: at('2026-03-09T12:15Z') };
    expect(hardEndAt(rules, moments)).toBeNull();
    expect(hardEndAt(rules, { ...moments, isRotating: true })).toBe(at('2026-03-10T12:00Z'));
  });
});

/** The first moment of the next New York date, by Intl and Date.UTC alone. */
function nextMidnightInNewYork(moment: number): number {
  const [year = 0, month = 0, day = 0] = newYorkDate(moment).split('-').map(Number);
  const midnights = [4, 5].map((hour) => Date.UTC(year, month - 1, day + 1, hour));
  const first = midnights.find((midnight) => newYorkDate(midnight) !== newYorkDate(midnight - 1));
  if (first === undefined) throw new Error('New York has no such midnight');
  return first;
}

const newYork = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

function newYorkDate(moment: number): string {
  return newYork.format(moment);
}
