/**
 * Finds the newest token of a session and takes it into use; what was seen before is never taken again.
 *
 * Reads by number from the version that the record or an event names, and on to N+1, N+2 …: the record
 * may lag behind. The version in use is not read again, so that its destruction does no harm. Never
 * writes. Called by `follow.ts` and by whoever was refused.
 */

import type { Clock, Wait } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { ReceivedTokenRenewed } from '../events/message.ts';
import { isAttemptLost } from '../lifecycle/attempts.ts';
import type { SessionKey, SessionRecord } from '../lifecycle/session.ts';
import type { Log } from '../logging/log.ts';
import { readNewestToken, type SessionStore } from '../storage/session-store.ts';
import { within } from './bounded.ts';
import type { Ledger } from './ledger.ts';
import { type HeldToken, isLater } from './state.ts';

/** All that a worker does with a store. */
export type TokenStore = Pick<SessionStore, 'load' | 'readToken'>;

export type TokenFinder = {
  /** Looks at record and versions; callers at the same time share one look. Never throws: `false` when the store fails. */
  readonly look: () => Promise<boolean>;
  /** Follows an event to the version it names. Never throws. */
  readonly heard: (event: ReceivedTokenRenewed) => Promise<void>;
};

/** All of one look: a store has shorter deadlines for each of its calls, where it has any. */
const LOOK_WITHIN_MS = 20_000;

/** A turn at the store: what comes after its end is not heeded. */
type Turn = { isOver: boolean };

export function createTokenFinder(options: {
  readonly session: SessionKey;
  readonly store: TokenStore;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly log: Log;
  readonly closing: AbortSignal;
}): TokenFinder {
  const { session, store, ledger, clock, wait, log, closing } = options;
  let last: Promise<unknown> = Promise.resolve();
  let waiting: Promise<boolean> | null = null;
  /** The last version ever held: where to go on after a sign-out, when the record names none. */
  let lastVersion: number | null = null;

  const immutable: Pick<SessionStore, 'readToken'> = {
    async readToken(key, version) {
      const { held } = ledger.facts();
      return held?.version === version
        ? { status: 'found', ...held }
        : store.readToken(key, version);
    },
  };

  /** One after the other: two looks at once could take their tokens in the wrong order. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  }

  function adopt(found: HeldToken): void {
    lastVersion = found.version;
    ledger.adopt(found);
    log.info('token-switched', 'Another token is in use.', {
      generation: found.token.generation,
      version: found.version,
    });
  }

  async function lookOnce(turn: Turn): Promise<void> {
    const { record } = await store.load(session);
    if (turn.isOver) return;
    ledger.noteSignIn(record.pending !== null && !isAttemptLost(record, clock()));
    const { held } = ledger.facts();
    const isAnother = held !== null && (record.issuedAt ?? 0) > held.token.issuedAt;
    const isBehind = held !== null && !isAnother && record.generation < held.token.generation;
    const from = isBehind ? held.version : (record.version ?? lastVersion);
    // In a secret that was made anew the same number is another token.
    const source = isAnother ? store : immutable;
    const found = await readNewestToken(source, session, from, record.generation);
    if (turn.isOver) return;
    if (found !== null && isWanted(found, record)) adopt(found);
    else if (held !== null && record.version === null && !isBehind) ledger.drop();
    heedRecord(record);
  }

  function isWanted(found: HeldToken, record: SessionRecord): boolean {
    const { held } = ledger.facts();
    const { generation } = found.token;
    if (record.version === null && generation <= record.generation) return false;
    if (isLater(found.token, ledger.facts())) return true;
    // Two writers raced for one generation: the one that the record points at has won.
    return (
      held !== null &&
      generation === held.token.generation &&
      found.version === record.version &&
      found.version !== held.version
    );
  }

  /** What the service has found out about the token that we hold. */
  function heedRecord(record: SessionRecord): void {
    const { held, refused } = ledger.facts();
    if (held === null || record.version !== held.version) return;
    ledger.noteUse(Math.max(record.lastUsedAt ?? 0, record.lastRenewedAt ?? 0) || null);
    if (record.proof !== 'proven') return;
    if (refused?.version !== held.version) ledger.prove(held.token, null);
    else if ((record.lastSuccessAt ?? 0) > refused.at) ledger.forgive();
  }

  /** Answers whether the store has served us. */
  async function guarded(work: (turn: Turn) => Promise<void>): Promise<boolean> {
    const turn: Turn = { isOver: false };
    try {
      await within(LOOK_WITHIN_MS, work(turn), { wait, closing, late: overdue });
      ledger.noteStore(null);
      return true;
    } catch (error) {
      turn.isOver = true;
      if (closing.aborted) return false;
      const problem = error instanceof StoreError ? error.message : 'the store cannot be read';
      // Said once, however often it is tried.
      if (problem !== ledger.facts().storeProblem) {
        log.error('token-not-read', 'The token store could not be read.', error);
      }
      ledger.noteStore(problem);
      return false;
    }
  }

  function look(): Promise<boolean> {
    waiting ??= inTurn(() => {
      waiting = null;
      return guarded(lookOnce);
    });
    return waiting;
  }

  return {
    look,
    async heard(event) {
      if (event.session !== session || !isLater(event, ledger.facts())) return;
      const served = await inTurn(() =>
        guarded(async (turn) => {
          if (!isLater(event, ledger.facts())) return;
          // Taken before anything newer is looked for: calls go on with it at once.
          const found = await store.readToken(session, event.version);
          if (turn.isOver || found.status !== 'found') return;
          if (isLater(found.token, ledger.facts())) adopt(found);
        }),
      );
      // What came after it, or instead of it: the version may be gone, or the event old.
      if (served) await look();
    },
  };
}

function overdue(): StoreError {
  return new StoreError(`The token store did not answer within ${LOOK_WITHIN_MS / 1_000} s`, {
    code: 'STORE_UNAVAILABLE',
    retryable: true,
  });
}
