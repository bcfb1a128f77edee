import { describe, expect, it } from 'vitest';
import {
  accountEndings,
  accountText,
  boundAccounts,
  compareAccounts,
} from '../../functions/lifecycle/account.ts';

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
      name: 'the same under the key that is left of two',
      expected: ['k1.a,m1.a,*12'],
      actual: ['k2.a,m1.a,*12'],
      verdict: 'same',
    },
    {
      name: 'foreign under the key that is left of two, whatever its last digits',
      expected: ['k1.a,m1.a,*12'],
      actual: ['k2.b,m1.b,*12'],
      verdict: 'foreign',
    },
    {
      name: 'incomparable when both keys are new, whatever its last digits',
      expected: ['k1.a,m1.a,*12'],
      actual: ['k2.a,m2.a,*12'],
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

describe('what a record is bound to', () => {
  it.each([
    {
      name: 'the first accounts that are seen',
      bound: null,
      seen: ['k1.a,m1.a,*12', 'k1.b,m1.b,*87'],
      after: ['k1.a,m1.a,*12', 'k1.b,m1.b,*87'],
    },
    { name: 'what it was, when none is seen', bound: ['k1.a'], seen: [], after: ['k1.a'] },
    { name: 'what it was, when nobody looked', bound: ['k1.a'], seen: null, after: ['k1.a'] },
    {
      name: 'no account more than before',
      bound: ['k1.a,m1.a,*12'],
      seen: ['k1.a,m1.a,*12', 'k1.b,m1.b,*87'],
      after: ['k1.a,m1.a,*12'],
    },
    {
      name: 'the same account under a new consumer secret',
      bound: ['k1.a,m1.a,*12'],
      seen: ['k2.a,m1.a,*12'],
      after: ['k2.a,m1.a,*12,k1.a'],
    },
    {
      name: 'the same account, then under a new link key: what was compared stays comparable',
      bound: ['k2.a,m1.a,*12,k1.a'],
      seen: ['k2.a,m2.a,*12'],
      after: ['k2.a,m2.a,*12,m1.a,k1.a'],
    },
    {
      name: 'the hash under a key that is not at hand, too',
      bound: ['k1.a,m1.a,*12'],
      seen: ['k1.a,*12'],
      after: ['k1.a,*12,m1.a'],
    },
    {
      name: 'an account of the form before, with what is new of it',
      bound: ['k1.a'],
      seen: ['k1.a,m1.a,*12'],
      after: ['k1.a,m1.a,*12'],
    },
    {
      name: 'an account of which no key is left: what is seen now',
      bound: ['k1.a,m1.a'],
      seen: ['k2.b,m2.b'],
      after: ['k2.b,m2.b'],
    },
  ])('is $name', ({ bound, seen, after }) => {
    expect(boundAccounts(bound, seen)).toEqual(after);
  });

  it('does not grow with every change of a key', () => {
    let bound: readonly string[] | null = ['k0.a,m.a,*12'];
    for (let change = 1; change < 9; change += 1) {
      bound = boundAccounts(bound, [`k${change}.a,m.a,*12`]);
    }
    expect(bound).toEqual(['k8.a,m.a,*12,k7.a,k6.a']);
  });

  it('is the same object when there is nothing new', () => {
    const bound = ['k1.a,m1.a,*12'];
    expect(boundAccounts(bound, ['k1.a,m1.a,*12'])).toBe(bound);
  });
});

describe('the text of an account', () => {
  it('shows its last two digits and nothing else of its number', () => {
    const text = accountText('835550112', ['k1.a', 'm1.a']);
    expect(text).toBe('k1.a,m1.a,*12');
    expect(accountEndings([text, 'k1.b,*87', 'k1.c'])).toEqual(['12', '87']);
  });
});
