/**
 * The person's terminal: results on standard output, everything else on standard error, questions only
 * where somebody can answer.
 *
 * Colour only on a terminal and without `NO_COLOR`. Knows no command. The streams are handed in by
 * `main.ts`, and by tests.
 */

import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { Interrupted } from './interrupts.ts';
import { tableLines, wrapText } from './text-layout.ts';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

export type OutStream = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
};
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
  /** How wide the result may be; without limit where it is no terminal. */
  readonly columns: () => number;
  /** A line of the result. With `hang` broken to fit the terminal, further lines indented by so much. */
  readonly line: (text?: string, hang?: number) => void;
  /** A line beside the result: what happens, what to do. */
  readonly note: (text?: string, hang?: number) => void;
  /** What went wrong, marked as such, and below it what to do. */
  readonly problem: (text: string, ...advice: readonly string[]) => void;
  /** Colours text of the result. */
  readonly paint: (style: Style, text: string) => string;
  /** Rows with columns of equal width; the last column is never padded. */
  readonly table: (rows: readonly (readonly string[])[]) => void;
  /** Puts what `draw` shows in the place of all that is on the screen; without a screen, below the rest. */
  readonly repaint: (draw: () => void) => void;
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
const CLEAR_SCREEN = '\u001b[2J';
const HOME = '\u001b[H';
const CLEAR_REST_OF_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

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
  const columnsOf = (stream: OutStream): number =>
    stream.isTTY === true && stream.columns !== undefined && stream.columns > 0
      ? stream.columns
      : Number.POSITIVE_INFINITY;
  const broken = (stream: OutStream, text: string, hang: number | undefined): string =>
    hang === undefined ? text : wrapText(text, columnsOf(stream), hang).join('\n');
  const paintNote = painter(stderr);

  const ask = async (question: string, isHidden: boolean): Promise<string> => {
    const muted = new Writable({ write: (_chunk, _encoding, done) => done() });
    const output = isHidden ? muted : (stderr as unknown as NodeJS.WritableStream);
    const lines = createInterface({ input: stdin, output, terminal: true });
    // Only now that the terminal shows nothing of its own: whoever pastes is fast.
    if (isHidden) stderr.write(question);
    try {
      const answer = await answerTo(lines, isHidden ? '' : question, signal);
      if (isHidden) stderr.write('\n');
      return answer;
    } catch (error) {
      // What comes next, such as the shell's prompt, begins a line of its own.
      stderr.write('\n');
      throw error;
    } finally {
      lines.close();
    }
  };

  let piped: AsyncIterator<string> | null = null;
  /** What is drawn and not shown yet: a whole screen is written at once, so that it does not flicker. */
  let drawn: string | null = null;
  let isPainted = false;
  const write = (text: string): void => {
    if (drawn === null) stdout.write(text);
    else drawn += text;
  };
  const note = (text = '', hang?: number): void =>
    void stderr.write(`${broken(stderr, text, hang)}\n`);

  return {
    isInteractive,
    isShown: stdout.isTTY === true,
    columns: () => columnsOf(stdout),
    line: (text = '', hang) => write(`${broken(stdout, text, hang)}\n`),
    note,
    problem(text, ...advice) {
      note(`${paintNote('red', '✗')} ${text}`, 2);
      for (const line of advice) note(`  ${line}`, 2);
    },
    paint,
    table(rows) {
      for (const row of tableLines(rows)) write(`${row}\n`);
    },
    repaint(draw) {
      if (stdout.isTTY !== true) {
        if (isPainted) write('\n');
        isPainted = true;
        draw();
        return;
      }
      drawn = '';
      try {
        draw();
      } catch (error) {
        drawn = null;
        throw error;
      }
      const screen = drawn.replaceAll('\n', `${CLEAR_REST_OF_LINE}\n`);
      drawn = null;
      stdout.write(`${isPainted ? '' : CLEAR_SCREEN}${HOME}${screen}${CLEAR_BELOW}`);
      isPainted = true;
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
