/**
 * The month's bill: use, free amount and cost of each item.
 *
 * Pure. Used by `report.ts`.
 */

import { type Item, PRICES, type Price } from './prices.ts';
import type { Usage } from './usage.ts';

export type Line = {
  readonly item: Item;
  readonly used: number;
  readonly price: Price;
  /** Dollars, not rounded. */
  readonly cost: number;
};

export type Bill = { readonly lines: readonly Line[]; readonly total: number };

const ITEMS = Object.keys(PRICES) as Item[];

/** Every price has its line, in the order of the prices. */
export function billOf(usage: Usage): Bill {
  const lines = ITEMS.map((item): Line => {
    const price = PRICES[item];
    return { item, used: usage[item], price, cost: costOf(price, usage[item]) };
  });
  return { lines, total: lines.reduce((sum, { cost }) => sum + cost, 0) };
}

/** Dollars for what goes beyond the free amount. */
export function costOf({ dollars, free }: Price, used: number): number {
  return Math.max(0, used - free) * dollars;
}
