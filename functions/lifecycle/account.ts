/**
 * Whose account is it? Compares a new token's accounts with those on record, and says which to keep there.
 *
 * Pure. One account in common is the same person: brokers add and close accounts under a login. On record an
 * account is one text: its hash under each key that is known, so that the binding outlives a change of either,
 * and its last digits for people, `<key id>.<hash>,<key id>.<hash>,*12`. Nothing here knows an account's number.
 */

export type AccountVerdict = 'same' | 'foreign' | 'incomparable';

const ENDING_MARK = '*';
const ENDING_DIGITS = 2;

/** Hashes under keys of the past that an account keeps beside today's. */
const OLD_HASHES_KEPT = 2;

/** The text of one account. */
export function accountText(accountId: string, hashes: readonly string[]): string {
  return [...hashes, `${ENDING_MARK}${accountId.slice(-ENDING_DIGITS)}`].join(',');
}

/** The last digits of each account, where they are known, in order: `12`. */
export function accountEndings(account: readonly string[]): string[] {
  return account
    .flatMap((text) => text.split(','))
    .filter((part) => part.startsWith(ENDING_MARK))
    .map((part) => part.slice(ENDING_MARK.length))
    .sort();
}

export function compareAccounts(
  expected: readonly string[] | null,
  actual: readonly string[],
): AccountVerdict {
  if (expected === null || actual.length === 0) return 'incomparable';
  const known = new Set(expected.flatMap(hashesOf));
  const seen = actual.flatMap(hashesOf);
  if (seen.some((hash) => known.has(hash))) return 'same';
  const keyIds = new Set([...known].map(keyIdOf));
  return seen.some((hash) => keyIds.has(keyIdOf(hash))) ? 'foreign' : 'incomparable';
}

/**
 * What a record is bound to after `seen`. The first accounts bind: a token that opens more must not widen what
 * later sign-ins may bring. An account that is seen again takes up its hashes under keys that are new. Accounts of
 * which no key is left bind nobody and are replaced.
 */
export function boundAccounts(
  bound: readonly string[] | null,
  seen: readonly string[] | null,
): readonly string[] | null {
  if (seen === null || seen.length === 0) return bound;
  if (bound === null || compareAccounts(bound, seen) === 'incomparable') return seen;
  const renewed = bound.map((text) => {
    const again = seen.find((other) => compareAccounts([text], [other]) === 'same');
    return again === undefined ? text : withOldHashes(again, text);
  });
  return renewed.every((text, index) => text === bound[index]) ? bound : renewed;
}

/** Without a key at hand (the command line has one of two) the account keeps its hash under that key. */
function withOldHashes(today: string, before: string): string {
  const keyIds = new Set(hashesOf(today).map(keyIdOf));
  const old = hashesOf(before).filter((hash) => !keyIds.has(keyIdOf(hash)));
  return [...new Set([...today.split(','), ...old.slice(0, OLD_HASHES_KEPT)])].join(',');
}

function hashesOf(text: string): string[] {
  return text.split(',').filter((part) => !part.startsWith(ENDING_MARK));
}

function keyIdOf(hash: string): string {
  return hash.slice(0, hash.indexOf('.') + 1);
}
