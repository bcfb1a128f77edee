/**
 * The state directory of a local run: where its files are, and the keys made on the first start.
 *
 * Everything a restart needs is here and readable by this user alone; the keys are good for nothing outside
 * the local run. One runner at a time uses a directory.
 */

import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './files.ts';

const DIRECTORY_MODE = 0o700;

export type StateDirectory = {
  readonly directory: string;
  readonly clockFile: string;
  readonly faultsFile: string;
  readonly keysFile: string;
  readonly storeDirectory: string;
  readonly storeKeyFile: string;
  readonly brokerFile: string;
  readonly secretsFile: string;
  readonly runnerFile: string;
};

export function stateDirectoryAt(directory: string): StateDirectory {
  return {
    directory,
    clockFile: join(directory, 'clock.json'),
    faultsFile: join(directory, 'faults.json'),
    keysFile: join(directory, 'keys.json'),
    storeDirectory: join(directory, 'store'),
    storeKeyFile: join(directory, 'store.key'),
    brokerFile: join(directory, 'etrade-simulator.json'),
    secretsFile: join(directory, 'secret-manager.json'),
    runnerFile: join(directory, 'runner.json'),
  };
}

const variables = z.record(z.string(), z.string());

/** What another process needs to join a run, secrets aside: those stay in the keys' file and in `.env`. */
const runSchema = z.object({
  sessions: z.array(z.string()),
  urls: z.object({
    public: z.string(),
    keepAlive: z.string(),
    events: z.string(),
    workerReports: z.string(),
    telegram: z.string().nullable(),
  }),
  brokerVariables: variables.nullable(),
  googleVariables: variables.nullable(),
});
export type RunFacts = z.infer<typeof runSchema>;

const runnerSchema = z.object({ pid: z.int().positive(), run: runSchema.optional() });

/**
 * Makes the directory if need be and takes it for this process.
 *
 * @throws Error when another living runner has it
 */
export function openStateDirectory(state: StateDirectory): void {
  mkdirSync(state.directory, { recursive: true, mode: DIRECTORY_MODE });
  const runner = runnerSchema.safeParse(readJsonFile(state.runnerFile));
  if (runner.success && runner.data.pid !== process.pid && isAlive(runner.data.pid)) {
    throw new Error(
      `Another local run (process ${runner.data.pid}) uses "${state.directory}": stop it, or choose ` +
        `another directory with --state. If it is no local run, delete "${state.runnerFile}".`,
    );
  }
  writeJsonFile(state.runnerFile, { pid: process.pid });
}

/** Says how to join the run that this process has started. */
export function announceRun(state: StateDirectory, run: RunFacts): void {
  writeJsonFile(state.runnerFile, { pid: process.pid, run });
}

/** The run that lives in this directory, or `null`. */
export function findRun(state: StateDirectory): RunFacts | null {
  const runner = runnerSchema.safeParse(readJsonFile(state.runnerFile));
  return runner.success && isAlive(runner.data.pid) ? (runner.data.run ?? null) : null;
}

export function leaveStateDirectory(state: StateDirectory): void {
  rmSync(state.runnerFile, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

const keysSchema = z.object({
  app: z.object({
    telegramBotToken: z.string(),
    telegramChatId: z.string(),
    linkKey: z.string(),
    statusKey: z.string(),
  }),
  /** Consumer key and secret that the simulator knows, by session. */
  consumers: z.record(z.string(), z.object({ key: z.string(), secret: z.string() })),
});
export type LocalKeys = z.infer<typeof keysSchema>;

/** The directory's keys; what is missing is made, also for sessions that are new. */
export function openKeys(state: StateDirectory, sessions: readonly string[]): LocalKeys {
  const saved = readJsonFile(state.keysFile);
  const keys = saved === null ? newKeys() : keysSchema.parse(saved);
  for (const session of sessions) keys.consumers[session] ??= newConsumer();
  writeJsonFile(state.keysFile, keys);
  return keys;
}

function newKeys(): LocalKeys {
  return {
    app: {
      telegramBotToken: `${randomInt(100_000, 999_999)}:${text(24)}`,
      telegramChatId: String(randomInt(100_000_000, 999_999_999)),
      linkKey: text(32),
      statusKey: text(24),
    },
    consumers: {},
  };
}

/** In the broker's own shape: 32 and 64 hexadecimal digits. */
function newConsumer(): { key: string; secret: string } {
  return { key: randomBytes(16).toString('hex'), secret: randomBytes(32).toString('hex') };
}

function text(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
