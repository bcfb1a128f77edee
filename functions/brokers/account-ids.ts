/**
 * The account ids in a broker's answer, read the same way at all brokers.
 *
 * Pure. Never takes what it cannot read for "no accounts": that would switch the account check off.
 */

import * as z from 'zod';

/** Some brokers write ids as numbers; one that JSON has rounded is another account's. */
export const accountId = z
  .union([
    z.string(),
    z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).transform(String),
  ])
  .pipe(z.string().trim().min(1).max(64));

/**
 * The ids under `name` in a list, or in the one that stands for a list of one; entries without an id are
 * left out. `null` where there are entries and none has a readable id: unknown, not empty.
 */
export function readAccountIds(list: unknown, name: string): readonly string[] | null {
  const entries: readonly unknown[] = Array.isArray(list) ? list : [list];
  const entry = z.object({ [name]: accountId });
  const ids = entries.flatMap((each) => {
    const parsed = entry.safeParse(each);
    return parsed.success ? [String(parsed.data[name])] : [];
  });
  return ids.length === 0 && entries.length > 0 ? null : ids;
}

/**
 * The list under `name`: nothing in its place is an empty list, anything else in its place is `undefined`.
 * Converters from XML write an empty element as `null`, `""` or `{}`.
 */
export function listUnder(container: unknown, name: string): unknown {
  if (isNothing(container)) return [];
  if (typeof container !== 'object' || Array.isArray(container)) return container;
  const fields = new Map<string, unknown>(Object.entries(container ?? {}));
  if (!fields.has(name)) return fields.size === 0 ? [] : undefined;
  const list = fields.get(name);
  return isNothing(list) ? [] : list;
}

function isNothing(value: unknown): boolean {
  return value === null || value === '';
}
