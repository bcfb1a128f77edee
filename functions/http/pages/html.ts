/**
 * Markup that cannot forget to escape: a template tag, and text it has made safe.
 *
 * Everything put into a template is escaped unless it is `Html` itself. Made by pages, rendered once by
 * the layout; there is no door for raw text but `trusted`, which is for our own constants.
 */

const MARKUP = Symbol('markup');

export type Html = { readonly [MARKUP]: string };

/** What a template takes; `null`, `undefined` and `false` leave nothing behind. */
export type Part = Html | string | number | null | undefined | false | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return trusted(strings.map((text, index) => text + toMarkup(parts[index])).join(''));
}

/** Our own constants (style, script), as they are. Never for anything from outside. */
export function trusted(markup: string): Html {
  return { [MARKUP]: markup };
}

/** The finished text. */
export function render(page: Html): string {
  return page[MARKUP];
}

function toMarkup(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'string') return part.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? '');
  if (typeof part === 'number') return String(part);
  if (isList(part)) return part.map(toMarkup).join('');
  return part[MARKUP];
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(part: Part): part is readonly Part[] {
  return Array.isArray(part);
}
