/**
 * Turns a PIN into a stored token: claim, exchange, account check, store, point, tell.
 *
 * The claim proves the store writable before the PIN is spent, and makes a second post of the same PIN
 * wait for the first. Never sends a PIN twice as typed, never moves the pointer to a foreign account.
 * Called by the sign-in page, the broker's callback and the command line.
 */

import type { BrokerFailure, CompleteAnswer, OpenSignIn } from '../brokers/broker.ts';
import { StoreError } from '../errors.ts';
import { attemptsLeft } from '../lifecycle/attempts.ts';
import { wasNeverSent } from '../lifecycle/never-sent.ts';
import type { SessionRecord } from '../lifecycle/session.ts';
import { readVerifier } from '../lifecycle/verifier.ts';
import { Secret } from '../secret.ts';
import { checkAccount } from './check-account.ts';
import { type Followed, followSignIn } from './follow-sign-in.ts';
import { lastGeneration } from './last-generation.ts';
import { discardToken } from './revoke-token.ts';
import { settleSession } from './settle-session.ts';
import {
  attemptId,
  awaitFirst,
  type Claim,
  claimAttempt,
  type FailedOutcome,
  noteFailure,
  withdrawAttempt,
} from './sign-in-attempt.ts';
import { storeToken } from './store-token.ts';
import type { ConfiguredSession, System } from './system.ts';
import { tell, tellSpent } from './tell.ts';

const SECOND_GLANCE_AFTER_MS = 1_000;

export type SignInAnswer = {
  /** The sign-in that this browser (or terminal) opened; `null` when there is none. */
  readonly signIn: OpenSignIn | null;
  /** The PIN as typed, or the verifier of a registered callback. */
  readonly verifier: Secret;
  /** The command line: no limit on wrong PINs. */
  readonly exempt?: boolean;
};

export type CompleteResult =
  | {
      readonly ok: true;
      readonly generation: number;
      /** `null`: none is known. */
      readonly hardEndsAt: number | null;
      readonly follow: Followed;
    }
  /** Nothing was spent. */
  | {
      readonly ok: false;
      readonly reason:
        | 'verifier-empty'
        | 'verifier-too-long'
        /** It cannot be a PIN or code of this broker. */
        | 'verifier-malformed'
        | 'sign-in-expired'
        | 'no-open-sign-in';
    }
  | { readonly ok: false; readonly reason: 'too-many-attempts'; readonly retryAt: number }
  | { readonly ok: false; readonly reason: 'store-unavailable' }
  /** The broker said no: the sign-in must be started again. */
  | { readonly ok: false; readonly reason: 'pin-rejected'; readonly attemptsLeft: number }
  | { readonly ok: false; readonly reason: 'foreign-account' }
  /** `failure.answered` false: nobody knows whether the PIN is spent. */
  | { readonly ok: false; readonly reason: 'broker'; readonly failure: BrokerFailure }
  /** No connection to the broker came about: the PIN was not sent, and the sign-in stays open. */
  | { readonly ok: false; readonly reason: 'not-sent'; readonly failure: BrokerFailure }
  /** The PIN is spent and the token could not be saved: start again. */
  | { readonly ok: false; readonly reason: 'spent-not-saved' }
  /** Another request exchanges a PIN for this session and has not finished. */
  | { readonly ok: false; readonly reason: 'in-progress' };

export async function completeSignIn(
  system: System,
  session: ConfiguredSession,
  answer: SignInAnswer,
): Promise<CompleteResult> {
  const read = readVerifier(answer.verifier.reveal(), session.broker.verifierShape);
  if (!read.ok) return { ok: false, reason: `verifier-${read.reason}` };
  const { verifier: typed } = read;
  const { signIn } = answer;
  if (signIn === null) return { ok: false, reason: 'no-open-sign-in' };
  const id = attemptId(session.broker, signIn, typed);

  let claim: Claim;
  try {
    const exempt = answer.exempt === true;
    claim = await claimAttempt(system, session, id, signIn, { exempt, settled: false });
    if (claim.type === 'another-died') {
      // What it left is adopted first, or two tokens would share a generation.
      await settleSession(system, session, { prune: false, reportLost: false });
      claim = await claimAttempt(system, session, id, signIn, { exempt, settled: true });
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    system.log.error(
      'sign-in-not-claimed',
      'The store is not writable: the PIN was not sent.',
      error,
      {
        session: session.key,
      },
    );
    return { ok: false, reason: 'store-unavailable' };
  }
  switch (claim.type) {
    case 'refused':
      return claim.result;
    case 'another-died':
      return { ok: false, reason: 'in-progress' };
    case 'first-is-at-work':
      return awaitFirst(system, session, id);
    case 'claimed':
      return exchange(system, session, signIn, typed, id, claim.record);
  }
}

async function exchange(
  system: System,
  session: ConfiguredSession,
  signIn: OpenSignIn,
  typed: string,
  id: string,
  claimed: SessionRecord,
): Promise<CompleteResult> {
  const { broker } = session;
  const log = system.log.with({ session: session.key });
  const failed = (outcome: FailedOutcome): Promise<SessionRecord | null> =>
    noteFailure(system, session, id, outcome);

  let exchanged: CompleteAnswer = await broker.complete(signIn, new Secret(typed));
  const upper = typed.toUpperCase();
  if (!exchanged.ok && !exchanged.answered && wasNeverSent(exchanged.problem)) {
    log.warn('pin-not-sent', 'The broker could not be reached: the PIN was not sent.', {
      problem: exchanged.problem,
    });
    await withdrawAttempt(system, session, id);
    return { ok: false, reason: 'not-sent', failure: exchanged };
  }
  const mayBeRetyped = broker.verifierKind === 'pin' && upper !== typed;
  if (!exchanged.ok && exchanged.reason === 'sign-in-needed' && mayBeRetyped) {
    exchanged = await broker.complete(signIn, new Secret(upper));
  }
  if (!exchanged.ok) {
    log.warn('pin-refused', 'The broker did not take the PIN.', {
      reason: exchanged.reason,
      problem: exchanged.problem,
      status: exchanged.status,
      answered: exchanged.answered,
    });
    if (exchanged.reason === 'sign-in-needed') {
      const record = await failed('pin-rejected');
      const left = attemptsLeft(record ?? claimed, system.clock());
      return { ok: false, reason: 'pin-rejected', attemptsLeft: left };
    }
    await failed('broker-failed');
    return { ok: false, reason: 'broker', failure: exchanged };
  }

  let checked = await checkAccount(system, session, exchanged.token, claimed, 'glance');
  if (checked.type === 'refused') {
    // A token that is seconds old may not be known to every server of the broker yet.
    await system.wait(SECOND_GLANCE_AFTER_MS);
    checked = await checkAccount(system, session, exchanged.token, claimed, 'glance');
  }
  if (checked.type === 'foreign') {
    await discardToken(session, exchanged.token);
    log.warn(
      'sign-in-foreign-account',
      'Another broker account signed in; its token was discarded.',
    );
    // Told before it is written down: a crash in between leaves an attempt that the next run looks into.
    const told = await tell(system, [
      {
        id: `${session.key}/foreign-account/${id}`,
        notice: { kind: 'sign-in-needed', session: session.key, trouble: 'foreign-account' },
      },
    ]);
    if (told.saved) await failed('foreign-account');
    return { ok: false, reason: 'foreign-account' };
  }
  if (checked.type === 'refused') {
    log.warn('sign-in-token-refused', 'The broker refuses the token it has just issued.', {
      problem: checked.failure.problem,
      status: checked.failure.status,
    });
    await failed('broker-failed');
    return {
      ok: false,
      reason: 'broker',
      failure: { ...checked.failure, reason: 'configuration' },
    };
  }

  const stored = await storeToken(system, session, {
    token: exchanged.token,
    generation: (await lastGeneration(system, session, claimed, exchanged.issuedAt)) + 1,
    signedInAt: exchanged.issuedAt,
    issuedAt: exchanged.issuedAt,
    accessLifeMs: exchanged.accessLifeMs,
    account: checked.account,
    proven: checked.proven,
    adoptNow: checked.verified,
    reason: 'sign-in',
    attempt: id,
  });
  if (!stored.ok) {
    if ((await tellSpent(system, session, id)).saved) await failed('store-failed');
    return { ok: false, reason: 'spent-not-saved' };
  }
  const { generation, hardEndsAt } = stored;
  const followed = await followSignIn(system, session, stored);
  if (followed === 'foreign-account') return { ok: false, reason: 'foreign-account' };
  return { ok: true, generation, hardEndsAt, follow: followed };
}
