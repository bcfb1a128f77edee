/**
 * The bench's figures as a table for a terminal of 100 columns, notes below it.
 *
 * Pure. Used by `run.ts`.
 */

import type { Figure } from './figure.ts';

const COLUMNS = 100;

const HEAD = ['figure', 'value', 'baseline', 'ratio', 'goal', ''] as const;

export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    quantity(figure.value, figure.unit),
    figure.baseline === null
      ? ''
      : `${quantity(figure.baseline.value, figure.unit)} ${figure.baseline.name}`,
    figure.ratio === null ? '' : `${figure.ratio.toFixed(2)}×`,
    figure.goal,
    figure.met === null ? '' : figure.met ? '✓' : '✗',
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const notes = figures.flatMap(({ name, note }) =>
    note === undefined ? [] : wrapped(`${name.trim()}: ${note}`),
  );
  const rule = line(widths.map((width) => '─'.repeat(width)));
  return [line(HEAD), rule, ...rows.map(line), ...(notes.length === 0 ? [] : ['', ...notes])].join(
    '\n',
  );
}

/** Lines of a terminal's width, continued with an indent. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= COLUMNS) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else {
      lines.push(line === undefined ? word : `  ${word}`);
    }
  }
  return lines;
}

function quantity(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toLocaleString('en-US', { maximumFractionDigits: digits })} ${unit}`.trim();
}
