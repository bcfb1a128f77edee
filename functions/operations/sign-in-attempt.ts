/**
 * One PIN, one attempt: claims the right to spend it, waits for whoever claimed it first, writes down what
 * came of it.
 *
 * The claim is a compare-and-set on the session's record, so it also proves the store writable. Never
 * talks to a broker and never holds a PIN, only its keyed hash. Called by the sign-in.
 */

import { createHmac } from 'node:crypto';
import type { Broker, OpenSignIn } from '../brokers/broker.ts';
import { StoreError } from '../errors.ts';
import { attemptsLeft, isAttemptLost, nextAttemptAt } from '../lifecycle/attempts.ts';
import type { SignInChange } from '../lifecycle/changes.ts';
import type { SessionRecord, SignInOutcome } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import type { CompleteResult } from './complete-sign-in.ts';
import type { ConfiguredSession, System } from './system.ts';
import { type Change, updateSession } from './update-record.ts';

/** How long a second post of one PIN waits for the first, and how often it looks. */
const WAIT_FOR_FIRST_MS = 25_000;
const LOOK_EVERY_MS = 400;

/**
 * Names one attempt of one sign-in without giving it away: keyed with the sign-in's secret. Upper and lower
 * case are one PIN: the second is tried as the first. A redirect has one attempt, whatever code it brings:
 * its `state` is good once.
 */
export function attemptId(
  { verifierKind }: Pick<Broker, 'verifierKind'>,
  signIn: OpenSignIn,
  verifier: string,
): string {
  const tried = verifierKind === 'pin' ? verifier.toUpperCase() : '';
  return createHmac('sha256', signIn.secret.reveal())
    .update(`${signIn.id}\n${tried}`)
    .digest('base64url')
    .slice(0, 22);
}

export type FailedOutcome = Exclude<SignInOutcome, 'stored'>;

export type Claim =
  | { readonly type: 'claimed'; readonly record: SessionRecord }
  | { readonly type: 'first-is-at-work' }
  /** An earlier attempt died: whatever it left must be settled before a new one begins. */
  | { readonly type: 'another-died' }
  | { readonly type: 'refused'; readonly result: CompleteResult };

/** @throws StoreError when the claim cannot be written: then nothing is spent */
export async function claimAttempt(
  system: System,
  session: ConfiguredSession,
  id: string,
  signIn: Pick<OpenSignIn, 'expiresAt'>,
  options: {
    readonly exempt: boolean;
    readonly settled: boolean;
    /** What brought no token may be tried again: nothing of it was spent. @default false */
    readonly repeatable?: boolean;
  },
): Promise<Claim> {
  const { exempt } = options;
  const claim: Change<SessionRecord, Claim> = (record) => {
    const now = system.clock();
    const refused = (result: CompleteResult): { stop: Claim } => ({
      stop: { type: 'refused', result },
    });
    const { rules } = session.broker;
    if (!options.settled && isAttemptLost(record, now)) return { stop: { type: 'another-died' } };
    // An attempt that died must not count as a wrong PIN, nor its PIN be sent again.
    const settled = transition(record, { type: 'attempt-lost', at: now }, rules);
    const isDone = options.repeatable !== true || settled.lastSignIn?.outcome === 'stored';
    if (settled.lastSignIn?.id === id && isDone) return refused(resultOf(settled, now));
    if (settled.pending !== null) {
      if (settled.pending.id === id) return { stop: { type: 'first-is-at-work' } };
      return refused({ ok: false, reason: 'in-progress' });
    }
    if (signIn.expiresAt <= now) return refused({ ok: false, reason: 'sign-in-expired' });
    if (!exempt && attemptsLeft(settled, now) === 0) {
      const retryAt = nextAttemptAt(settled, now);
      return refused({ ok: false, reason: 'too-many-attempts', retryAt });
    }
    return { next: transition(settled, { type: 'attempt-started', id, at: now }, rules) };
  };
  const claimed = await updateSession(system, session.key, claim, { certain: true });
  return claimed.ok ? { type: 'claimed', record: claimed.record } : claimed.stopped;
}

/** Gives back an attempt whose PIN never left: it may be sent again. */
export async function withdrawAttempt(
  system: System,
  session: ConfiguredSession,
  id: string,
): Promise<void> {
  await noteChange(system, session, { type: 'attempt-withdrawn', id });
}

/** Writes a failed attempt down. */
export async function noteFailure(
  system: System,
  session: ConfiguredSession,
  id: string,
  outcome: FailedOutcome,
): Promise<SessionRecord | null> {
  const at = system.clock();
  return noteChange(system, session, { type: 'attempt-failed', id, outcome, at });
}

/** A store that fails now must not hide what the broker said. */
async function noteChange(
  system: System,
  session: ConfiguredSession,
  change: SignInChange,
): Promise<SessionRecord | null> {
  const { rules } = session.broker;
  try {
    const updated = await updateSession(system, session.key, (record) => ({
      next: transition(record, change, rules),
    }));
    return updated.ok ? updated.record : null;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    system.log.error('attempt-not-noted', 'A failed sign-in could not be written down.', error, {
      session: session.key,
    });
    return null;
  }
}

/** What the first post of this PIN came to, or `in-progress` when it takes too long. */
export async function awaitFirst(
  system: System,
  session: ConfiguredSession,
  id: string,
): Promise<CompleteResult> {
  const giveUpAt = system.clock() + WAIT_FOR_FIRST_MS;
  while (system.clock() < giveUpAt) {
    await system.wait(LOOK_EVERY_MS);
    const record = await look(system, session);
    if (record === null) continue;
    if (record.lastSignIn?.id === id) return resultOf(record, system.clock());
    if (record.pending?.id !== id) break;
  }
  return { ok: false, reason: 'in-progress' };
}

/** The record, or `null` when the store does not answer just now. */
async function look(system: System, session: ConfiguredSession): Promise<SessionRecord | null> {
  try {
    return (await system.store.load(session.key)).record;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return null;
  }
}

/** The last attempt as its own post would have told it. */
function resultOf(record: SessionRecord, now: number): CompleteResult {
  switch (record.lastSignIn?.outcome) {
    case 'stored': {
      const follow = record.undelivered.length === 0 ? 'told' : 'queued';
      const { generation, hardEndsAt } = record;
      return { ok: true, generation, hardEndsAt, follow };
    }
    case 'pin-rejected':
      return { ok: false, reason: 'pin-rejected', attemptsLeft: attemptsLeft(record, now) };
    case 'foreign-account':
      return { ok: false, reason: 'foreign-account' };
    case 'store-failed':
    case 'lost':
      return { ok: false, reason: 'spent-not-saved' };
    case 'broker-failed':
    case undefined:
      return { ok: false, reason: 'sign-in-expired' };
  }
}
