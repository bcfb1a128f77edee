/**
 * The steps that make one refused token usable again, or find out that only a person can.
 *
 * A newer token first; then the token is woken up at the broker, or keep-alive is asked to refresh it. It
 * is given up only after a probe was refused as well: one endpoint's word is not the broker's. Workers
 * never write storage. Called by `recovery.ts`, once for all who wait.
 */

import type { Broker, BrokerFailure } from '../brokers/broker.ts';
import type { Clock, Wait } from '../clock.ts';
import { isOver } from '../lifecycle/session.ts';
import type { Brake } from './brake.ts';
import { WorkerError, type WorkerErrorCode } from './errors.ts';
import type { Failures } from './failures.ts';
import type { AskKeepAlive } from './keep-alive.ts';
import type { Ledger } from './ledger.ts';
import type { HeldToken, Rules } from './state.ts';

/** `again` another token is held, or this one was woken up · `works` a probe has just worked with it. */
export type Verdict = 'again' | 'works';

/**
 * What is done first: `renew` what the broker calls a refused token · `ask` it first, for a refusal that one
 * endpoint may have meant for itself · `asked` it was a probe that was refused.
 */
export type Doubt = 'renew' | 'ask' | 'asked';

export type Restore = {
  /** @throws WorkerError when it did not help */
  readonly restore: (using: HeldToken, refusal: BrokerFailure, doubt: Doubt) => Promise<Verdict>;
  /** Only a sign-in helps this token any more, unless it was brought already. @throws WorkerError */
  readonly surrender: (using: HeldToken, problem: string) => Promise<'again'>;
  /** Trouble that is no refusal of the token. */
  readonly troubled: (failure: BrokerFailure) => WorkerError;
};

/** Calls that are refused right after a probe has worked ask for no other. */
const WORKED_JUST_NOW_MS = 5_000;

/** Far within any idle limit: a token that was woken up so lately does not sleep. */
const RENEWED_JUST_NOW_MS = 60_000;

/** Somebody is signing in at this moment: a token that comes within this spares an alarm. */
const SIGN_IN_AWAITED_MS = 10_000;
const LOOK_EVERY_MS = 1_000;

/** What is refused before anything is sent. */
const NOTHING_TO_TRY: ReadonlySet<WorkerErrorCode> = new Set([
  'NOT_SIGNED_IN',
  'SIGN_IN_NEEDED',
  'CLOSED',
]);

/** Why a renewal did not help. */
type Setback =
  /** Refused for good. */
  | { readonly type: 'refused'; readonly problem: string }
  | { readonly type: 'trouble'; readonly error: WorkerError };

export function createRestore(options: {
  readonly ledger: Ledger;
  readonly rules: Rules;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly failures: Failures;
  readonly look: () => Promise<boolean>;
  readonly broker: () => Promise<Pick<Broker, 'glance' | 'renew'>>;
  readonly askKeepAlive: AskKeepAlive;
  readonly brake: Brake;
  /** The broker has refused key or secret. */
  readonly doubtCredentials: () => void;
  /** Aborted when the connection is closed. */
  readonly closing: AbortSignal;
}): Restore {
  const { ledger, rules, clock, failures, look, brake, closing } = options;
  let worked: { readonly token: HeldToken['token']; readonly at: number } | null = null;

  async function restore(using: HeldToken, refusal: BrokerFailure, doubt: Doubt): Promise<Verdict> {
    try {
      const verdict = await tryAll(using, refusal, doubt);
      brake.passed('recovery', 'token');
      return verdict;
    } catch (error) {
      if (!(error instanceof WorkerError) || NOTHING_TO_TRY.has(error.code)) throw error;
      throw brake.failed('recovery', error);
    }
  }

  async function tryAll(using: HeldToken, refusal: BrokerFailure, doubt: Doubt): Promise<Verdict> {
    if (worked?.token === using.token && clock() - worked.at < WORKED_JUST_NOW_MS) return 'works';
    await look();
    if (isReplaced(using)) return 'again';
    let last = refusal;
    // A token past its end needs no proof of that.
    let isAsked = doubt === 'asked' || isOver(using.token.accessExpiresAt, clock());
    // To wake a token up costs no more than a probe; a refresh replaces it for everybody.
    const isCheap = rules.renewal === 'reactivate' && refusal.reason === 'renewable';
    if (!isAsked && refusal.answered && (doubt === 'ask' || !isCheap)) {
      const asked = await ask(using);
      if (asked === null) return 'works';
      last = asked;
      isAsked = true;
    }
    const setback = last.reason === 'renewable' ? await renew(using) : null;
    if (setback === 'renewed') return 'again';
    // A sign-in is the likeliest reason why a renewal fails.
    if (setback !== null) await look();
    if (isReplaced(using)) return 'again';
    if (!isAsked) {
      const asked = await ask(using).catch((error: unknown) => {
        throw setback?.type === 'trouble' ? notRenewed(setback.error, refusal) : error;
      });
      if (asked === null) return 'works';
    }
    if (setback?.type === 'trouble') throw notRenewed(setback.error, refusal);
    return surrender(using, setback?.problem ?? last.problem);
  }

  /** Calls with a token that the broker has refused need not be sent until it is renewed. */
  function notRenewed(error: WorkerError, { answered }: BrokerFailure): WorkerError {
    if (answered) brake.failed('token', error);
    return error;
  }

  /** A cheap call with the token: `null` when it works, else the refusal. @throws WorkerError for trouble */
  async function ask(using: HeldToken): Promise<BrokerFailure | null> {
    const seen = await (await options.broker()).glance(using.token);
    if (!seen.ok) {
      if (isRefused(seen)) return seen;
      throw troubled(seen);
    }
    worked = { token: using.token, at: clock() };
    ledger.prove(using.token, clock());
    return null;
  }

  /** `null` where nothing can be renewed, or was a moment ago. */
  async function renew(using: HeldToken): Promise<Setback | 'renewed' | null> {
    if (rules.renewal === 'refresh') return refresh(using);
    const { lastRenewedAt } = ledger.facts();
    const isDone = lastRenewedAt !== null && clock() - lastRenewedAt < RENEWED_JUST_NOW_MS;
    return rules.renewal === 'none' || isDone ? null : reactivate(using);
  }

  /** Two workers that do it at once wake up the same token twice, which is harmless. */
  async function reactivate(using: HeldToken): Promise<Setback | 'renewed'> {
    const renewed = await (await options.broker()).renew(using.token);
    if (renewed.ok) {
      ledger.noteRenewal(clock());
      return 'renewed';
    }
    return isRefused(renewed)
      ? { type: 'refused', problem: renewed.problem }
      : { type: 'trouble', error: troubled(renewed) };
  }

  async function refresh(using: HeldToken): Promise<Setback | 'renewed'> {
    const asked = await options.askKeepAlive();
    await look();
    if (isReplaced(using)) return 'renewed';
    if (asked.ok && asked.signInNeeded) return { type: 'refused', problem: 'refresh-refused' };
    const why = asked.ok ? 'it brought no newer token' : asked.problem;
    const problem = `Keep-alive was asked for a new token: ${why}`;
    const error = failures.unavailable(problem, { undone: true });
    ledger.noteBroker(error.message);
    return { type: 'trouble', error };
  }

  async function surrender(using: HeldToken, problem: string): Promise<'again'> {
    const endsAt = clock() + SIGN_IN_AWAITED_MS;
    for (;;) {
      await look();
      if (isReplaced(using)) return 'again';
      if (!ledger.facts().isSigningIn || clock() >= endsAt || closing.aborted) break;
      await options.wait(LOOK_EVERY_MS, closing);
    }
    const { provenVersion, lastUsedAt } = ledger.facts();
    // It works for the service and never worked for us: then our own key is what differs.
    const isOurs = provenVersion === using.version && lastUsedAt === null;
    ledger.refuse(using.version, problem);
    if (isOurs) options.doubtCredentials();
    throw failures.refused(problem, isOurs);
  }

  /** @throws WorkerError `NOT_SIGNED_IN`: somebody has signed out */
  function isReplaced(using: HeldToken): boolean {
    const { held } = ledger.facts();
    if (held === null) throw failures.notSignedIn();
    return held.token !== using.token;
  }

  function troubled(failure: BrokerFailure): WorkerError {
    const error = failures.ofBroker(failure, true);
    if (failure.reason === 'configuration') options.doubtCredentials();
    ledger.noteBroker(error.message);
    return error;
  }

  return { restore, surrender, troubled };
}

/** Whether it is the token that was refused. */
export function isRefused(failure: BrokerFailure): boolean {
  return failure.reason === 'renewable' || failure.reason === 'sign-in-needed';
}
