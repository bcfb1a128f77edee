/** The terminal itself: where colour goes, how a question ends, what progress shows. */

import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { Interrupted } from '../../functions/cli/interrupts.ts';
import { createTerminal } from '../../functions/cli/terminal.ts';

function makeTerminal(options: { isTTY?: boolean; noColour?: boolean; columns?: number } = {}) {
  const { isTTY = true, noColour = false, columns = 80 } = options;
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const written: string[] = [];
  let notes = '';
  const abort = new AbortController();
  const stderr = Object.assign(new PassThrough(), { isTTY, columns });
  stderr.on('data', (chunk: Buffer) => {
    notes += chunk.toString();
  });
  const stdout = { isTTY, columns, write: (text: string) => written.push(text) };
  const terminal = createTerminal({ stdin, stdout, stderr, noColour, signal: abort.signal });
  return { terminal, stdin, abort, written, out: () => written.join(''), notes: () => notes };
}

describe('colour', () => {
  const cases = [
    { isTTY: true, noColour: false, expected: '\u001b[32mgood\u001b[39m' },
    { isTTY: true, noColour: true, expected: 'good' },
    { isTTY: false, noColour: false, expected: 'good' },
  ];
  for (const { isTTY, noColour, expected } of cases) {
    it(`on a terminal: ${isTTY}, NO_COLOR: ${noColour}`, () => {
      expect(makeTerminal({ isTTY, noColour }).terminal.paint('green', 'good')).toBe(expected);
    });
  }

  it('takes no room in a table', () => {
    const { terminal, out } = makeTerminal();
    terminal.table([
      [terminal.paint('green', 'a'), 'x'],
      ['long', 'y'],
    ]);
    expect(stripVTControlCharacters(out())).toBe('a     x\nlong  y\n');
  });
});

describe('a question', () => {
  it('is answered with a line', async () => {
    const { terminal, stdin, notes } = makeTerminal();
    const answer = terminal.ask('PIN: ');
    stdin.write('AB12C\r');
    expect(await answer).toBe('AB12C');
    expect(notes()).toContain('PIN: ');
  });

  it('does not show what is typed where it is hidden', async () => {
    const { terminal, stdin, notes } = makeTerminal();
    const answer = terminal.askHidden('Passphrase: ');
    stdin.write('hush\r');
    expect(await answer).toBe('hush');
    expect(notes()).toContain('Passphrase: ');
    expect(notes()).not.toContain('hush');
  });

  for (const [name, key] of [
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ] as const) {
    it(`ends with ${name}, and the cursor on a line of its own`, async () => {
      const { terminal, stdin, notes } = makeTerminal();
      const answer = terminal.ask('PIN: ');
      stdin.write(key);
      await expect(answer).rejects.toThrow(Interrupted);
      expect(notes()).toMatch(/PIN: [\s\S]*\n$/);
    });
  }

  it('ends with the process', async () => {
    const { terminal, abort } = makeTerminal();
    const answer = terminal.ask('PIN: ');
    abort.abort(new Interrupted());
    await expect(answer).rejects.toThrow(Interrupted);
  });
});

describe('a text that is wider than the terminal', () => {
  it('is broken on a terminal, with what follows below it, and nowhere else', () => {
    const shown = makeTerminal({ columns: 12 });
    shown.terminal.line('one two three four', 2);
    expect(shown.out()).toBe('one two\n  three four\n');
    shown.terminal.problem('one two three');
    expect(stripVTControlCharacters(shown.notes())).toBe('✗ one two\n  three\n');
    const piped = makeTerminal({ columns: 12, isTTY: false });
    piped.terminal.line('one two three four', 2);
    expect(piped.out()).toBe('one two three four\n');
  });

  it('is left alone where nothing is said of its further lines', () => {
    const { terminal, out } = makeTerminal({ columns: 4 });
    terminal.line('https://us.etrade.com/ x');
    expect(out()).toBe('https://us.etrade.com/ x\n');
  });
});

describe('a repaint', () => {
  it('is one write, over what was there', () => {
    const { terminal, written } = makeTerminal();
    for (const text of ['one', 'two']) terminal.repaint(() => terminal.line(text));
    expect(written).toEqual([
      '\u001b[2J\u001b[Hone\u001b[K\n\u001b[J',
      '\u001b[Htwo\u001b[K\n\u001b[J',
    ]);
  });

  it('is a block below the last one on a pipe', () => {
    const { terminal, out } = makeTerminal({ isTTY: false });
    for (const text of ['one', 'two']) terminal.repaint(() => terminal.line(text));
    expect(out()).toBe('one\n\ntwo\n');
  });

  it('that fails leaves a terminal that goes on showing', () => {
    const { terminal, out } = makeTerminal();
    const fails = () => {
      throw new Error('drawn wrong');
    };
    expect(() => terminal.repaint(fails)).toThrow('drawn wrong');
    terminal.line('still here');
    expect(out()).toBe('still here\n');
  });
});

describe('progress', () => {
  it('is silent for a second, then shows once in a pipe', async () => {
    vi.useFakeTimers();
    try {
      const { terminal, notes } = makeTerminal({ isTTY: false });
      const work = Promise.withResolvers<string>();
      const shown = terminal.progress('Asking E*TRADE', work.promise);
      await vi.advanceTimersByTimeAsync(999);
      expect(notes()).toBe('');
      await vi.advanceTimersByTimeAsync(5_000);
      expect(notes()).toBe('Asking E*TRADE …\n');
      work.resolve('done');
      expect(await shown).toBe('done');
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
