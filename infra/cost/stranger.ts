/**
 * What calls of strangers can cost in a month: the page is public, so anybody may have it work.
 *
 * Pure arithmetic from the prices, the sizes of the function and the assumptions; the paragraph in infra/README
 * holds what it comes to.
 */

import * as assumed from './assumptions.ts';
import { type Item, PRICES } from './prices.ts';
import type { Sizes } from './sizes.ts';

const MONTH_SECONDS = 31 * 24 * 60 * 60;
const BYTES_A_GIB = 1_024 ** 3;

export type StrangerBill = {
  /** Requests without an end keep every instance billed, however few they are. */
  readonly held: number;
  /** What a flood of `STRANGER_REQUESTS_A_SECOND` adds, which nothing bounds but what the instances can answer. */
  readonly requests: number;
  readonly logs: number;
  readonly network: number;
};

/** In whole dollars. */
export function strangerBill(sizes: Sizes): StrangerBill {
  const { maxInstances, cpu, memoryGib } = sizes.functions['pin-exchange'];
  const seconds = maxInstances * MONTH_SECONDS;
  const requests = assumed.STRANGER_REQUESTS_A_SECOND * MONTH_SECONDS;
  return {
    held: Math.round(dollars('cpu', seconds * cpu) + dollars('memory', seconds * memoryGib)),
    requests: Math.round(dollars('requests', requests)),
    logs: Math.round(dollars('logs', (requests * assumed.STRANGER_LOG_BYTES) / BYTES_A_GIB)),
    network: Math.round(
      dollars('network', (requests * assumed.STRANGER_ANSWER_BYTES) / BYTES_A_GIB),
    ),
  };
}

function dollars(item: Item, amount: number): number {
  const { dollars: price, free } = PRICES[item];
  return Math.max(0, amount - free) * price;
}
