/**
 * Reads a message's HTML as strictly as Telegram does, and gives it back safe to show in a page.
 *
 * Shares nothing with `functions/notifications`: it is the judge of what is sent there. Used by the
 * Telegram stand-in.
 *
 * @see https://core.telegram.org/bots/api#html-style
 */

export type ParsedHtml =
  | {
      readonly ok: true;
      /** What the person reads, without markup. */
      readonly text: string;
      /** The same with markup, rebuilt from known tags: no attribute or tag of the sender survives. */
      readonly safeHtml: string;
    }
  /** `problem` as Telegram words it, after "can't parse entities: ". */
  | { readonly ok: false; readonly problem: string };

/** Telegram's tags, and the element each is shown as. */
const SHOWN_AS: Readonly<Record<string, string>> = {
  b: 'b',
  strong: 'b',
  i: 'i',
  em: 'i',
  u: 'u',
  ins: 'u',
  s: 's',
  strike: 's',
  del: 's',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
  a: 'u',
  span: 'span',
  'tg-spoiler': 'span',
};

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

const END_TAG = /^<\/([a-z0-9-]*)\s*>/i;
const START_TAG = /^<([a-z0-9-]*)((?:\s+[a-z-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)\s*>/i;
const TAG_NAME = /^<\/?([a-z0-9-]*)/i;
const ENTITY = /^&(?:#([0-9]{1,7})|#x([0-9a-f]{1,6})|([a-z]+));?/i;

/** Parses one message text sent with `parse_mode` HTML. */
export function parseTelegramHtml(source: string): ParsedHtml {
  const open: string[] = [];
  let text = '';
  let safeHtml = '';
  let at = 0;
  while (at < source.length) {
    const rest = source.slice(at);
    if (rest.startsWith('<')) {
      const offset = Buffer.byteLength(source.slice(0, at));
      const name = TAG_NAME.exec(rest)?.[1]?.toLowerCase() ?? '';
      const isEnd = rest.startsWith('</');
      const tag = (isEnd ? END_TAG : START_TAG).exec(rest);
      if (isEnd) {
        const expected = open.pop();
        if (expected === undefined) return fail(`Unexpected end tag at byte offset ${offset}`);
        if (tag === null || (name !== '' && name !== expected)) {
          return fail(
            `Unmatched end tag at byte offset ${offset}, expected "</${expected}>", found "</${name}>"`,
          );
        }
        safeHtml += `</${SHOWN_AS[expected]}>`;
      } else {
        if (!Object.hasOwn(SHOWN_AS, name)) {
          return fail(`Unsupported start tag "${name}" at byte offset ${offset}`);
        }
        if (tag === null) return fail(`Unclosed start tag at byte offset ${offset}`);
        open.push(name);
        safeHtml += `<${SHOWN_AS[name]}>`;
      }
      at += tag[0].length;
      continue;
    }
    const entity = rest.startsWith('&') ? decode(rest) : null;
    const character = entity?.character ?? String.fromCodePoint(rest.codePointAt(0) ?? 0);
    text += character;
    safeHtml += escapeHtml(character);
    at += entity?.length ?? character.length;
  }
  const left = open.pop();
  if (left !== undefined) return fail(`Can't find end tag corresponding to start tag "${left}"`);
  return { ok: true, text, safeHtml };
}

/** Text as HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** An entity Telegram knows; any other `&` stays as it is written. */
function decode(rest: string): { character: string; length: number } | null {
  const match = ENTITY.exec(rest);
  if (match === null) return null;
  const [whole, decimal, hex, name] = match;
  if (name !== undefined) {
    const character = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
    return character === undefined ? null : { character, length: whole.length };
  }
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? { character: String.fromCodePoint(code), length: whole.length } : null;
}

function fail(problem: string): ParsedHtml {
  return { ok: false, problem };
}
