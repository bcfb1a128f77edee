/**
 * Reads a file of `NAME=value` lines, as editors on any system write it.
 *
 * A line that sets nothing, or a name close to one of ours, is a problem with its number: a setting that was not
 * read must not be replaced by a default without a word. Never shows what a line holds.
 */

import { parseEnv } from 'node:util';
import type { Variables } from '../config.ts';
import { whyNotRead } from '../config-names.ts';
import { ConfigError } from '../errors.ts';

/** Sets something: a name, perhaps in lower case, perhaps exported. */
const SETS = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=(.*)$/;
const SAYS_NOTHING = /^[ \t]*(?:#.*)?$/;
/** What may stand behind a closing quotation mark. */
const ENDS = /^[ \t]*(?:#.*)?$/;

/** @throws ConfigError naming lines by number */
export function readSettingsText(bytes: Uint8Array, file: string): Variables {
  const { values, lines } = readLines(decode(bytes, file), `"${file}"`);
  const problems = [...lines].flatMap(([name, number]) => {
    const why = whyNotRead(name, (each) => lines.has(each));
    return why === null ? [] : [`Line ${number} of "${file}" sets a name that ${why}`];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return values;
}

/**
 * Values and the number of each name's line, whatever the names are.
 *
 * @param source what the text is called in problems
 * @throws ConfigError naming lines by number
 */
export function readLines(
  text: string,
  source: string,
): { readonly values: Variables; readonly lines: ReadonlyMap<string, number> } {
  const problems: string[] = [];
  const seen = new Map<string, number>();
  let until: string | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const number = index + 1;
    // Within quotes a value goes on over lines.
    if (until !== null) {
      const end = line.indexOf(until);
      if (end === -1) continue;
      if (!ENDS.test(line.slice(end + 1))) problems.push(goesOn(number, source));
      until = null;
      continue;
    }
    if (SAYS_NOTHING.test(line)) continue;
    const [, name = '', value = ''] = SETS.exec(line) ?? [];
    if (name === '') {
      problems.push(`Line ${number} of ${source} is not NAME=value; a comment begins with "#"`);
      continue;
    }
    const before = seen.get(name);
    if (before !== undefined) {
      problems.push(`Lines ${before} and ${number} of ${source} set the same name`);
    }
    seen.set(name, number);
    const quote = /^[ \t]*(["'`])/.exec(value)?.[1];
    if (quote === undefined) continue;
    const end = value.indexOf(quote, value.indexOf(quote) + 1);
    if (end !== -1) {
      if (!ENDS.test(value.slice(end + 1))) problems.push(goesOn(number, source));
    } else if (text.split('\n').slice(number).join('\n').includes(quote)) until = quote;
    else problems.push(`Line ${number} of ${source} opens a quotation mark that nothing closes`);
  }
  const read = parseEnv(text);
  // What reads the values must have found the same names.
  if (problems.length === 0 && Object.keys(read).sort().join() !== [...seen.keys()].sort().join()) {
    problems.push(
      `${source} is not only NAME=value lines: write each setting on a line of its own`,
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return { values: read, lines: seen };
}

function goesOn(number: number, source: string): string {
  return `Line ${number} of ${source} goes on behind a closing quotation mark`;
}

/** Windows editors write UTF-16 or a byte-order mark, old ones other encodings. */
function decode(bytes: Uint8Array, file: string): string {
  const [first, second] = bytes;
  try {
    const text = new TextDecoder(encodingOf(first, second), { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text.replace(/\r\n?/g, '\n');
  } catch {
    // Said below.
  }
  throw new ConfigError([`"${file}" is not text in UTF-8: save it as UTF-8`]);
}

function encodingOf(first: number | undefined, second: number | undefined): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return 'utf-8';
}
