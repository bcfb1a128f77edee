/**
 * Keeps the processes of the local run alive: starts each, waits until it listens, restarts it when it
 * dies, and ends all of them with the runner.
 *
 * Knows nothing of what the processes do. A child ends itself when its channel to the runner closes
 * (`loopback-only.ts`), so that not even `kill -9` of the runner leaves one behind.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PRELOAD = new URL('../loopback-only.ts', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const FIRST_RESTART_MS = 100;
const SLOWEST_RESTART_MS = 1_000;
/** A process that lived this long starts with the shortest pause again. */
const SETTLED_MS = 5_000;
const DEATHS_BEFORE_GIVING_UP = 3;
const STOP_MS = 2_000;
const OUTPUT_KEPT = 20;

/** What a child may know of the machine; everything else comes from its own settings. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'SystemRoot', 'NODE_EXTRA_CA_CERTS'] as const;

export type ProcessSpec = {
  readonly name: string;
  /** Script and arguments for this same Node. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

export type ProcessChange =
  | { readonly change: 'ready'; readonly restarted: boolean }
  | { readonly change: 'died'; readonly signal: string | null; readonly exitCode: number | null };

export type SupervisorOptions = {
  readonly onLine: (name: string, line: string) => void;
  readonly onChange: (name: string, change: ProcessChange) => void;
};

export type SupervisedProcess = {
  readonly name: string;
  readonly pid: () => number | null;
  /** The port it listens on, as soon as it does; rejects when it does not within `timeoutMs`. */
  readonly ready: (timeoutMs: number) => Promise<number>;
};

export type Supervisor = {
  readonly start: (spec: ProcessSpec) => SupervisedProcess;
  readonly stop: () => Promise<void>;
};

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const running: { stop: () => Promise<void> }[] = [];
  return {
    start(spec) {
      const { supervised, stop } = supervise(spec, options);
      running.push({ stop });
      return supervised;
    },
    async stop() {
      await Promise.all(running.splice(0).map((entry) => entry.stop()));
    },
  };
}

type Waiter = { resolve: (port: number) => void; reject: (error: Error) => void };

function supervise(spec: ProcessSpec, { onLine, onChange }: SupervisorOptions) {
  let child: ChildProcess | null = null;
  let port: number | null = null;
  let stopping = false;
  let everReady = false;
  let deathsInARow = 0;
  let restart: NodeJS.Timeout | null = null;
  const waiters = new Set<Waiter>();
  const lastLines: string[] = [];

  function begin(): void {
    const startedAt = performance.now();
    const started = spawn(process.execPath, ['--import', PRELOAD, ...spec.args], {
      cwd: ROOT,
      env: { ...inheritedEnv(), ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A process group of its own: Ctrl-C in the terminal reaches the runner, and the runner decides.
      detached: true,
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        lastLines.push(line);
        if (lastLines.length > OUTPUT_KEPT) lastLines.shift();
        onLine(spec.name, line);
      });
    }
    started.on('message', (message) => {
      const listeningOn = readPort(message);
      if (listeningOn === null) return;
      port = listeningOn;
      onChange(spec.name, { change: 'ready', restarted: everReady });
      everReady = true;
      for (const waiter of waiters) waiter.resolve(listeningOn);
      waiters.clear();
    });
    let over = false;
    const ended = (exitCode: number | null, signal: string | null): void => {
      if (over) return;
      over = true;
      child = null;
      port = null;
      if (stopping) return;
      deathsInARow = performance.now() - startedAt > SETTLED_MS ? 1 : deathsInARow + 1;
      onChange(spec.name, { change: 'died', signal, exitCode });
      if (!everReady && deathsInARow >= DEATHS_BEFORE_GIVING_UP) {
        const error = new Error(
          `"${spec.name}" does not start:\n${lastLines.join('\n') || '(it printed nothing)'}`,
        );
        for (const waiter of waiters) waiter.reject(error);
        waiters.clear();
        return;
      }
      const pauseMs = Math.min(SLOWEST_RESTART_MS, FIRST_RESTART_MS * 2 ** (deathsInARow - 1));
      restart = setTimeout(begin, pauseMs);
    };
    started.once('exit', ended);
    started.once('error', (error) => {
      lastLines.push(error.message);
      ended(null, null);
    });
  }

  begin();

  const supervised: SupervisedProcess = {
    name: spec.name,
    pid: () => child?.pid ?? null,
    async ready(timeoutMs) {
      if (port !== null) return port;
      if (stopping) throw new Error(`"${spec.name}" is being stopped`);
      return waitForPort(spec.name, waiters, timeoutMs);
    },
  };

  async function stop(): Promise<void> {
    stopping = true;
    if (restart !== null) clearTimeout(restart);
    for (const waiter of waiters) waiter.reject(new Error(`"${spec.name}" is being stopped`));
    waiters.clear();
    const ending = child;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const kill = setTimeout(() => ending.kill('SIGKILL'), STOP_MS);
      ending.once('exit', () => {
        clearTimeout(kill);
        resolve();
      });
      ending.kill('SIGTERM');
    });
  }

  return { supervised, stop };
}

function waitForPort(name: string, waiters: Set<Waiter>, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const waiter: Waiter = {
      resolve(port) {
        clearTimeout(late);
        resolve(port);
      },
      reject(error) {
        clearTimeout(late);
        reject(error);
      },
    };
    const late = setTimeout(() => {
      waiters.delete(waiter);
      reject(new Error(`"${name}" does not listen after ${timeoutMs} ms`));
    }, timeoutMs);
    waiters.add(waiter);
  });
}

function readPort(message: unknown): number | null {
  if (typeof message !== 'object' || message === null || !('listeningOn' in message)) return null;
  return typeof message.listeningOn === 'number' ? message.listeningOn : null;
}

function inheritedEnv(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
