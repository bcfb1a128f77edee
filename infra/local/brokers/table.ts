/**
 * The broker simulators there are: what the local run mounts.
 *
 * A table, no behaviour. A new simulator takes one line here.
 */

import { ETRADE_SIMULATOR } from './etrade.ts';
import type { SimulatorEntry } from './simulator.ts';

export const SIMULATORS: readonly SimulatorEntry[] = [ETRADE_SIMULATOR];
