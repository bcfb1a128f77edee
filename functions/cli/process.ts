/**
 * One run of the command line in this process: streams, signals, the file of settings, the exit code.
 *
 * Ends the process: open connections of a cloud client must not keep a finished command alive. Called by
 * `main.ts` and by the local run's own entry.
 */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { Variables } from '../config.ts';
import { createInterrupts } from './interrupts.ts';
import { createLostOutput } from './lost-output.ts';
import { type ComposeSystem, createProgram } from './program.ts';
import { readSettingsText } from './settings-file.ts';
import { createTerminal } from './terminal.ts';

export type ProcessOptions = {
  readonly env: Variables;
  readonly clock: Clock;
  readonly composeSystem: ComposeSystem;
};

export async function runInProcess(options: ProcessOptions): Promise<never> {
  const interrupts = createInterrupts();
  const terminal = createTerminal({
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    noColour: (options.env['NO_COLOR'] ?? '') !== '',
    signal: interrupts.signal,
  });
  const interrupt = (): void => {
    // The terminal has written "^C" where the cursor stood.
    if (process.stderr.isTTY) terminal.note();
    if (interrupts.interrupt() === 'finishing') {
      terminal.note('Finishing first, so that nothing is left half done. Once more ends it now.');
    }
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', interrupts.hangUp);
  const lost = createLostOutput({
    interrupts,
    say: terminal.problem,
    exit: (code) => process.exit(code),
  });
  process.stdout.on('error', lost.failed);
  // Nobody is left to tell, and no work ends for that.
  process.stderr.on('error', () => {});
  const program = createProgram({
    terminal,
    interrupts,
    openBrowser,
    readVariables: (file) => readSettingsText(readFileSync(file), file),
    ...options,
  });
  const code = await program.run(process.argv.slice(2));
  await drained(process.stdout);
  process.exit(lost.exitCode(code));
}

/** What was written to a pipe is on its way only: an exit now would cut it off. */
async function drained(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  // Not `cmd /c start`, for which the "&" of an address ends the command.
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

async function openBrowser(address: string): Promise<boolean> {
  const [command = 'xdg-open', ...args] = OPENERS[process.platform] ?? [];
  return new Promise((resolve) => {
    const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
