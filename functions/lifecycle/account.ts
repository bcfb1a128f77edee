/**
 * Whose account is it? Compares the keyed hashes of a new token's account ids with those on record.
 *
 * Pure. One account in common is the same person: brokers add and close accounts under a login. Hashes
 * made with another key (`<key id>.<hash>`) cannot be compared and say nothing. Used by the sign-in and
 * by the sweep that adopts an interrupted one.
 */

export type AccountVerdict = 'same' | 'foreign' | 'incomparable';

export function compareAccounts(
  expected: readonly string[] | null,
  actual: readonly string[],
): AccountVerdict {
  if (expected === null || actual.length === 0) return 'incomparable';
  if (actual.some((hash) => expected.includes(hash))) return 'same';
  const keyIds = new Set(expected.map(keyIdOf));
  return actual.some((hash) => keyIds.has(keyIdOf(hash))) ? 'foreign' : 'incomparable';
}

function keyIdOf(hash: string): string {
  return hash.slice(0, hash.indexOf('.') + 1);
}
