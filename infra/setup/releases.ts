/**
 * Which build a rollback goes back to: a decision on the list of builds.
 *
 * Pure. A build that is a rollback itself carries the release whose source it used (`_RELEASE`), so going
 * back twice goes two releases back, not to and fro.
 */

import { type Build, isUnfinished } from './builds.ts';

export type Rollback =
  | { readonly reason: 'back-to'; readonly release: Build; readonly from: Build }
  /** A build is running: what it leaves is not known yet. */
  | { readonly reason: 'unfinished'; readonly build: Build }
  | { readonly reason: 'nothing-before' }
  /** `--to` names no build that was deployed and whose source is kept. */
  | { readonly reason: 'unknown-release' };

/** Deployments, newest first, without those that only repeated an older source. */
export function releasesOf(builds: readonly Build[]): readonly Build[] {
  return changes(builds).filter(
    (build) =>
      build.status === 'SUCCESS' &&
      (build.substitutions['_RELEASE'] ?? '') === '' &&
      build.source.storageSource !== undefined,
  );
}

/** @param wanted id of a release, or `null` for the one before what runs now */
export function chooseRollback(builds: readonly Build[], wanted: string | null): Rollback {
  const unfinished = builds.find(isUnfinished);
  if (unfinished !== undefined) return { reason: 'unfinished', build: unfinished };
  const releases = releasesOf(builds);
  const newest = changes(builds)[0];
  if (newest === undefined) return { reason: 'nothing-before' };
  if (wanted !== null) {
    const release = releases.find(({ id }) => id === wanted);
    return release === undefined
      ? { reason: 'unknown-release' }
      : { reason: 'back-to', release, from: newest };
  }
  const runs = newest.substitutions['_RELEASE'] || newest.id;
  const at = releases.findIndex(({ id }) => id === runs);
  // A deployment that failed may have left half of itself: the last whole one is the one to go back to.
  const release =
    newest.status === 'SUCCESS'
      ? at < 0
        ? undefined
        : releases[at + 1]
      : before(releases, newest);
  return release === undefined
    ? { reason: 'nothing-before' }
    : { reason: 'back-to', release, from: newest };
}

function changes(builds: readonly Build[]): readonly Build[] {
  return builds
    .filter(({ substitutions }) => substitutions['_MODE'] === 'apply')
    .toSorted((one, other) => (one.createTime < other.createTime ? 1 : -1));
}

/** What ran before a failed build: for a failed rollback, older than what it tried. */
function before(releases: readonly Build[], failed: Build): Build | undefined {
  const tried = failed.substitutions['_RELEASE'] ?? '';
  const at = releases.findIndex(({ id }) => id === tried);
  return at < 0 ? releases[0] : releases[at];
}
