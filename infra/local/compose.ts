/**
 * The local composition: the production wiring on the virtual clock, with faults around store, network
 * and messenger.
 *
 * Adds nothing a deployed function has. Called by the entries in `functions/` and by the sample worker,
 * each in its own process.
 */

import { systemWait } from '../../functions/clock.ts';
import { type ComposeOptions, compose, type Wiring } from '../../functions/compose.ts';
import { createPubsubReportCollector } from '../../functions/events/pubsub-reports.ts';
import type { ReportCollector } from '../../functions/events/worker-reports.ts';
import type { Log } from '../../functions/logging/log.ts';
import { createTerminalLog } from '../../functions/logging/terminal-log.ts';
import { createFaults, type Faults } from './faults.ts';
import { withFetchSteps, withNotifierSteps, withStoreFaults } from './faulty-parts.ts';
import {
  CLOCK_FILE_VARIABLE,
  COLOUR_VARIABLE,
  FAULTS_FILE_VARIABLE,
  QUIET_VARIABLE,
} from './settings.ts';
import { createSteps, type StepsOptions } from './steps.ts';
import { createVirtualClock } from './virtual-clock.ts';

const COLLECT_WITHIN_MS = 400;

export type LocalWiring = Wiring & {
  readonly faults: Faults;
  /** The network, its calls counted. */
  readonly fetch: typeof globalThis.fetch;
};

/**
 * @param part the process, as faults name it
 * @throws ConfigError naming every missing or malformed setting
 */
export function composeLocal(
  part: StepsOptions['part'],
  options: Pick<ComposeOptions, 'uses'> = {},
): LocalWiring {
  const clock = createVirtualClock(fileOf(CLOCK_FILE_VARIABLE)).now;
  const faults = createFaults(fileOf(FAULTS_FILE_VARIABLE));
  const steps = createSteps({ part, faults, kill: () => process.kill(process.pid, 'SIGKILL') });
  const fetch = withFetchSteps(globalThis.fetch, steps);
  const parts = { clock, fetch, log: terminalLog(clock), ...collectorOfEmulator() };
  const wiring = compose({ ...options, parts });
  return {
    ...wiring,
    store: withStoreFaults(wiring.store, { faults, steps, wait: systemWait }),
    notifier: withNotifierSteps(wiring.notifier, steps),
    faults,
    fetch,
  };
}

/** On one machine a report is there or not: nobody has to wait two seconds to learn that there is none. */
function collectorOfEmulator(): { readonly reports?: ReportCollector } {
  const project = process.env['GOOGLE_CLOUD_PROJECT'];
  if (project === undefined || process.env['PUBSUB_EMULATOR_HOST'] === undefined) return {};
  return { reports: createPubsubReportCollector({ project, timeoutMs: COLLECT_WITHIN_MS }) };
}

/** The runner writes the process's name before each line, so the log need not repeat it. */
function terminalLog(clock: () => number): Log {
  return withoutFunctionName(
    createTerminalLog({
      write: (line) => process.stdout.write(line),
      clock,
      colour: process.env[COLOUR_VARIABLE] !== undefined,
      level: process.env[QUIET_VARIABLE] === undefined ? 'info' : 'warn',
    }),
  );
}

function withoutFunctionName(log: Log): Log {
  return {
    debug: log.debug,
    info: log.info,
    warn: log.warn,
    error: log.error,
    with: ({ function: _name, ...labels }) => withoutFunctionName(log.with(labels)),
  };
}

function fileOf(variable: string): string {
  const file = process.env[variable];
  if (file === undefined) throw new Error(`"${variable}" is missing: start with "npm start"`);
  return file;
}
