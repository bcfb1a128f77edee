/**
 * A finding as a person reads it at a terminal: a mark, what was looked at, what was found, what to do.
 *
 * Findings are documents for scripts as well: what is exact there is made readable here.
 */

import type { Finding } from '../operations/finding.ts';
import { countText } from './moments.ts';
import type { Terminal } from './terminal.ts';
import { widthOf } from './text-layout.ts';

/** Wide enough for most; a longer one keeps a space. */
const CHECK_WIDTH = 24;
/** The same where a time stands between name and text. */
const TIMED_CHECK_WIDTH = 12;
const TIME_WIDTH = 8;
/** Below this the text of a finding stands under its name. */
const NARROW = 60;

const ISO_MOMENT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g;

const SINGULARS: Readonly<Record<string, string>> = { have: 'has', were: 'was' };

const MARKS = {
  ok: ['green', '✓'],
  problem: ['yellow', '!'],
  broken: ['red', '✗'],
} as const;

export type FindingOptions = {
  /** How long the step took that found it, if that matters. */
  readonly tookMs?: number;
  /** Makes text of the moments in it, epoch milliseconds. @default as they are */
  readonly momentText?: (at: number) => string;
};

export function showFinding(
  { line, paint, columns }: Pick<Terminal, 'line' | 'paint' | 'columns'>,
  { check, verdict, what, fix }: Finding,
  { tookMs, momentText }: FindingOptions = {},
): void {
  const [style, mark] = MARKS[verdict];
  const time = tookMs === undefined ? '' : paint('dim', `${tookMs} ms`.padStart(TIME_WIDTH));
  const name =
    tookMs === undefined ? check.padEnd(CHECK_WIDTH) : `${check.padEnd(TIMED_CHECK_WIDTH)}${time} `;
  const found = readable(what, momentText);
  const isNarrow = columns() < NARROW;
  const indent = isNarrow ? 2 : widthOf(name) + 3;
  if (isNarrow) {
    line(`${paint(style, mark)} ${paint('bold', check)}${time}`);
    line(`  ${found}`, indent);
  } else {
    line(`${paint(style, mark)} ${name} ${found}`, indent);
  }
  if (fix !== null) line(`${' '.repeat(indent)}${paint('bold', '→')} ${fix}`, indent + 2);
}

function readable(what: string, momentText: FindingOptions['momentText']): string {
  return what
    .replace(/^The /, 'the ')
    .replace(/\b(\d+) (\w+)\(s\) (\w+)/g, (_all, count: string, one: string, verb: string) =>
      [countText(Number(count), one), count === '1' ? (SINGULARS[verb] ?? verb) : verb].join(' '),
    )
    .replace(ISO_MOMENT, (moment) => momentText?.(Date.parse(moment)) ?? moment);
}
