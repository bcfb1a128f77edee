import { describe, expect, it } from 'vitest';
import { billOf, costOf } from '../../infra/cost/bill.ts';
import { type Item, PRICES } from '../../infra/cost/prices.ts';
import { usageOf } from '../../infra/cost/usage.ts';
import { aQuestion } from './question.ts';

const ITEMS = Object.keys(PRICES) as Item[];

describe('the bill', () => {
  it.each(ITEMS)(
    'charges nothing for %s up to the free amount, and the price beyond it',
    (item) => {
      const { free, dollars } = PRICES[item];
      expect(costOf(PRICES[item], 0)).toBe(0);
      expect(costOf(PRICES[item], free)).toBe(0);
      expect(costOf(PRICES[item], free + 1)).toBeCloseTo(dollars, 12);
    },
  );

  it.each([
    // 25,000 accesses are 1.5 times 10,000 beyond the free ones.
    { item: 'secretAccesses', used: 25_000, cost: 0.045 },
    { item: 'secretVersions', used: 7, cost: 0.06 },
    // A version that lived for half of the month.
    { item: 'secretVersions', used: 6.5, cost: 0.03 },
    { item: 'jobs', used: 4, cost: 0.1 },
    { item: 'requests', used: 3_000_000, cost: 0.4 },
    { item: 'cpu', used: 280_000, cost: 2.4 },
    { item: 'memory', used: 460_000, cost: 0.25 },
    { item: 'images', used: 1.5, cost: 0.1 },
    { item: 'logs', used: 51, cost: 0.5 },
    { item: 'messages', used: 10 + 1_024, cost: 40 },
  ] as const)('charges $cost for $used of $item', ({ item, used, cost }) => {
    expect(costOf(PRICES[item], used)).toBeCloseTo(cost, 9);
  });

  it('has a line for each price, and adds them up', () => {
    const bill = billOf(usageOf(aQuestion({ sessions: 100 })));
    expect(bill.lines.map(({ item }) => item)).toEqual(ITEMS);
    expect(bill.total).toBeCloseTo(
      bill.lines.reduce((sum, { cost }) => sum + cost, 0),
      9,
    );
  });

  it('stays below ten cents with two sessions, and charges for reading secrets alone', () => {
    const { lines, total } = billOf(usageOf(aQuestion()));
    expect(total).toBeLessThanOrEqual(0.1);
    expect(lines.filter(({ cost }) => cost > 0).map(({ item }) => item)).toEqual([
      'secretAccesses',
    ]);
  });

  it('names a page of Google for each price', () => {
    const strange = ITEMS.filter(
      (item) => !PRICES[item].source.startsWith('https://cloud.google.com/'),
    );
    expect(strange).toEqual([]);
  });
});
