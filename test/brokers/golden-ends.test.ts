/**
 * When a broker's token ends: the golden vectors, and two years of random moments against a computation of
 * its own.
 *
 * Against the real rules of `functions/brokers`. The independent computation knows `Intl` and nothing of the
 * product's calendar or its zone library.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { hardEndAt } from '../../functions/lifecycle/hard-end.ts';
import type { BrokerRules } from '../../functions/lifecycle/rules.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Issued, ends, why. */
const GOLDEN: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  etrade: [
    ['2026-01-15T14:05Z', '2026-01-16T05:00Z', 'winter'],
    ['2026-07-15T13:05Z', '2026-07-16T04:00Z', 'summer'],
    ['2026-03-08T05:00Z', '2026-03-09T04:00Z', 'a day of 23 hours'],
    ['2026-11-01T04:00Z', '2026-11-02T05:00Z', 'a day of 25 hours'],
    ['2026-03-08T04:59:59Z', '2026-03-08T05:00Z', 'a life of one second'],
    ['2027-01-01T04:59Z', '2027-01-01T05:00Z', 'still the old year in New York'],
  ],
  upstox: [
    ['2026-01-13T14:30Z', '2026-01-13T22:00Z', 'the evening before'],
    ['2026-01-13T21:00Z', '2026-01-13T22:00Z', 'issued at 02:30 India time'],
    ['2026-01-13T22:00Z', '2026-01-14T22:00Z', 'issued on the boundary'],
    ['2026-01-14T03:00Z', '2026-01-14T22:00Z', 'the morning'],
  ],
  kite: [
    ['2026-01-14T00:29:59Z', '2026-01-14T00:30Z', 'the same day'],
    ['2026-01-14T00:30Z', '2026-01-15T00:30Z', 'issued on the boundary'],
    ['2026-01-14T03:00Z', '2026-01-15T00:30Z', 'the morning'],
  ],
};

function rulesOf(name: string): BrokerRules {
  const rules = BROKERS[name]?.rules;
  if (rules === undefined) throw new Error(`${name} is not registered`);
  return rules;
}

const vectors = Object.entries(GOLDEN).flatMap(([name, rows]) =>
  rows.map(([issued, ends, why]) => ({ name, issued, ends, why })),
);

test.each(vectors)('$name issued $issued ends $ends: $why', ({ name, issued, ends }) => {
  const issuedAt = Date.parse(issued);
  // The sign-in does not count where a wall clock rules.
  for (const signedInAt of [issuedAt, issuedAt - 3 * DAY]) {
    const end = hardEndAt(rulesOf(name), { issuedAt, signedInAt });
    expect(new Date(end ?? Number.NaN).toISOString()).toBe(new Date(ends).toISOString());
  }
});

describe('ends that are counted from the sign-in', () => {
  const signedInAt = Date.parse('2026-03-06T14:05Z');
  const issuedAt = signedInAt + 2 * DAY;

  test('Schwab: seven days of 24 hours, across the change of the clocks, whatever was refreshed', () => {
    const end = hardEndAt(rulesOf('schwab'), { issuedAt, signedInAt });
    expect(new Date(end ?? Number.NaN).toISOString()).toBe('2026-03-13T14:05:00.000Z');
    expect(hardEndAt(rulesOf('schwab'), { issuedAt, signedInAt, isRotating: true })).toBe(end);
  });

  test('TradeStation: none, until a refresh token is seen to rotate; then a day', () => {
    const rules = rulesOf('tradestation');
    expect(hardEndAt(rules, { issuedAt, signedInAt })).toBeNull();
    expect(hardEndAt(rules, { issuedAt, signedInAt, isRotating: true })).toBe(signedInAt + DAY);
  });

  test.each([
    ['tradestation', 'accessLifeMs', 1_200_000],
    ['schwab', 'accessLifeMs', 1_800_000],
    ['etrade', 'idleLimitMs', 7_200_000],
    ['etrade', 'signInOpenMs', 300_000],
  ] as const)('%s has %s %d', (name, field, ms) => {
    expect(rulesOf(name)[field]).toBe(ms);
  });
});

describe('two years of random moments', () => {
  const FROM = Date.parse('2026-01-01T00:00Z');
  const wallClocks = Object.values(BROKERS).filter(
    ({ rules }) => rules.hardEnd.kind === 'wall-clock',
  );

  test.each(wallClocks)('$title ends when the clocks there first show the hour again', (entry) => {
    const { hardEnd } = entry.rules;
    if (hardEnd.kind !== 'wall-clock') throw new Error('chosen above');
    const { time, zone } = hardEnd;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 * 365 * DAY }), (offset) => {
        const issuedAt = FROM + offset;
        const end = hardEndAt(entry.rules, { issuedAt, signedInAt: issuedAt });
        expect(end).toBe(nextShowing(time, zone, issuedAt));
      }),
      { numRuns: 300 },
    );
  });

  test('the moments around every change of the clocks are among them', () => {
    const changes = ['2026-03-08T07:00Z', '2026-11-01T06:00Z', '2027-03-14T07:00Z'];
    for (const change of changes) {
      for (let hours = -30; hours <= 30; hours += 1) {
        for (const ms of [-1, 0, 1]) {
          const issuedAt = Date.parse(change) + hours * HOUR + ms;
          const end = hardEndAt(rulesOf('etrade'), { issuedAt, signedInAt: issuedAt });
          expect(end).toBe(nextShowing('00:00', 'America/New_York', issuedAt));
        }
      }
    }
  });
});

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What the clocks of a zone show: `03:30:00`. */
function shown(zone: string, at: number): string {
  const clock =
    clocks.get(zone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'medium', hourCycle: 'h23' });
  clocks.set(zone, clock);
  return clock.format(at);
}

/** The first half hour after `at` at which the clocks show `time`, found by looking at each. */
function nextShowing(time: string, zone: string, at: number): number {
  const step = 30 * MINUTE;
  // The zones here are whole or half hours from UTC and so are the times: nothing lies between.
  for (let moment = (Math.floor(at / step) + 1) * step; ; moment += step) {
    if (shown(zone, moment) === `${time}:00`) return moment;
    if (moment - at > 3 * DAY) throw new Error(`${time} never comes in ${zone}`);
  }
}
