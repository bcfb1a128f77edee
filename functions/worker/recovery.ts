/**
 * Makes a refused or ended token usable again with no human, once for all calls that wait for it.
 *
 * Looks for a newer token first; then wakes the token up at the broker, or asks keep-alive to refresh it:
 * workers never write storage. What only a sign-in helps is said once and then refused at once. Called by
 * `calls.ts`, `ready.ts` and `token`.
 */

import type { Broker, BrokerFailure, ProbeAnswer } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import type { WorkerError } from './errors.ts';
import type { Failures } from './failures.ts';
import type { AskKeepAlive } from './keep-alive.ts';
import type { Ledger } from './ledger.ts';
import { type HeldToken, type Rules, signInReason } from './state.ts';

/** The token a call is made with, and how often any was renewed before. */
export type Using = HeldToken & { readonly renewals: number };

export type Recovery = {
  /**
   * The token to make a call with, now.
   *
   * @throws WorkerError `NOT_SIGNED_IN`, `SIGN_IN_NEEDED`, `STORE_UNAVAILABLE`, `CLOSED`
   */
  readonly usable: () => Using;
  /** The same, refreshed before if its access token has ended. */
  readonly current: () => Promise<Using>;
  /**
   * After it, the call may be made again. All who wait share one recovery.
   *
   * @throws WorkerError when it did not help
   */
  readonly recover: (using: Using, refusal: BrokerFailure) => Promise<void>;
  /** Asks for a token that lasts longer, where there is such a thing. @throws WorkerError */
  readonly lengthen: (using: Using) => Promise<void>;
  /** Only a sign-in helps this token any more. */
  readonly giveUp: (using: HeldToken, problem: string) => WorkerError;
  /** Makes a cheap call with the token, renewing it once if need be. @throws WorkerError */
  readonly prove: () => Promise<void>;
};

/** Where a token comes from that is refreshed before it ends: a worker's own margin. */
const REFRESH_MARGIN_MS = 60_000;

/** Keep-alive is not asked more often than this for a token that still works. */
const ASK_AGAIN_AFTER_MS = 15_000;

const ACCESS_ENDED: BrokerFailure = {
  ok: false,
  reason: 'renewable',
  problem: 'access-ended',
  answered: false,
  status: null,
  retryAfterMs: null,
  skewMs: null,
};

export function createRecovery(options: {
  readonly ledger: Ledger;
  readonly rules: Rules;
  readonly clock: Clock;
  readonly failures: Failures;
  readonly look: () => Promise<boolean>;
  readonly broker: () => Promise<Pick<Broker, 'probe' | 'renew'>>;
  readonly askKeepAlive: AskKeepAlive;
}): Recovery {
  const { ledger, rules, clock, failures, look } = options;
  let recovering: Promise<void> | null = null;
  let proving: Promise<void> | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;

  function usable(): Using {
    const facts = ledger.facts();
    const { held, storeProblem } = facts;
    if (facts.closed) throw failures.closed();
    if (held === null) {
      throw storeProblem === null
        ? failures.notSignedIn()
        : failures.storeUnavailable(storeProblem);
    }
    const reason = signInReason(facts, rules, clock());
    if (reason !== null) {
      ledger.check();
      throw failures.signInNeeded(reason);
    }
    return { ...held, renewals: facts.renewals };
  }

  async function current(): Promise<Using> {
    const using = usable();
    if (rules.renewal !== 'refresh') return using;
    const leftMs = using.token.accessExpiresAt - clock();
    if (leftMs > REFRESH_MARGIN_MS) return using;
    if (leftMs > 0) {
      lengthen(using).catch(() => {});
      return using;
    }
    await recover(using, ACCESS_ENDED);
    return usable();
  }

  async function lengthen(using: Using): Promise<void> {
    const isAsked = clock() - askedAt < ASK_AGAIN_AFTER_MS;
    if (rules.renewal === 'refresh' && !isAsked) await recover(using, ACCESS_ENDED);
  }

  function recover(using: Using, refusal: BrokerFailure): Promise<void> {
    const { held, renewals } = ledger.facts();
    const isDone = held !== null && (held.version !== using.version || renewals > using.renewals);
    if (isDone) return Promise.resolve();
    recovering ??= recoverOnce(using, refusal).finally(() => {
      recovering = null;
    });
    return recovering;
  }

  async function recoverOnce(using: Using, refusal: BrokerFailure): Promise<void> {
    await look();
    const { held } = ledger.facts();
    if (held === null) throw failures.notSignedIn();
    if (held.version !== using.version) return;
    if (refusal.reason === 'sign-in-needed' || rules.renewal === 'none') {
      throw giveUp(using, refusal.problem);
    }
    if (rules.renewal === 'reactivate') await reactivate(using);
    else await refresh(using);
  }

  /** Two workers that do it at once wake up the same token twice, which is harmless. */
  async function reactivate(using: Using): Promise<void> {
    const renewed = await (await options.broker()).renew(using.token);
    if (renewed.ok) return ledger.noteRenewal(clock());
    if (renewed.reason === 'sign-in-needed' || renewed.reason === 'renewable') {
      throw giveUp(using, renewed.problem);
    }
    const error = failures.ofBroker(renewed, true);
    ledger.noteBroker(error.message);
    throw error;
  }

  async function refresh(using: Using): Promise<void> {
    askedAt = clock();
    const asked = await options.askKeepAlive();
    await look();
    const { held } = ledger.facts();
    if (held !== null && held.version !== using.version) return;
    if (asked.ok && asked.signInNeeded) throw giveUp(using, 'refresh-refused');
    const why = asked.ok ? 'it brought no newer token' : asked.problem;
    const error = failures.unavailable(`Keep-alive was asked for a new token: ${why}`, {
      undone: true,
    });
    ledger.noteBroker(error.message);
    throw error;
  }

  function giveUp({ version }: HeldToken, problem: string): WorkerError {
    const { provenVersion, lastUsedAt } = ledger.facts();
    // It works for the service and never worked for us: then our own key is what differs.
    const isOurs = provenVersion === version && lastUsedAt === null;
    ledger.refuse(version, problem);
    return failures.refused(problem, isOurs);
  }

  async function proveOnce(): Promise<void> {
    const using = await current();
    const broker = await options.broker();
    const first = await broker.probe(using.token);
    if (first.ok) return ledger.prove(using.version, clock());
    if (first.reason !== 'renewable' && first.reason !== 'sign-in-needed') throw troubled(first);
    await recover(using, first);
    const next = usable();
    const second = await broker.probe(next.token);
    if (second.ok) return ledger.prove(next.version, clock());
    const isRefused = second.reason === 'renewable' || second.reason === 'sign-in-needed';
    throw isRefused && next.version === using.version
      ? giveUp(next, second.problem)
      : troubled(second);
  }

  function troubled(failure: Exclude<ProbeAnswer, { readonly ok: true }>): WorkerError {
    const error = failures.ofBroker(failure, true);
    ledger.noteBroker(error.message);
    return error;
  }

  return {
    usable,
    current,
    recover,
    lengthen,
    giveUp,
    prove() {
      proving ??= proveOnce().finally(() => {
        proving = null;
      });
      return proving;
    },
  };
}
