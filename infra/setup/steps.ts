/**
 * How a script tells its story: a numbered heading per step, and below it what was found or made.
 *
 * Printed commands (`--print`) are told as a shell script: headings are comments. Only writes.
 */

import type { Terminal } from '../../functions/cli/terminal.ts';

export type Say = {
  /** Nothing had to be done. */
  readonly already: (text: string) => void;
  /** Something is there now that was not. */
  readonly made: (text: string) => void;
  /** What the person should know or do. */
  readonly note: (text: string) => void;
  /** Shows that work goes on once it has taken a second. */
  readonly progress: <T>(text: string, work: Promise<T>) => Promise<T>;
};

export type Steps = {
  readonly step: <T>(title: string, work: (say: Say) => Promise<T>) => Promise<T>;
  /** A command instead of its run. */
  readonly printCommand: (line: string) => void;
  readonly say: Say;
};

export type StepsOptions = {
  readonly terminal: Pick<Terminal, 'line' | 'paint' | 'progress'>;
  readonly total: number;
  readonly isPrinted: boolean;
};

export function createSteps({ terminal, total, isPrinted }: StepsOptions): Steps {
  let number = 0;
  const { line, paint } = terminal;
  const below = (mark: string, text: string): void => {
    if (!isPrinted) line(`${' '.repeat(7)}${mark} ${text}`);
  };
  const say: Say = {
    already: (text) => below(paint('dim', '='), text),
    made: (text) => below(paint('green', '+'), text),
    note: (text) => below(paint('cyan', '·'), text),
    progress: (text, work) => (isPrinted ? work : terminal.progress(`       ${text}`, work)),
  };
  return {
    say,
    async step(title, work) {
      number += 1;
      const count = `${String(number).padStart(2)}/${total}`;
      line(
        isPrinted
          ? `\n# ${count.trim()} ${title}`
          : `${paint('dim', count)}  ${paint('bold', title)}`,
      );
      return work(say);
    },
    printCommand: line,
  };
}
