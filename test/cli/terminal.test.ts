/** The terminal itself: where colour goes, how a question ends, what progress shows. */

import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { Interrupted } from '../../functions/cli/interrupts.ts';
import { createTerminal } from '../../functions/cli/terminal.ts';

function makeTerminal(options: { isTTY?: boolean; noColour?: boolean } = {}) {
  const { isTTY = true, noColour = false } = options;
  const stdin = Object.assign(new PassThrough(), { isTTY });
  let out = '';
  let notes = '';
  const abort = new AbortController();
  const stderr = Object.assign(new PassThrough(), { isTTY });
  stderr.on('data', (chunk: Buffer) => {
    notes += chunk.toString();
  });
  const stdout = { isTTY, write: (text: string) => (out += text) };
  const terminal = createTerminal({ stdin, stdout, stderr, noColour, signal: abort.signal });
  return { terminal, stdin, abort, out: () => out, notes: () => notes };
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
    it(`ends with ${name}`, async () => {
      const { terminal, stdin } = makeTerminal();
      const answer = terminal.ask('PIN: ');
      stdin.write(key);
      await expect(answer).rejects.toThrow(Interrupted);
    });
  }

  it('ends with the process', async () => {
    const { terminal, abort } = makeTerminal();
    const answer = terminal.ask('PIN: ');
    abort.abort(new Interrupted());
    await expect(answer).rejects.toThrow(Interrupted);
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
