import { describe, expect, it } from 'vitest';
import { type Coverage, coverage, needsSignIn } from '../../functions/lifecycle/coverage.ts';
import { createNyseCalendar } from '../../functions/lifecycle/nyse-calendar.ts';
import type { BrokerRules } from '../../functions/lifecycle/rules.ts';
import { NEW_RECORD, type SessionRecord } from '../../functions/lifecycle/session.ts';
import { anActiveRecord, aRefreshedRecord, at, MIDNIGHT, ny } from '../fixtures/records.ts';
import { ETRADE, SCHWAB, TRADESTATION, UPSTOX } from '../fixtures/rules.ts';

const calendar = createNyseCalendar();
const CLOSE = ny('16:00');

type Case = {
  name: string;
  record: SessionRecord;
  rules?: BrokerRules;
  now?: number;
  limitedBy: Coverage['limitedBy'];
  asks: boolean;
};

const failing = { counts: { unauthorized: 0, renewals: 0, failuresInARow: 1 } };

describe('coverage on a trading day', () => {
  it.each<Case>([
    { name: 'is good until the close', record: anActiveRecord(), limitedBy: null, asks: false },
    {
      name: 'is good when the hard end is the close',
      record: anActiveRecord({ hardEndsAt: CLOSE, accessExpiresAt: CLOSE }),
      limitedBy: null,
      asks: false,
    },
    {
      name: 'is limited by a hard end before the close',
      record: anActiveRecord({ hardEndsAt: CLOSE - 1 }),
      limitedBy: 'hard-end',
      asks: true,
    },
    {
      name: 'is limited by a hard end though the token is unproven too',
      record: anActiveRecord({ hardEndsAt: CLOSE - 1, proof: 'unproven' }),
      limitedBy: 'hard-end',
      asks: true,
    },
    {
      name: 'is limited by an access token that nothing follows',
      record: anActiveRecord({ accessExpiresAt: CLOSE - 1 }),
      rules: UPSTOX,
      limitedBy: 'hard-end',
      asks: true,
    },
    { name: 'is limited by no token', record: NEW_RECORD, limitedBy: 'no-token', asks: true },
    {
      name: 'is limited by an unproven token',
      record: anActiveRecord({ proof: 'unproven' }),
      limitedBy: 'unproven',
      asks: false,
    },
    {
      name: 'is limited by an unknown hard end',
      record: anActiveRecord({ hardEndsAt: null }),
      limitedBy: 'unproven',
      asks: false,
    },
    {
      name: 'is limited by a refused token',
      record: anActiveRecord({ proof: 'rejected' }),
      limitedBy: 'rejected',
      asks: true,
    },
    {
      name: 'is limited by a token of yesterday',
      record: anActiveRecord({ hardEndsAt: ny('00:00'), accessExpiresAt: ny('00:00') }),
      limitedBy: 'hard-end',
      asks: true,
    },
    {
      name: 'is limited by a token that sleeps now',
      record: anActiveRecord({ proof: 'inactive' }),
      limitedBy: 'idle',
      asks: false,
    },
    {
      name: 'is limited by a token that must sleep by the clock',
      record: anActiveRecord(),
      now: ny('11:00'),
      limitedBy: 'idle',
      asks: false,
    },
    {
      name: 'is not limited by an idle limit that keep-alive moves',
      record: anActiveRecord(),
      now: ny('10:59'),
      limitedBy: null,
      asks: false,
    },
    {
      name: 'is limited by the idle limit while keep-alive fails',
      record: anActiveRecord(failing),
      limitedBy: 'idle',
      asks: false,
    },
    {
      name: 'is good while keep-alive fails when the idle limit comes after the close',
      record: anActiveRecord({ ...failing, lastUsedAt: ny('14:00') }),
      now: ny('14:05'),
      limitedBy: null,
      asks: false,
    },
    {
      name: 'is not limited by an access token that is refreshed',
      record: aRefreshedRecord(),
      rules: TRADESTATION,
      limitedBy: null,
      asks: false,
    },
    {
      name: 'is limited by the access token while refreshing fails',
      record: aRefreshedRecord(failing),
      rules: TRADESTATION,
      limitedBy: 'access',
      asks: false,
    },
    {
      name: 'is limited by a token that ends right now',
      record: anActiveRecord({ hardEndsAt: ny('09:05') }),
      limitedBy: 'hard-end',
      asks: true,
    },
    {
      name: 'is good while refreshing fails when the access token ends with the close',
      record: aRefreshedRecord({ ...failing, accessExpiresAt: CLOSE }),
      rules: TRADESTATION,
      limitedBy: null,
      asks: false,
    },
    {
      name: 'is limited by an access token that ends a millisecond before',
      record: aRefreshedRecord({ ...failing, accessExpiresAt: CLOSE - 1 }),
      rules: TRADESTATION,
      limitedBy: 'access',
      asks: false,
    },
    {
      name: 'is good while keep-alive fails when the idle limit comes with the close',
      record: anActiveRecord({ ...failing, lastUsedAt: ny('14:00') }),
      now: ny('14:00'),
      limitedBy: null,
      asks: false,
    },
    {
      name: 'is limited by the idle limit a millisecond before the close while keep-alive fails',
      record: anActiveRecord({ ...failing, lastUsedAt: ny('14:00') - 1 }),
      now: ny('14:00'),
      limitedBy: 'idle',
      asks: false,
    },
    {
      name: 'is limited by the clock that stops first while keep-alive fails',
      record: aRefreshedRecord({ ...failing, accessExpiresAt: ny('12:00') }),
      rules: { ...TRADESTATION, idleLimitMs: 60 * 60_000 },
      limitedBy: 'idle',
      asks: false,
    },
    {
      name: 'is limited by an access token that ended',
      record: aRefreshedRecord(),
      rules: TRADESTATION,
      now: ny('09:20'),
      limitedBy: 'access',
      asks: false,
    },
    {
      name: 'is limited by the week since the sign-in',
      record: aRefreshedRecord({ hardEndsAt: ny('11:00') }),
      rules: SCHWAB,
      limitedBy: 'hard-end',
      asks: true,
    },
    {
      name: 'asks when a sleeping token has nothing that wakes it',
      record: anActiveRecord({ proof: 'inactive' }),
      rules: UPSTOX,
      limitedBy: 'idle',
      asks: true,
    },
  ])('$name', ({ record, rules = ETRADE, now = ny('09:05'), limitedBy, asks }) => {
    expect(coverage(record, rules, calendar, now)).toEqual({
      untilClose: limitedBy === null,
      limitedBy,
    });
    expect(needsSignIn(record, rules, calendar, now)).toBe(asks);
  });
});

describe('coverage without trading ahead', () => {
  it.each([
    { name: 'at the close', now: CLOSE },
    { name: 'on a Sunday', now: at('2026-03-08T12:00-04:00') },
    { name: 'on Good Friday', now: at('2026-04-03T10:00-04:00') },
    { name: 'at the early close of a half day', now: at('2026-11-27T13:00-05:00') },
  ])('is no question $name', ({ now }) => {
    expect(coverage(anActiveRecord(), ETRADE, calendar, now)).toEqual({
      untilClose: null,
      limitedBy: null,
    });
  });

  it('is a question until the last millisecond before the close', () => {
    expect(coverage(anActiveRecord(), ETRADE, calendar, CLOSE - 1).untilClose).toBe(false);
    expect(
      coverage(anActiveRecord({ lastUsedAt: ny('15:50') }), ETRADE, calendar, CLOSE - 1).untilClose,
    ).toBe(true);
  });

  it('still asks for a sign-in where there is no token', () => {
    expect(needsSignIn(anActiveRecord(), ETRADE, calendar, MIDNIGHT)).toBe(true);
  });
});
