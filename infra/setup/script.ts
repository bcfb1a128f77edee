/**
 * What the four commands share: streams, Ctrl-C, the words and the exit code at the end.
 *
 * The only file of `infra/setup` that touches the process. Exit codes: 0 done, 1 did not work, 2 wrong
 * arguments, 130 interrupted.
 */

import { join } from 'node:path';
import { createInterrupts, Interrupted } from '../../functions/cli/interrupts.ts';
import { createTerminal, type Terminal } from '../../functions/cli/terminal.ts';
import { type Random, systemRandom, systemWait, type Wait } from '../../functions/clock.ts';
import { checkOutputs } from '../smoke/checks.ts';
import type { Finding } from '../smoke/finding.ts';
import { findIdentityToken } from '../smoke/identity-token.ts';
import { type Answers, createAnswers } from './answers.ts';
import { readCommit } from './commit.ts';
import { createGcloud, type Gcloud } from './gcloud.ts';
import { SetupProblem } from './problem.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** What the scripts use of the command line's terminal. */
export type ScriptTerminal = Pick<
  Terminal,
  | 'isInteractive'
  | 'line'
  | 'note'
  | 'problem'
  | 'paint'
  | 'table'
  | 'progress'
  | 'ask'
  | 'askHidden'
  | 'readLine'
>;

/** The outer world of a script. Tests hand in their own. */
export type ScriptParts = {
  readonly terminal: ScriptTerminal;
  readonly answers: Answers;
  readonly gcloud: Gcloud;
  readonly wait: Wait;
  readonly random: Random;
  readonly fetch: typeof fetch;
  readonly telegramUrl: string | null;
  /** What is checked out, such as `bcde9fc` or `bcde9fc-changed`; `null` outside of git. */
  readonly commit: () => Promise<string | null>;
  /** Looks at what runs from outside; takes the outputs of Terraform. */
  readonly smoke: (outputs: string) => Promise<readonly Finding[]>;
};

export type Script = (parts: ScriptParts, args: readonly string[]) => Promise<void>;

export async function runInProcess(
  script: Script,
  overrides: Partial<ScriptParts> = {},
): Promise<never> {
  const interrupts = createInterrupts();
  const terminal = createTerminal({
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    noColour: (process.env['NO_COLOR'] ?? '') !== '',
    signal: interrupts.signal,
  });
  const interrupt = (): void => void interrupts.interrupt();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const ended = new Promise<never>((_resolve, reject) => {
    interrupts.signal.addEventListener('abort', () => reject(new Interrupted()));
  });
  const parts: ScriptParts = {
    terminal,
    answers: createAnswers(terminal),
    gcloud: createGcloud({ env: process.env, cwd: ROOT }),
    wait: systemWait,
    random: systemRandom,
    fetch,
    telegramUrl: process.env['TELEGRAM_API_URL'] ?? null,
    commit: () => readCommit(ROOT),
    smoke: (outputs) =>
      checkOutputs(outputs, { fetch, wait: systemWait, identityToken: findIdentityToken }),
    ...overrides,
  };
  let code = 0;
  try {
    await Promise.race([script(parts, process.argv.slice(2)), ended]);
  } catch (error) {
    code = tell(error, terminal);
  }
  process.exit(code);
}

/** @returns the exit code */
export function tell(error: unknown, terminal: Pick<Terminal, 'problem' | 'note'>): number {
  if (error instanceof Interrupted) {
    terminal.note('\nInterrupted. What is done stays done: run the same again.');
    return 130;
  }
  if (error instanceof SetupProblem) {
    terminal.problem(error.message, ...error.advice);
    return error.isUsage ? 2 : 1;
  }
  // A fault of ours: the stack helps whoever mends it. No value of a secret is ever in a message.
  terminal.problem(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}
