/**
 * The broker simulators there are: what the local run mounts.
 *
 * A table, no behaviour. A new simulator takes one line here.
 */

import { ETRADE_SIMULATOR } from './etrade.ts';
import { KITE_SIMULATOR } from './kite.ts';
import type { SimulatorEntry } from './simulator.ts';
import { UPSTOX_SIMULATOR } from './upstox.ts';

export const SIMULATORS: readonly SimulatorEntry[] = [
  ETRADE_SIMULATOR,
  UPSTOX_SIMULATOR,
  KITE_SIMULATOR,
];
