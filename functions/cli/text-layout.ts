/**
 * Text in columns: how wide it is, where its lines break, how a table lines up. Colours take no room.
 *
 * Pure. Used by `terminal.ts`, and by commands that choose a layout by its width.
 */

import { stripVTControlCharacters } from 'node:util';

/** How many columns a text takes, colours aside. */
export function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/**
 * The lines of a text, none wider than `columns` but for a word that is wider itself. Every line after
 * the first begins with `hang` spaces. What stands in double quotes, such as a command, stays whole.
 */
export function wrapText(text: string, columns: number, hang: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const [word] of text.matchAll(/\s*(?:"[^"]*"\S*|\S+)/g)) {
    const isFull = line !== '' && widthOf(line) + widthOf(word) > columns;
    if (isFull) lines.push(line);
    line = isFull ? ' '.repeat(hang) + word.trimStart() : line + word;
  }
  return [...lines, line];
}

/** Rows with columns of equal width, two spaces apart; the last column is never padded. */
export function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    }
  }
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)),
    );
    return cells.join('  ').trimEnd();
  });
}
