import { describe, expect, it } from 'vitest';
import { compareAccounts } from '../../functions/lifecycle/account.ts';

describe('the account of a new token', () => {
  it.each([
    { name: 'the same', expected: ['k1.a'], actual: ['k1.a'], verdict: 'same' },
    {
      name: 'the same when the login has one account more',
      expected: ['k1.a'],
      actual: ['k1.b', 'k1.a'],
      verdict: 'same',
    },
    {
      name: 'the same when the login has one account less',
      expected: ['k1.a', 'k1.b'],
      actual: ['k1.b'],
      verdict: 'same',
    },
    {
      name: 'foreign without an account in common',
      expected: ['k1.a'],
      actual: ['k1.b', 'k1.c'],
      verdict: 'foreign',
    },
    {
      name: 'foreign when one comparable hash of many differs',
      expected: ['k1.a', 'k2.a'],
      actual: ['k2.b'],
      verdict: 'foreign',
    },
    {
      name: 'incomparable when its hashes were made with another key',
      expected: ['k1.a'],
      actual: ['k2.a'],
      verdict: 'incomparable',
    },
    {
      name: 'incomparable when none is expected',
      expected: null,
      actual: ['k1.a'],
      verdict: 'incomparable',
    },
    {
      name: 'incomparable when the broker names none',
      expected: ['k1.a'],
      actual: [],
      verdict: 'incomparable',
    },
  ])('is $name', ({ expected, actual, verdict }) => {
    expect(compareAccounts(expected, actual)).toBe(verdict);
  });
});
