/**
 * Stores a token the broker has issued: first the version, then the pointer with its event in one patch.
 *
 * Adds the version again and again while time allows, since the broker will not issue this token twice.
 * Never moves the pointer back to an older token. Called by the sign-in; the sweep uses `pointAt`.
 */

import type { BrokerToken } from '../brokers/broker.ts';
import { StoreError } from '../errors.ts';
import { compareAccounts } from '../lifecycle/account.ts';
import { hardEndAt } from '../lifecycle/hard-end.ts';
import { firstOf, isOfEarlierSignIn, type SessionRecord } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import type { StoredToken } from '../storage/session-store.ts';
import type { ConfiguredSession, System } from './system.ts';
import { updateSession } from './update-record.ts';

export type NewToken = {
  readonly token: BrokerToken;
  readonly generation: number;
  readonly signedInAt: number;
  readonly issuedAt: number;
  readonly accessLifeMs: number | null;
  /** Whether the broker gives a new refresh token with each refresh. @default false */
  readonly isRotating?: boolean;
  readonly account: readonly string[] | null;
  readonly proven: boolean;
  /** `false` keeps the pointer where it is: the account could not be compared yet. */
  readonly adoptNow: boolean;
  readonly reason: 'sign-in' | 'refreshed';
  /** The attempt it came from; `null` for a refresh. */
  readonly attempt: string | null;
};

export type StoreResult =
  | {
      readonly ok: true;
      readonly generation: number;
      readonly hardEndsAt: number | null;
      readonly version: number;
      /** Whether the record points at it; otherwise the next health check sees to it. */
      readonly pointed: boolean;
      /** `false` while the broker has to say whose token it is. */
      readonly confirmed: boolean;
    }
  | { readonly ok: false };

/** How long the version is tried to be added, well inside the function's own timeout. */
const ADD_FOR_MS = 20_000;
const ADD_PAUSE_MS = 250;
const ADD_PAUSE_MAX_MS = 3_000;

export async function storeToken(
  system: System,
  session: ConfiguredSession,
  fresh: NewToken,
): Promise<StoreResult> {
  const hardEndsAt = hardEndAt(session.broker.rules, fresh);
  const accessEndsAt = fresh.accessLifeMs === null ? null : fresh.issuedAt + fresh.accessLifeMs;
  // A broker that names neither end has told us nothing: the token must be proven again at once.
  const accessExpiresAt = firstOf(accessEndsAt, hardEndsAt) ?? fresh.issuedAt;
  const token: StoredToken = {
    ...fresh.token,
    session: session.key,
    generation: fresh.generation,
    signedInAt: fresh.signedInAt,
    issuedAt: fresh.issuedAt,
    accessExpiresAt,
    hardEndsAt,
    account: fresh.account,
  };
  const version = await addVersion(system, token);
  if (version === null) return { ok: false };
  const confirmed = fresh.adoptNow;
  const saved = { ok: true, generation: fresh.generation, hardEndsAt, version, confirmed } as const;
  if (!fresh.adoptNow) return { ...saved, pointed: false };
  try {
    const pointed = await pointAt(system, session, { ...fresh, token, version });
    // The binding was made while this token was on its way: the sweep discards it.
    if (pointed.type === 'foreign') return { ...saved, pointed: false };
    if (pointed.type !== 'renumber')
      return { ...saved, generation: pointed.generation, pointed: true };
    // Somebody else's token took this generation while ours was on its way: ours is newer, so it gets the next.
    return await storeToken(system, session, { ...fresh, generation: pointed.generation });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    system.log.error(
      'pointer-not-moved',
      'The token is saved; the next health check switches to it.',
      error,
      {
        session: session.key,
        version,
      },
    );
    return { ...saved, pointed: false };
  }
}

export type PointResult =
  | { readonly type: 'moved' | 'already-there' | 'newer-exists'; readonly generation: number }
  | { readonly type: 'renumber'; readonly generation: number }
  /** The record is bound to another account. */
  | { readonly type: 'foreign' };

/**
 * Moves the record's pointer to a stored version, with its event, in one patch.
 *
 * @throws StoreError when the store does not answer or others win every try
 */
export async function pointAt(
  system: System,
  session: ConfiguredSession,
  stored: {
    readonly token: StoredToken;
    readonly version: number;
    readonly proven: boolean;
    readonly reason: 'sign-in' | 'refreshed';
    readonly attempt: string | null;
    readonly account: readonly string[] | null;
  },
): Promise<PointResult> {
  const { token, version } = stored;
  const updated = await updateSession<PointResult>(system, session.key, (record) => {
    const other = standing(record, token, version);
    if (other !== null) return { stop: other };
    const expected = session.account ?? record.account;
    if (compareAccounts(expected, stored.account ?? []) === 'foreign') {
      return { stop: { type: 'foreign' } };
    }
    return {
      next: transition(
        record,
        {
          type: 'token-stored',
          session: session.key,
          version,
          generation: token.generation,
          signedInAt: token.signedInAt,
          issuedAt: token.issuedAt,
          accessExpiresAt: token.accessExpiresAt,
          hardEndsAt: token.hardEndsAt,
          account: stored.account,
          reason: stored.reason,
          at: system.clock(),
          id: stored.attempt,
          proven: stored.proven,
        },
        session.broker.rules,
      ),
    };
  });
  return updated.ok ? { type: 'moved', generation: token.generation } : updated.stopped;
}

/** What the record already holds instead of, or as well as, this token; `null` when it may take it. */
function standing(record: SessionRecord, token: StoredToken, version: number): PointResult | null {
  if (record.version === version) return { type: 'already-there', generation: record.generation };
  if (isOfEarlierSignIn(record, token)) {
    return { type: 'newer-exists', generation: record.generation };
  }
  if (record.generation < token.generation) return null;
  if ((record.issuedAt ?? 0) >= token.issuedAt && record.version !== null) {
    return { type: 'newer-exists', generation: record.generation };
  }
  return { type: 'renumber', generation: record.generation + 1 };
}

async function addVersion(system: System, token: StoredToken): Promise<number | null> {
  const giveUpAt = system.clock() + ADD_FOR_MS;
  for (let pause = ADD_PAUSE_MS; ; pause = Math.min(pause * 2, ADD_PAUSE_MAX_MS)) {
    try {
      return await system.store.addToken(token);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const labels = { session: token.session, generation: token.generation };
      system.log.error('token-not-stored', 'The store did not take the new token.', error, labels);
      if (!error.retryable || system.clock() + pause > giveUpAt) return null;
      await system.wait(pause);
    }
  }
}
