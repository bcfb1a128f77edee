/**
 * What the person is asked for: at a terminal one by one, otherwise as lines `NAME=value` on standard input.
 *
 * White space around a value and what nobody sees in it are dropped: they come from copying. A secret is never shown, and
 * no answer is ever an argument. Used by the steps that need a person.
 */

import { readLines } from '../../functions/cli/settings-file.ts';
import type { Terminal } from '../../functions/cli/terminal.ts';
import { ConfigError } from '../../functions/errors.ts';
import { visibleText } from '../../functions/lifecycle/verifier.ts';
import { SetupProblem } from './problem.ts';

export type Wanted = {
  /** Name of the answer on standard input. */
  readonly name: string;
  readonly question: string;
  readonly isSecret?: boolean;
  /** Taken for an empty answer. */
  readonly fallback?: string;
  /** What is wrong with a value, without showing it; `null` when nothing is. */
  readonly judge?: (value: string) => string | null | Promise<string | null>;
};

export type Answers = {
  readonly isInteractive: boolean;
  readonly get: (wanted: Wanted) => Promise<string>;
};

/** More wrong answers in a row are no slip. */
const TRIES = 5;

export function createAnswers(
  terminal: Pick<Terminal, 'isInteractive' | 'ask' | 'askHidden' | 'readLine' | 'note'>,
): Answers {
  let piped: Promise<Readonly<Record<string, string | undefined>>> | null = null;

  async function readPiped(): Promise<Readonly<Record<string, string | undefined>>> {
    const lines: string[] = [];
    for (let line = await terminal.readLine(); line !== null; line = await terminal.readLine()) {
      lines.push(line);
    }
    try {
      return readLines(visibleText(lines.join('\n')), 'the answers').values;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const [first = '', ...others] = error.problems;
      throw new SetupProblem(`${first}.`, others);
    }
  }

  async function fromInput({ name, question, fallback, judge }: Wanted): Promise<string> {
    piped ??= readPiped();
    const value = visibleText((await piped)[name] ?? '');
    if (value === '' && fallback !== undefined) return fallback;
    if (value === '') {
      throw new SetupProblem(`There is no answer to "${question}".`, [
        'Run it in a terminal, which asks; or hand the answers in, a line each:',
        `  ${name}=…`,
        'From a file that nobody else can read: npm run setup -- --project <project> < answers.env',
      ]);
    }
    const complaint = (await judge?.(value)) ?? null;
    if (complaint !== null) throw new SetupProblem(`The answer ${name} ${complaint}.`);
    return value;
  }

  async function fromPerson(wanted: Wanted): Promise<string> {
    const { question, isSecret = false, fallback, judge } = wanted;
    const shown = `       ${question}${fallback === undefined ? '' : ` [${fallback}]`}: `;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const answer = await (isSecret ? terminal.askHidden(shown) : terminal.ask(shown));
      const typed = visibleText(answer);
      const value = typed === '' ? (fallback ?? '') : typed;
      const complaint = value === '' ? 'is empty' : ((await judge?.(value)) ?? null);
      if (complaint === null) return value;
      terminal.note(`       That ${complaint}.`);
    }
    throw new SetupProblem(`No usable answer to "${question}" in ${TRIES} tries.`);
  }

  return {
    isInteractive: terminal.isInteractive,
    get: (wanted) => (terminal.isInteractive ? fromPerson(wanted) : fromInput(wanted)),
  };
}
