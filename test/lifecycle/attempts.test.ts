import { describe, expect, it } from 'vitest';
import { attemptsLeft, isAttemptLost, nextAttemptAt } from '../../functions/lifecycle/attempts.ts';
import { PENDING_LOST_AFTER_MS, PIN_ATTEMPTS_ALLOWED } from '../../functions/lifecycle/limits.ts';
import { anActiveRecord, ny } from '../fixtures/records.ts';

const MINUTE_MS = 60_000;
/** Ten attempts, one a minute from 08:00. */
const ten = Array.from({ length: PIN_ATTEMPTS_ALLOWED }, (_, n) => ny('08:00') + n * MINUTE_MS);

describe('PIN attempts', () => {
  it.each([
    { name: 'all before the first', attempts: [], now: ny('08:00'), left: 10, nextAt: ny('08:00') },
    {
      name: 'one after nine',
      attempts: ten.slice(1),
      now: ny('08:10'),
      left: 1,
      nextAt: ny('08:10'),
    },
    { name: 'none after ten', attempts: ten, now: ny('08:10'), left: 0, nextAt: ny('09:00') },
    {
      name: 'none a millisecond before the first is an hour old',
      attempts: ten,
      now: ny('09:00') - 1,
      left: 0,
      nextAt: ny('09:00'),
    },
    {
      name: 'one when the first is an hour old',
      attempts: ten,
      now: ny('09:00'),
      left: 1,
      nextAt: ny('09:00'),
    },
    {
      name: 'none after eleven, whatever their order',
      attempts: [...ten, ny('08:30')].reverse(),
      now: ny('08:40'),
      left: 0,
      nextAt: ny('09:01'),
    },
    { name: 'all an hour later', attempts: ten, now: ny('10:00'), left: 10, nextAt: ny('10:00') },
  ])('leave $name', ({ attempts, now, left, nextAt }) => {
    const record = anActiveRecord({ attempts });
    expect(attemptsLeft(record, now)).toBe(left);
    expect(nextAttemptAt(record, now)).toBe(nextAt);
    expect(attemptsLeft(record, nextAt)).toBeGreaterThan(0);
  });
});

describe('an attempt under way', () => {
  const record = anActiveRecord({ pending: { id: 'a', startedAt: ny('09:00') } });

  it.each([
    { name: 'lives for two minutes', now: ny('09:00') + PENDING_LOST_AFTER_MS - 1, lost: false },
    { name: 'is lost after two minutes', now: ny('09:00') + PENDING_LOST_AFTER_MS, lost: true },
  ])('$name', ({ now, lost }) => {
    expect(isAttemptLost(record, now)).toBe(lost);
  });

  it('cannot be lost where there is none', () => {
    expect(isAttemptLost(anActiveRecord(), ny('23:00'))).toBe(false);
  });
});
