/**
 * The log of this process: JSON lines for Cloud Logging, readable lines on a terminal.
 *
 * Writes to standard output, at once and whole lines only: an instance may be frozen after its answer.
 * Made by `compose.ts` for the functions and the command line.
 */

import type { Clock } from '../clock.ts';
import { createJsonLog } from './json-log.ts';
import type { Log } from './log.ts';
import { createTerminalLog } from './terminal-log.ts';

export type ProcessLogOptions = {
  readonly clock: Clock;
  /** Project for trace names; `null` leaves traces out. */
  readonly project: string | null;
  /** Where lines go. @default process.stdout */
  readonly stdout?: { readonly isTTY?: boolean; write(text: string): unknown };
};

export function createProcessLog(options: ProcessLogOptions): Log {
  const { clock, project, stdout = process.stdout } = options;
  const write = (line: string): void => {
    stdout.write(line.endsWith('\n') ? line : `${line}\n`);
  };
  return stdout.isTTY === true
    ? createTerminalLog({ write, clock, project, colour: true })
    : createJsonLog({ write, clock, project });
}
