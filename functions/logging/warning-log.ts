/**
 * The log of a library in somebody else's process: warnings and errors only, on standard error.
 *
 * Readable lines on a terminal, JSON lines elsewhere; standard output belongs to the program. Made by the
 * worker client where no log is handed in.
 */

import type { Clock } from '../clock.ts';
import { createJsonLog } from './json-log.ts';
import type { Log } from './log.ts';
import { createTerminalLog } from './terminal-log.ts';

export function createWarningLog(options: { readonly clock: Clock }): Log {
  const stderr = process.stderr;
  const write = (line: string): void => {
    stderr.write(line.endsWith('\n') ? line : `${line}\n`);
  };
  const shared = { write, clock: options.clock, level: 'warn' } as const;
  return stderr.isTTY === true ? createTerminalLog(shared) : createJsonLog(shared);
}
