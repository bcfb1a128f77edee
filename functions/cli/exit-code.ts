/**
 * What the command line's exit codes mean, so that a script can act on them without reading text.
 *
 * A table and the one mapping from a broker's refusal. Used by every command; printed by `--help`.
 */

import type { FailureClass } from '../brokers/broker.ts';
import { CadenceError, ConfigError } from '../errors.ts';

export const EXIT = {
  ok: 0,
  /** Did not work; the text says why. Another try may. */
  failed: 1,
  /** Wrong arguments, settings, consumer key or clock: another try changes nothing. */
  usage: 2,
  /** Only a person's sign-in helps. */
  signIn: 3,
  /** Broker or store did not answer: try again in a moment. */
  away: 4,
  /** The terminal was lost: 128 and the number of SIGHUP. */
  hungUp: 129,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** As `--help` prints them. */
export const EXIT_CODES_HELP = `Exit codes:
  0    done, or all is well
  1    did not work; the text says why
  2    wrong arguments, settings, consumer key or clock
  3    a person must sign in
  4    broker or store did not answer: try again
  129  the terminal was lost; a PIN that was sent is finished first
  130  interrupted`;

export function exitCodeOf(reason: FailureClass): ExitCode {
  switch (reason) {
    case 'sign-in-needed':
      return EXIT.signIn;
    case 'renewable':
      return EXIT.failed;
    case 'configuration':
    case 'clock':
      return EXIT.usage;
    case 'transient':
      return EXIT.away;
  }
}

/** `null` for an error that nobody planned for. */
export function exitCodeOfError(error: unknown): ExitCode | null {
  if (error instanceof ConfigError) return EXIT.usage;
  if (!(error instanceof CadenceError)) return null;
  return error.retryable ? EXIT.away : EXIT.usage;
}
