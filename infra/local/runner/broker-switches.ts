/**
 * Which simulator a switch is for: `tradestation.rotation` names it, `down` means everyone who has it.
 *
 * Decides nothing about values; the simulators do, and throw. Called by `brokers.ts`.
 */

import type { BrokerSimulator } from '../brokers/simulator.ts';
import { SwitchError } from '../brokers/switches.ts';

type Simulators = ReadonlyMap<string, BrokerSimulator>;

/**
 * Sets these switches and no others.
 *
 * @param inUse the simulators that a bare name is for: those of brokers with a session
 * @throws {SwitchError} naming what is allowed; some switches may then be set
 */
export function applySwitches(
  all: Simulators,
  inUse: Simulators,
  switches: Readonly<Record<string, unknown>>,
): void {
  for (const simulator of all.values()) simulator.clearSwitches();
  for (const [name, value] of Object.entries(switches)) {
    const [first = '', ...rest] = name.split('.');
    if (rest.length === 0) setEverywhere(inUse, name, value);
    else one(all, first).setSwitch(rest.join('.'), value);
  }
}

function one(all: Simulators, broker: string): BrokerSimulator {
  const simulator = all.get(broker);
  if (simulator !== undefined) return simulator;
  throw new SwitchError(
    `There is no broker "${broker}". There are: ${[...all.keys()].join(', ')}.`,
  );
}

function setEverywhere(inUse: Simulators, name: string, value: unknown): void {
  const simulators = [...inUse.values()];
  const knowing = simulators.filter(({ switchNames }) => switchNames.includes(name));
  // Nobody knows it: the first one's refusal says which switches there are.
  for (const simulator of knowing.length > 0 ? knowing : simulators.slice(0, 1)) {
    simulator.setSwitch(name, value);
  }
}
