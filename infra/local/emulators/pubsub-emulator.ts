/**
 * Google's own Pub/Sub emulator: finds it on this machine, starts it, ends it for certain.
 *
 * Downloads nothing. One that `PUBSUB_EMULATOR_HOST` names is used as it is and never ended. What it
 * holds is in memory and gone with it. Used by `npm start -- --emulators` and by the tests.
 *
 * @see https://docs.cloud.google.com/pubsub/docs/emulator
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOOPBACK, openServer } from '../runner/http.ts';

export type PubsubEmulator = {
  /** `127.0.0.1:8085`, the form of `PUBSUB_EMULATOR_HOST`. */
  readonly host: string;
  /** Ends the emulator and everything it started; one that was running before is left alone. */
  readonly stop: () => Promise<void>;
};

export type PubsubEmulatorOptions = {
  /** @default a free port */
  readonly port?: number;
  /** Each line the emulator prints. */
  readonly onLine?: (line: string) => void;
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** @default 60000 */
  readonly startTimeoutMs?: number;
};

type Env = Readonly<Record<string, string | undefined>>;

const LAUNCHER = join('platform', 'pubsub-emulator', 'bin', 'cloud-pubsub-emulator');

/** Enough for tests and a day's events; it starts in half the time when it does not optimise itself. */
const JAVA_OPTIONS = '-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1';

const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'JAVA_HOME'] as const;

/**
 * Runs a command and ends it, with all its children, as soon as standard input closes: whoever started
 * it may die by `kill -9` and leaves nothing behind. Needs a process group of its own.
 */
const GUARD =
  'exec 3<&0; { cat <&3; kill -KILL 0; } >/dev/null 2>&1 & "$@" </dev/null 3<&-; kill -KILL 0';

const POLL_MS = 50;
const ANSWER_MS = 1_000;
const OUTPUT_KEPT = 20;

/** Says how to get the emulator, to whoever has none. */
export const PUBSUB_EMULATOR_HINT =
  'install it with "gcloud components install pubsub-emulator" (or the package google-cloud-cli-pubsub-emulator) and Java 17, or name a running one in PUBSUB_EMULATOR_HOST';

/** Whether `startPubsubEmulator` has something to start or to use. */
export function hasPubsubEmulator(env: Env = process.env): boolean {
  return runningHost(env) !== null || findLauncher(env) !== null;
}

/**
 * Starts the emulator, or finds the one that is running already, and waits until it answers.
 *
 * @throws PortError when the given port is taken
 * @throws Error when there is no emulator, or with what it printed when it does not start
 */
export async function startPubsubEmulator(
  options: PubsubEmulatorOptions = {},
): Promise<PubsubEmulator> {
  const { env = process.env, startTimeoutMs = 60_000 } = options;
  const running = runningHost(env);
  if (running !== null) {
    await untilAnswers(running, startTimeoutMs, () => null);
    return { host: running, stop: async () => {} };
  }
  const launcher = findLauncher(env);
  if (launcher === null) {
    throw new Error(`No Pub/Sub emulator on this machine: ${PUBSUB_EMULATOR_HINT}`);
  }
  return start(launcher, await claimPort(options.port ?? 0), options);
}

async function start(
  launcher: string,
  port: number,
  { env = process.env, onLine = () => {}, startTimeoutMs = 60_000 }: PubsubEmulatorOptions,
): Promise<PubsubEmulator> {
  const host = `${LOOPBACK}:${port}`;
  const command = [launcher, `--host=${LOOPBACK}`, `--port=${port}`];
  const child = spawn('sh', ['-c', GUARD, 'pubsub-emulator', ...command], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: emulatorEnv(env),
  });
  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > OUTPUT_KEPT) lastLines.shift();
      onLine(line);
    });
  }
  let ended = false;
  // Its output closes with the last process of the group.
  const closed = new Promise<void>((resolve) => {
    child.once('error', (error) => lastLines.push(error.message));
    child.once('close', () => {
      ended = true;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    killGroup(child);
    await closed;
  };
  try {
    await untilAnswers(host, startTimeoutMs, () => (ended ? lastLines.join('\n') : null));
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, stop };
}

/** @param endedWith what it printed, once it has ended */
async function untilAnswers(
  host: string,
  timeoutMs: number,
  endedWith: () => string | null,
): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  while (!(await answers(host))) {
    const output = endedWith();
    if (output !== null) throw new Error(`The Pub/Sub emulator does not start:\n${output}`);
    if (performance.now() > giveUpAt) {
      throw new Error(`The Pub/Sub emulator at ${host} does not answer after ${timeoutMs} ms`);
    }
    await sleep(POLL_MS);
  }
}

async function answers(host: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${host}/`, { signal: AbortSignal.timeout(ANSWER_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself a moment ago.
  }
}

/** The running emulator's `host:port`, also where the variable holds a URL. */
function runningHost(env: Env): string | null {
  const host = (env['PUBSUB_EMULATOR_HOST'] ?? '').trim().replace(/^https?:\/\/|\/+$/g, '');
  return host === '' ? null : host;
}

/** The launcher within Google's SDK, if the SDK has the emulator and the machine has Java. */
function findLauncher(env: Env): string | null {
  const gcloud = findExecutable('gcloud', env);
  if (gcloud === null || findJava(env) === null) return null;
  const beside = join(dirname(dirname(realpathSync(gcloud))), LAUNCHER);
  if (isExecutable(beside)) return beside;
  // Some packagings wrap gcloud in a script of their own. Asking it takes seconds.
  const root = sdkRoot(gcloud);
  const launcher = root === null ? null : join(root, LAUNCHER);
  return launcher !== null && isExecutable(launcher) ? launcher : null;
}

function sdkRoot(gcloud: string): string | null {
  try {
    const format = '--format=value(installation.sdk_root)';
    const root = execFileSync(gcloud, ['info', format], { encoding: 'utf8', stdio: 'pipe' }).trim();
    return root === '' ? null : root;
  } catch {
    return null;
  }
}

function findJava(env: Env): string | null {
  const home = env['JAVA_HOME'];
  if (home === undefined || home === '') return findExecutable('java', env);
  const java = join(home, 'bin', 'java');
  return isExecutable(java) ? java : null;
}

function findExecutable(name: string, env: Env): string | null {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function emulatorEnv(env: Env): Record<string, string> {
  const kept: Record<string, string> = { CLOUD_PUBSUB_EMULATOR_OPTS: JAVA_OPTIONS };
  for (const name of INHERITED) {
    const value = env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/**
 * The port, or a free one for 0. Asked beforehand: on a taken port the emulator stays up without
 * listening, and whoever has the port may answer in its place.
 */
async function claimPort(port: number): Promise<number> {
  const claim = await openServer((_request, response) => response.end(), port);
  await claim.close();
  return claim.port;
}
