/**
 * The person's terminal: results on standard output, everything else on standard error, questions only
 * where somebody can answer.
 *
 * Colour only on a terminal and without `NO_COLOR`. Knows no command. The streams are handed in by
 * `main.ts`, and by tests.
 */

import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { stripVTControlCharacters, styleText } from 'node:util';
import { Interrupted } from './interrupts.ts';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

export type OutStream = { readonly isTTY?: boolean; write(text: string): unknown };
export type InStream = NodeJS.ReadableStream & { readonly isTTY?: boolean };

export type TerminalOptions = {
  readonly stdin: InStream;
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  /** `NO_COLOR` is set. */
  readonly noColour: boolean;
  /** Ends a question. */
  readonly signal: AbortSignal;
};

export type Terminal = {
  /** Whether a person can be asked. */
  readonly isInteractive: boolean;
  /** Whether standard output is a terminal: what is not may be a file that stays. */
  readonly isShown: boolean;
  /** A line of the result. */
  readonly line: (text?: string) => void;
  /** A line beside the result: what happens, what to do. */
  readonly note: (text?: string) => void;
  /** What went wrong, marked as such, and below it what to do. */
  readonly problem: (text: string, ...advice: readonly string[]) => void;
  /** Colours text of the result. */
  readonly paint: (style: Style, text: string) => string;
  /** Rows with columns of equal width; the last column is never padded. */
  readonly table: (rows: readonly (readonly string[])[]) => void;
  /** Forgets what is on the screen, where there is one. */
  readonly clear: () => void;
  /** Shows that work goes on once it has taken a second. */
  readonly progress: <T>(text: string, work: Promise<T>) => Promise<T>;
  /** @throws Interrupted on Ctrl-C and at the end of input */
  readonly ask: (question: string) => Promise<string>;
  /** The same, without showing what is typed. */
  readonly askHidden: (question: string) => Promise<string>;
  /** The next line of standard input, for scripts. `null` at its end. */
  readonly readLine: () => Promise<string | null>;
};

const TICK_MS = 125;
const SHOWN_AFTER_TICKS = 8;
const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧';
const CLEAR_LINE = '\r\u001b[2K';
const CLEAR_SCREEN = '\u001b[2J\u001b[H';

export function createTerminal(options: TerminalOptions): Terminal {
  const { stdin, stdout, stderr, signal } = options;
  const isInteractive = stdin.isTTY === true && stderr.isTTY === true;
  const painter =
    (stream: OutStream) =>
    (style: Style, text: string): string =>
      stream.isTTY === true && !options.noColour
        ? styleText(style, text, { validateStream: false })
        : text;
  const paint = painter(stdout);
  const paintNote = painter(stderr);

  const ask = async (question: string, isHidden: boolean): Promise<string> => {
    const muted = new Writable({ write: (_chunk, _encoding, done) => done() });
    const output = isHidden ? muted : (stderr as unknown as NodeJS.WritableStream);
    if (isHidden) stderr.write(question);
    const lines = createInterface({ input: stdin, output, terminal: true });
    try {
      return await answerTo(lines, isHidden ? '' : question, signal);
    } finally {
      lines.close();
      if (isHidden) stderr.write('\n');
    }
  };

  let piped: AsyncIterator<string> | null = null;

  return {
    isInteractive,
    isShown: stdout.isTTY === true,
    line: (text = '') => void stdout.write(`${text}\n`),
    note: (text = '') => void stderr.write(`${text}\n`),
    problem(text, ...advice) {
      stderr.write(`${paintNote('red', '✗')} ${text}\n`);
      for (const line of advice) stderr.write(`  ${line}\n`);
    },
    paint,
    table(rows) {
      const widths: number[] = [];
      for (const row of rows) {
        for (const [index, cell] of row.entries()) {
          widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
        }
      }
      for (const row of rows) {
        const cells = row.map((cell, index) =>
          index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)),
        );
        stdout.write(`${cells.join('  ').trimEnd()}\n`);
      }
    },
    clear() {
      if (stdout.isTTY === true) stdout.write(CLEAR_SCREEN);
    },
    async progress(text, work) {
      let ticks = 0;
      const show = (): void => {
        ticks += 1;
        if (ticks < SHOWN_AFTER_TICKS) return;
        if (stderr.isTTY === true) {
          const frame = FRAMES[ticks % FRAMES.length] ?? '';
          stderr.write(`${CLEAR_LINE}${paintNote('cyan', frame)} ${text} …`);
        } else if (ticks === SHOWN_AFTER_TICKS) {
          stderr.write(`${text} …\n`);
        }
      };
      const timer = setInterval(show, TICK_MS);
      try {
        return await work;
      } finally {
        clearInterval(timer);
        if (stderr.isTTY === true && ticks >= SHOWN_AFTER_TICKS) stderr.write(CLEAR_LINE);
      }
    },
    ask: (question) => ask(question, false),
    askHidden: (question) => ask(question, true),
    async readLine() {
      piped ??= createInterface({ input: stdin, terminal: false })[Symbol.asyncIterator]();
      const next = await piped.next();
      return next.done === true ? null : next.value;
    },
  };
}

async function answerTo(lines: Interface, question: string, signal: AbortSignal): Promise<string> {
  // Ctrl-D closes the input and leaves the question without an answer; a terminal that is gone fails it.
  const closed = new Promise<never>((_resolve, reject) => {
    lines.once('close', () => reject(new Interrupted()));
    lines.on('error', () => reject(new Interrupted()));
  });
  try {
    return await Promise.race([lines.question(question, { signal }), closed]);
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw new Interrupted();
    throw error;
  }
}

/** How many columns a text takes, colours aside. */
function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
