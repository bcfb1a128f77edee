/**
 * What this instance knows about the age of a secret's metadata: which etags are certainly old, and the
 * newest state that an answer to a write has shown.
 *
 * Secret Manager's reads of metadata may lag behind its writes by minutes, rarely by hours; an etag that was
 * replaced or refused is old for certain. No I/O, bounded. Used by `secret-manager.ts`.
 *
 * @see https://docs.cloud.google.com/secret-manager/docs/reference/consistency
 */

import type { SecretInfo } from './secret-access.ts';

/** More than the writes of one secret in the time that two reads of one operation take. */
const OLD_ETAGS_KEPT = 50;

type Known = { readonly old: readonly string[]; readonly newest: SecretInfo | null };

const NOTHING: Known = { old: [], newest: null };

export type KnownStates = {
  /** The state that is read: `seen` itself, a newer one that is known, or `old` when only a write can tell. */
  readonly judge: (secret: string, seen: SecretInfo) => SecretInfo | 'old';
  /** A write with `etag` has brought `now`; `null`: it did not look at the etag before. */
  readonly written: (secret: string, etag: string | null, now: SecretInfo) => void;
  /** A write with `etag` was refused. */
  readonly refused: (secret: string, etag: string) => void;
};

export function createKnownStates(): KnownStates {
  const known = new Map<string, Known>();
  const of = (secret: string): Known => known.get(secret) ?? NOTHING;
  const withOld = (old: readonly string[], etag: string): readonly string[] =>
    old.includes(etag) ? old : [...old, etag].slice(-OLD_ETAGS_KEPT);

  return {
    judge(secret, seen) {
      const { old, newest } = of(secret);
      return old.includes(seen.etag) ? (newest ?? 'old') : seen;
    },

    written(secret, etag, now) {
      const { old, newest } = of(secret);
      const replaced = [etag, newest?.etag ?? null].filter((one) => one !== null);
      known.set(secret, {
        old: replaced.filter((one) => one !== now.etag).reduce(withOld, old),
        newest: now,
      });
    },

    refused(secret, etag) {
      const { old, newest } = of(secret);
      known.set(secret, {
        old: withOld(old, etag),
        newest: newest?.etag === etag ? null : newest,
      });
    },
  };
}
