/**
 * What the system asks of a store: tokens in numbered versions, and a record per session that is
 * replaced only by who has read its latest state.
 *
 * Says nothing of secrets managers or files. A token is visible once the record points at it; a version
 * newer than the pointer is found by number (`readNewestToken`), never by "latest". Implementations are
 * the other files of this room; all pass one contract suite. They throw `StoreError`.
 */

import type { BrokerToken } from '../brokers/broker.ts';
import { StoreError } from '../errors.ts';
import type { ServiceRecord } from '../lifecycle/notices.ts';
import type { SessionKey, SessionRecord } from '../lifecycle/session.ts';

/** A record as read, with the tag that proves at the next write that nobody wrote in between. */
export type Loaded<T> = { readonly record: T; readonly tag: string };

export type Replaced =
  | { readonly ok: true; readonly tag: string }
  | { readonly ok: false; readonly reason: 'conflict' };

/** All of one token, stored as one version, so that no reader can see half of a pair. */
export type StoredToken = BrokerToken & {
  readonly session: SessionKey;
  readonly generation: number;
  readonly signedInAt: number;
  readonly issuedAt: number;
  readonly accessExpiresAt: number;
  /** The end that no renewal can move; `null`: none is known. */
  readonly hardEndsAt: number | null;
  /** Keyed hashes of the token's account ids; `null` when the broker could not be asked yet. */
  readonly account: readonly string[] | null;
};

export type TokenRead =
  | { readonly status: 'found'; readonly version: number; readonly token: StoredToken }
  | { readonly status: 'destroyed' }
  | { readonly status: 'missing' };

export type VersionInfo = {
  readonly version: number;
  readonly destroyed: boolean;
  readonly createdAt: number;
};

export interface SessionStore {
  /** The record, or `NEW_RECORD` for a session never written. */
  load(session: SessionKey): Promise<Loaded<SessionRecord>>;
  /**
   * The record as a writer would find it. `load` may lag behind where the store's metadata do; this costs a
   * write there, so it is for decisions that an old record would make wrong for good.
   */
  loadFresh(session: SessionKey): Promise<Loaded<SessionRecord>>;
  /**
   * Says that these are about to be looked at, as they are now. A store for which many single reads cost more
   * than one list reads them together; nothing is lost when it cannot.
   */
  prefetch(sessions: readonly SessionKey[]): Promise<void>;
  replace(session: SessionKey, tag: string, record: SessionRecord): Promise<Replaced>;
  /** Stores a token as the next version and answers its number. Does not move the pointer. */
  addToken(token: StoredToken): Promise<number>;
  /** Reads a version by number: strongly consistent. */
  readToken(session: SessionKey, version: number): Promise<TokenRead>;
  listVersions(session: SessionKey): Promise<readonly VersionInfo[]>;
  /** Destroys a version for good; quiet when it is gone already. */
  destroyVersion(session: SessionKey, version: number): Promise<void>;
  loadService(): Promise<Loaded<ServiceRecord>>;
  replaceService(tag: string, record: ServiceRecord): Promise<Replaced>;
}

/** How many numbers past the pointer are tried: more than the sign-ins of any hour. */
const NEWER_VERSIONS_TRIED = 20;

type Found = { readonly version: number; readonly token: StoredToken };

/**
 * The newest usable token at or after the record's pointer. The pointer is a hint that may lag: N+1,
 * N+2 … are tried by number until one is missing; destroyed versions are skipped. A newer version
 * counts only when its account was verified, so an interrupted foreign sign-in is never picked up.
 *
 * @param pointer the record's `version`
 * @param generation the record's `generation`: with no pointer only newer tokens count, so that one
 *   that was signed out is not found again
 * @param unchecked is handed each newer token whose account is not verified yet
 * @returns `null` when no version at or after the pointer can be read
 */
export async function readNewestToken(
  store: Pick<SessionStore, 'readToken'>,
  session: SessionKey,
  pointer: number | null,
  generation = 0,
  unchecked: (token: StoredToken) => void = () => {},
): Promise<Found | null> {
  let newest: Found | null = null;
  const first = pointer ?? 1;
  for (let version = first; version <= first + NEWER_VERSIONS_TRIED; version += 1) {
    const read = await readOrPass(store, session, version, pointer);
    if (read.status === 'missing') {
      if (version === pointer) continue;
      break;
    }
    if (read.status === 'destroyed') continue;
    const { token } = read;
    if (version !== pointer && token.account === null) {
      unchecked(token);
      continue;
    }
    if (pointer === null && token.generation <= generation) continue;
    const found = { version, token };
    if (newest === null || isNewer(found, newest, pointer)) newest = found;
  }
  return newest;
}

/** A version past the pointer that does not read is passed over: it may have been written by hand. */
async function readOrPass(
  store: Pick<SessionStore, 'readToken'>,
  session: SessionKey,
  version: number,
  pointer: number | null,
): Promise<TokenRead> {
  try {
    return await store.readToken(session, version);
  } catch (error) {
    const unreadable = error instanceof StoreError && error.code === 'STORE_RECORD_INVALID';
    if (!unreadable || version === pointer) throw error;
    return { status: 'destroyed' };
  }
}

function isNewer(found: Found, newest: Found, pointer: number | null): boolean {
  if (found.token.generation !== newest.token.generation) {
    return found.token.generation > newest.token.generation;
  }
  // Two writers raced for one generation. The one that the record points at has won.
  return newest.version !== pointer && found.token.issuedAt > newest.token.issuedAt;
}
