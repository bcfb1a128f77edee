/**
 * `npm run cli -- <command>`: the command line of the package, on the local run that is up.
 *
 * The same program with a composition of its own: the run's virtual clock, its simulators, its store and
 * the store's faults. Finds the run by its state directory.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { runInProcess } from '../../functions/cli/process.ts';
import { systemWait } from '../../functions/clock.ts';
import { composeSystem } from '../../functions/compose.ts';
import { createFaults } from './faults.ts';
import { withStoreFaults } from './faulty-parts.ts';
import { loadSettings } from './load-settings.ts';
import { settingsFor } from './settings.ts';
import { findRun, openKeys, type StateDirectory, stateDirectoryAt } from './state.ts';
import { createSteps } from './steps.ts';
import { createVirtualClock } from './virtual-clock.ts';

const ENV_FILE = '.env';
/** Another place of the run, as given to `npm start -- --state`. */
const STATE_VARIABLE = 'LOCAL_STATE_DIRECTORY';
const USUAL_PLACES = ['.token-cadence/local', '.token-cadence/real'];

const state = findState();
if (state === null) {
  process.stderr.write('No local run is up: "npm start" first, then this in another terminal.\n');
  process.exit(2);
}
await runInProcess(optionsFor(state));

function findState(): StateDirectory | null {
  const given = process.env[STATE_VARIABLE];
  const places = given === undefined ? USUAL_PLACES : [given];
  const states = places.map((place) => stateDirectoryAt(resolve(place)));
  return states.find((one) => findRun(one) !== null) ?? null;
}

function optionsFor(at: StateDirectory): Parameters<typeof runInProcess>[0] {
  const run = findRun(at);
  if (run === null) throw new Error('the run has ended');
  if (run.brokerVariables === null && existsSync(ENV_FILE)) loadSettings(ENV_FILE);
  const keys = openKeys(at, run.sessions);
  const settings = settingsFor({ ...run, state: at, keys, env: process.env, colour: false });
  // Google's clients read their emulators' addresses from the process.
  Object.assign(process.env, run.googleVariables);
  const clock = createVirtualClock(at.clockFile).now;
  const faults = createFaults(at.faultsFile);
  const steps = createSteps({ part: 'worker', faults, kill: () => {} });
  return {
    env: { ...settings, ...colourWish() },
    clock,
    composeSystem({ env, uses, log }) {
      const system = composeSystem({ env, uses, parts: { clock, log } });
      const store = withStoreFaults(system.store, { faults, steps, wait: systemWait });
      return { ...system, store };
    },
  };
}

function colourWish(): Record<string, string> {
  const wish = process.env['NO_COLOR'];
  return wish === undefined ? {} : { NO_COLOR: wish };
}
