/**
 * What this instance knows about a secret's metadata: which etags are certainly old, the newest state that
 * an answer to a write has shown, and what it has seen a moment ago.
 *
 * Secret Manager's reads of metadata may lag behind its writes by minutes, rarely by hours; an etag that was
 * replaced or refused is old for certain. No I/O, bounded. Used by `secret-manager.ts`.
 *
 * @see https://docs.cloud.google.com/secret-manager/docs/reference/consistency
 */

import type { Clock } from '../clock.ts';
import type { SecretInfo } from './secret-access.ts';

/** More than the writes of one secret in the time that two reads of one operation take. */
const OLD_ETAGS_KEPT = 50;

/**
 * One operation asks for the same record several times, and each read costs a person part of a second. Far
 * less than metadata may lag behind anyway; whoever writes on it finds out by the etag.
 */
const RECENT_FOR_MS = 2_000;

type Known = {
  readonly old: readonly string[];
  readonly newest: SecretInfo | null;
  readonly seen: { readonly info: SecretInfo; readonly at: number } | null;
};

const NOTHING: Known = { old: [], newest: null, seen: null };

export type KnownStates = {
  /** What was read or written a moment ago. */
  readonly recent: (secret: string) => SecretInfo | null;
  /** A write begins: whatever becomes of it, what was seen before is no longer recent. */
  readonly forget: (secret: string) => void;
  /**
   * The state that is read: `seen` itself, a newer one that is known, or `old` when only a write can tell.
   *
   * @param askedAt when it was asked for: an answer may have been long on its way
   */
  readonly judge: (secret: string, seen: SecretInfo, askedAt: number) => SecretInfo | 'old';
  /** A write with `etag` has brought `now`; `null`: it did not look at the etag before. */
  readonly written: (secret: string, etag: string | null, now: SecretInfo) => void;
  /** A write with `etag` was refused. */
  readonly refused: (secret: string, etag: string) => void;
};

export function createKnownStates(clock: Clock): KnownStates {
  const known = new Map<string, Known>();
  const of = (secret: string): Known => known.get(secret) ?? NOTHING;
  const withOld = (old: readonly string[], etag: string): readonly string[] =>
    old.includes(etag) ? old : [...old, etag].slice(-OLD_ETAGS_KEPT);

  return {
    recent(secret) {
      const { seen } = of(secret);
      if (seen === null) return null;
      const age = clock() - seen.at;
      return age >= 0 && age < RECENT_FOR_MS ? seen.info : null;
    },

    forget(secret) {
      known.set(secret, { ...of(secret), seen: null });
    },

    judge(secret, read, askedAt) {
      const { old, newest, seen } = of(secret);
      const info = old.includes(read.etag) ? newest : read;
      if (info === null) return 'old';
      if (seen === null || seen.at <= askedAt) {
        known.set(secret, { old, newest, seen: { info, at: askedAt } });
      }
      return info;
    },

    written(secret, etag, now) {
      const { old, newest, seen } = of(secret);
      // Answers may come in another order than the writes were done in: this state is past already.
      if (old.includes(now.etag)) {
        if (etag !== null) known.set(secret, { old: withOld(old, etag), newest, seen });
        return;
      }
      const replaced = [etag, newest?.etag ?? null].filter((one) => one !== null);
      known.set(secret, {
        old: replaced.filter((one) => one !== now.etag).reduce(withOld, old),
        newest: now,
        seen: { info: now, at: clock() },
      });
    },

    refused(secret, etag) {
      const { old, newest, seen } = of(secret);
      known.set(secret, {
        old: withOld(old, etag),
        newest: newest?.etag === etag ? null : newest,
        seen: seen?.info.etag === etag ? null : seen,
      });
    },
  };
}
