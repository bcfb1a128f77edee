/**
 * The log of one command: silent while all is well, so that the command's own words are what one reads.
 *
 * Keeps the errors and shows them when the command has failed; with `--verbose` shows every line at
 * once. Used by `program.ts`.
 */

import type { Clock } from '../clock.ts';
import type { Log } from '../logging/log.ts';
import { createTerminalLog } from '../logging/terminal-log.ts';

export type RunLog = Log & {
  /** Writes the errors that were kept. */
  readonly showProblems: () => void;
};

export type RunLogOptions = {
  readonly clock: Clock;
  readonly write: (line: string) => void;
  /** Asked at each line: arguments are parsed after the log is made. */
  readonly isVerbose: () => boolean;
};

export function createRunLog({ clock, write, isVerbose }: RunLogOptions): RunLog {
  const kept: string[] = [];
  const errors = createTerminalLog({ clock, level: 'error', write: (line) => keep(line) });
  const all = createTerminalLog({ clock, level: 'debug', write: (line) => write(line.trimEnd()) });
  const keep = (line: string): void => void kept.push(line.trimEnd());
  return {
    ...both(all, errors, isVerbose),
    showProblems() {
      for (const line of kept.splice(0)) write(line);
    },
  };
}

function both(all: Log, errors: Log, isVerbose: () => boolean): Log {
  const now = (): Log => (isVerbose() ? all : errors);
  return {
    debug: (...line) => now().debug(...line),
    info: (...line) => now().info(...line),
    warn: (...line) => now().warn(...line),
    error: (...line) => now().error(...line),
    with: (labels) => both(all.with(labels), errors.with(labels), isVerbose),
  };
}
