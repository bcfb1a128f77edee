/** What infra/README.md says that a stranger can make one pay is what prices and sizes come to. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as assumed from '../../infra/cost/assumptions.ts';
import { PRICES } from '../../infra/cost/prices.ts';
import { readSizes } from '../../infra/cost/sizes.ts';
import { strangerBill } from '../../infra/cost/stranger.ts';

const readme = readFileSync(new URL('../../infra/README.md', import.meta.url), 'utf8');
const table = /<!-- stranger -->\n([\s\S]*?)<!-- \/stranger -->/.exec(readme)?.[1] ?? '';

it('the sums are those of the table', () => {
  const { held, requests, logs, network } = strangerBill(readSizes());
  const costs = table
    .split('\n')
    .slice(2, -1)
    .map((row) => row.split('|')[2]?.trim());
  expect(costs).toEqual([`$${held}`, `+ $${requests}`, `+ $${logs}`, `+ $${network}`]);
});

it('the arithmetic names the sizes and prices that are', () => {
  const { maxInstances, memoryGib, cpu, concurrency, timeoutSeconds } =
    readSizes().functions['pin-exchange'];
  for (const part of [
    `${maxInstances} instances`,
    `${cpu} vCPU × $${PRICES.cpu.dollars.toFixed(6)}`,
    `${memoryGib} GiB × $${PRICES.memory.dollars.toFixed(7)}`,
    `$${(PRICES.requests.dollars * 1e6).toFixed(2)} a million`,
    `${assumed.STRANGER_LOG_BYTES.toLocaleString('en-US')} bytes of log`,
    `${assumed.STRANGER_ANSWER_BYTES.toLocaleString('en-US')} bytes of answer`,
    `${assumed.STRANGER_REQUESTS_A_SECOND} requests a second`,
  ]) {
    expect(table).toContain(part);
  }
  expect(readme).toContain(`${concurrency} requests in each`);
  expect(readme).toContain(`${timeoutSeconds} seconds for a request`);
});
