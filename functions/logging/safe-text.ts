/**
 * Text that others wrote, made safe to log: messages of foreign errors, what libraries print.
 *
 * Such text may quote request bodies, URLs with a bot token, or JSON that failed to parse. Only the first
 * line is kept, and of it only plain words and small numbers; the rest becomes `…`. Our own messages do
 * not pass here. Pure; used by this room.
 */

const MAX_LENGTH = 200;
const HIDDEN = '…';

/** Words (also `ECONNREFUSED`, `api.telegram.org`), numbers too short for a PIN, addresses. */
const PLAIN = /^(?:[A-Za-z][A-Za-z'_./-]{0,31}|\d{1,3}|\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?)$/;
const QUOTED_NAME = /^"[A-Za-z][A-Za-z_-]{0,23}"$/;
const AROUND = /^[('`"]*|[)'`".,:;!?]*$/g;

/** The first line of foreign text, without anything that could be data. */
export function safeText(text: string): string {
  const line = text.trimStart().split(/[\r\n]/, 1)[0] ?? '';
  // V8 quotes the source when JSON does not parse.
  if (/^SyntaxError\b/.test(line) || /\bJSON\b/.test(line)) return line.split(/\W/, 1)[0] ?? '';
  const words = line
    .replace(
      /\b(\w+:\/\/)(?:[^\s/@]*@)?([A-Za-z.-]+)?\S*/g,
      (_url, _scheme, host) => `${host ?? ''}/`,
    )
    .replace(/".*"/, (quoted) => (QUOTED_NAME.test(quoted) ? quoted : HIDDEN))
    // A body begins here, or a list of values.
    .replace(/[{[<=].*$/, ` ${HIDDEN}`)
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => (PLAIN.test(word.replace(AROUND, '')) ? word : HIDDEN));
  const shown = words.filter((word, index) => word !== HIDDEN || words[index - 1] !== HIDDEN);
  return shown.join(' ').slice(0, MAX_LENGTH);
}
