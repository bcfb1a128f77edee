/**
 * Text that others wrote, made safe to log: messages of foreign errors, what libraries print.
 *
 * Such text may quote request bodies, URLs with a bot token, or JSON that failed to parse. Only the first
 * line is kept, and of it only plain words and small numbers; the rest becomes `…`. Our own messages do
 * not pass here. Pure; used by this room.
 */

const MAX_READ = 2_000;
const MAX_LENGTH = 200;
const HIDDEN = '…';

/** Words (also `ECONNREFUSED`, `api.telegram.org`), numbers too short for a PIN, addresses. */
const PLAIN = /^(?:[A-Za-z][A-Za-z'_./-]{0,31}|\d{1,3}|\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?)$/;
const QUOTED_NAME = /^"[A-Za-z][A-Za-z_-]{0,23}"$/;
const AROUND = /^[('`"]*|[)'`".,:;!?]*$/g;

/** The first line of foreign text, without anything that could be data. */
export function safeText(text: string): string {
  const line =
    text
      .slice(0, MAX_READ)
      .trimStart()
      .split(/[\r\n]/, 1)[0] ?? '';
  // V8 quotes the source when JSON does not parse.
  if (line.startsWith('SyntaxError')) return 'SyntaxError';
  if (/\bJSON\b/.test(line)) return HIDDEN;
  const words = line
    .replace(/\b\w+:\/\/\S*/g, hostOf)
    .replace(/".*"/, (quoted) => (QUOTED_NAME.test(quoted) ? quoted : HIDDEN))
    // A body begins here, or a list of values.
    .replace(/[{[<=].*$/, ` ${HIDDEN}`)
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => (PLAIN.test(word.replace(AROUND, '')) ? word : HIDDEN));
  const shown = words.filter((word, index) => word !== HIDDEN || words[index - 1] !== HIDDEN);
  return shown.join(' ').slice(0, MAX_LENGTH);
}

/** Where it went, not what was asked: paths hold bot tokens, queries hold anything. */
function hostOf(url: string): string {
  const host = URL.parse(url)?.hostname ?? '';
  return PLAIN.test(host) ? `${host}/` : HIDDEN;
}
