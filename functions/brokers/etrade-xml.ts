/**
 * Reads the little XML that E*TRADE answers with: elements by name, whatever prefix, attributes or case.
 *
 * Pure. Keeps no order and knows no nesting of an element in itself; never reads a comment.
 */

/** What stands inside each element of that name. */
export function elementsOf(xml: string, name: string): readonly string[] {
  const element = new RegExp(
    `<(?:\\w+:)?${name}(?:\\s[^>]*?)?(?:/>|>(.*?)</(?:\\w+:)?${name}\\s*>)`,
    'gis',
  );
  return [...xml.replace(/<!--.*?-->/gs, '').matchAll(element)].map(([, inside = '']) => inside);
}

/** The text of the first element of that name; `null` where there is none. */
export function textOf(xml: string, name: string): string | null {
  const [inside] = elementsOf(xml, name);
  return inside?.replace(/<!\[CDATA\[(.*?)\]\]>/gs, '$1').trim() ?? null;
}
