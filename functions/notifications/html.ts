/**
 * Telegram's little HTML: a template tag that escapes every value put into it.
 *
 * Knows no texts and sends nothing. Used by `messages.ts`, so that a broker's word or a session's
 * title can hold `<`, `&` or a line break and still be only text.
 *
 * @see https://core.telegram.org/bots/api#html-style
 */

/** Markup that is safe to send; made by the `html` tag and by nothing else. */
export type Html = { readonly markup: string };

/** The literal parts are markup, the values are text (or markup that was made here). */
export function html(literals: TemplateStringsArray, ...values: readonly (string | Html)[]): Html {
  const rendered = values.map((value) =>
    typeof value === 'string' ? escapeText(value) : value.markup,
  );
  return { markup: String.raw({ raw: literals }, ...rendered) };
}

/** Paragraphs one below the other. */
export function lines(parts: readonly Html[]): Html {
  return { markup: parts.map((part) => part.markup).join('\n') };
}

/**
 * Foreign text as one short line: control characters and line breaks become spaces, half characters
 * are mended, the rest is cut at `limit` characters. Never empty.
 */
export function oneLine(text: string, limit: number): string {
  const flat = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const characters = Array.from(flat);
  if (characters.length === 0) return '?';
  if (characters.length <= limit) return flat;
  return `${characters.slice(0, limit - 1).join('')}…`;
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
