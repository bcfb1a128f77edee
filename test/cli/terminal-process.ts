/**
 * The command line on a pseudo-terminal: keys go in, what a person would see comes out.
 *
 * Python opens the terminal, since Node has none; where there is no Python, suites are skipped aloud, and
 * fail in CI.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const MAIN = join(import.meta.dirname, '../../functions/cli/main.ts');
const PTY = join(import.meta.dirname, 'on_a_terminal.py');

export const CTRL_C = '\u0003';

/** In CI a missing Python is a failure, not a skip. */
export const HAS_PYTHON =
  spawnSync('python3', ['--version']).status === 0 || process.env['CI'] !== undefined;

if (!HAS_PYTHON) {
  process.stderr.write('SKIPPED: the command line on a terminal, for want of "python3"\n');
}

export type TerminalProcess = {
  readonly type: (keys: string) => void;
  /** All that the terminal was sent, escape codes included; line ends as the command wrote them. */
  readonly screen: () => string;
  /** Resolves as soon as the screen matches, with what it was sent. */
  readonly shown: (text: RegExp) => Promise<string>;
  /** The exit code once it has ended. */
  readonly ended: Promise<number>;
};

export function spawnOnTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { columns = 80, rows = 24 }: { readonly columns?: number; readonly rows?: number } = {},
): TerminalProcess {
  const command = [process.execPath, MAIN, ...args];
  const child = spawn('python3', [PTY, String(columns), String(rows), ...command], {
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color', ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let sent = '';
  const look = new Set<() => void>();
  const take = (chunk: Buffer): void => {
    sent += chunk.toString();
    for (const one of look) one();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const screen = (): string => sent.replaceAll('\r\n', '\n');
  const ended = once(child, 'close').then(() => child.exitCode ?? -1);
  return {
    type: (keys) => void child.stdin.write(keys),
    screen,
    ended,
    shown: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (text.test(screen())) resolve(screen());
        };
        look.add(check);
        check();
        void ended.then((code) => {
          check();
          reject(new Error(`It ended with ${code} and never showed ${text}:\n${screen()}`));
        });
      }),
  };
}
