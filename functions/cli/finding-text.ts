/**
 * A finding as a person reads it at a terminal: a mark, what was looked at, what was found, what to do.
 */

import type { Finding } from '../operations/finding.ts';
import type { Terminal } from './terminal.ts';

/** Wide enough for most; a longer one keeps a space. */
const CHECK_WIDTH = 24;

const MARKS = {
  ok: ['green', '✓'],
  problem: ['yellow', '!'],
  broken: ['red', '✗'],
} as const;

/** @param aside stands at the end of the first line: how long it took */
export function findingLines(
  { paint }: Pick<Terminal, 'paint'>,
  { check, verdict, what, fix }: Finding,
  aside = '',
): readonly string[] {
  const [style, mark] = MARKS[verdict];
  const first = `${paint(style, mark)} ${check.padEnd(CHECK_WIDTH)} ${what}`;
  const lines = [aside === '' ? first : `${first}  ${paint('dim', aside)}`];
  if (fix !== null) lines.push(`  ${''.padEnd(CHECK_WIDTH)} ${paint('bold', '→')} ${fix}`);
  return lines;
}
