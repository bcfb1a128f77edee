#!/usr/bin/env node
/**
 * `token-cadence`: the command line of this package, and its break-glass path.
 *
 * The only file of this room that touches the process: arguments, environment, streams, signals, exit
 * code. The work is in the commands, on the same operations as the functions.
 */

import { systemClock } from '../clock.ts';
import { composeSystem } from '../compose.ts';
import { runInProcess } from './process.ts';

await runInProcess({
  env: process.env,
  clock: systemClock,
  composeSystem: ({ env, uses, log }) => composeSystem({ env, uses, parts: { log } }),
});
