/**
 * The five processes of a local run: four functions, each under the real functions-framework, and one for
 * the sample workers.
 *
 * Knows their scripts and arguments, nothing else. Started by `system.ts`.
 */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FUNCTIONS, type FunctionName } from './gateway.ts';
import {
  createSupervisor,
  type SupervisedProcess,
  type Supervisor,
  type SupervisorOptions,
} from './supervisor.ts';

/** Starting five processes takes two seconds on a free machine, far longer on a busy one. */
const START_TIMEOUT_MS = 60_000;

const FRAMEWORK_MAIN = join(
  dirname(createRequire(import.meta.url).resolve('@google-cloud/functions-framework')),
  'main.js',
);
const WORKER_ENTRY = fileURLToPath(new URL('../worker.ts', import.meta.url));

export type ProcessName = FunctionName | 'worker';

export type Processes = {
  readonly portOf: (name: ProcessName, timeoutMs: number) => Promise<number>;
  /** Resolves when all of them listen; rejects with the output of one that does not start. */
  readonly allReady: () => Promise<void>;
  /** Kills one as `kill -9` does; it is restarted. False when it is not running. */
  readonly kill: (name: ProcessName) => boolean;
  readonly stop: Supervisor['stop'];
};

export function startProcesses(
  env: Readonly<Record<string, string>>,
  options: SupervisorOptions,
): Processes {
  const supervisor = createSupervisor(options);
  const processes = new Map<ProcessName, SupervisedProcess>();
  for (const name of FUNCTIONS) {
    const args = [FRAMEWORK_MAIN, `--target=${name}`, `--source=${entryOf(name)}`, '--port=0'];
    processes.set(name, supervisor.start({ name, args, env }));
  }
  processes.set('worker', supervisor.start({ name: 'worker', args: [WORKER_ENTRY], env }));

  return {
    async portOf(name, timeoutMs) {
      const found = processes.get(name);
      if (found === undefined) throw new Error(`There is no process "${name}"`);
      return found.ready(timeoutMs);
    },
    async allReady() {
      await Promise.all([...processes.values()].map((entry) => entry.ready(START_TIMEOUT_MS)));
    },
    kill(name) {
      const pid = processes.get(name)?.pid() ?? null;
      if (pid === null) return false;
      process.kill(pid, 'SIGKILL');
      return true;
    },
    stop: supervisor.stop,
  };
}

function entryOf(name: FunctionName): string {
  return fileURLToPath(new URL(`../functions/${name}.ts`, import.meta.url));
}
