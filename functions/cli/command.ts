/**
 * What a command is given and how it joins the program: one file per command exports an `add…`.
 *
 * Types only. A command touches nothing of the process: the terminal, the settings and Ctrl-C are handed
 * in, so that a test plays a whole command in its own process.
 */

import type { Command } from 'commander';
import type { Clock } from '../clock.ts';
import type { CommandLineSystem } from '../compose.ts';
import type { Uses, Variables } from '../config.ts';
import type { ExitCode } from './exit-code.ts';
import type { Interrupts } from './interrupts.ts';
import type { Terminal } from './terminal.ts';

export type CommandContext = {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** The settings as they are, for commands that judge them or need less than a whole system. */
  readonly env: Variables;
  /**
   * The system, asking only for the settings that the command uses. The consumer keys unless told
   * otherwise; Telegram and `PUBLIC_URL` only with `people: true`.
   *
   * @throws ConfigError naming every problem at once; the program shows it
   */
  readonly compose: (uses?: Partial<Uses>) => CommandLineSystem;
  /** Opens an address in the person's browser; false when there is none. */
  readonly openBrowser: (address: string) => Promise<boolean>;
  readonly interrupts: Interrupts;
};

/** Makes an action of commander out of a command: context first, exit code out, errors in words. */
export type Run = <A extends unknown[]>(
  work: (context: CommandContext, ...args: A) => Promise<ExitCode>,
) => (...args: A) => Promise<void>;

/** Adds one command, with its arguments, options and examples. */
export type AddCommand = (program: Command, run: Run) => void;

/** What a command's `<session>` is, in its help. */
export const SESSION_ARGUMENT = 'one of SESSIONS, such as etrade-prod';

/** Examples at the end of a command's help, a line each. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ token-cadence ${line}`)].join('\n');
}
