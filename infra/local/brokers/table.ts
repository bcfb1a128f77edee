/**
 * The broker simulators there are: what the local run mounts.
 *
 * A table and one look into it. A new simulator takes one line here.
 */

import { ETRADE_SIMULATOR } from './etrade.ts';
import { KITE_SIMULATOR } from './kite.ts';
import { SCHWAB_SIMULATOR } from './schwab.ts';
import type { SimulatorEntry } from './simulator.ts';
import { TRADESTATION_SIMULATOR } from './tradestation.ts';
import { UPSTOX_SIMULATOR } from './upstox.ts';

export const SIMULATORS: readonly SimulatorEntry[] = [
  ETRADE_SIMULATOR,
  TRADESTATION_SIMULATOR,
  UPSTOX_SIMULATOR,
  SCHWAB_SIMULATOR,
  KITE_SIMULATOR,
];

/** Below the address of a broker's API: what its sample workers ask for. */
export function samplePathOf(broker: string): string {
  const entry = SIMULATORS.find(({ name }) => name === broker);
  if (entry === undefined) throw new Error(`There is no simulator of "${broker}"`);
  return entry.samplePath;
}
