/**
 * Which token a call is made with, and one recovery for all calls that were refused with the same one.
 *
 * What only a sign-in helps is said once and then refused at once. The steps are those of `restore.ts`.
 * Called by `calls.ts`, `ready.ts` and `token`.
 */

import type { Broker, BrokerFailure } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import type { Brake } from './brake.ts';
import type { WorkerError } from './errors.ts';
import type { Failures } from './failures.ts';
import type { Ledger } from './ledger.ts';
import { type Doubt, isRefused, type Restore, type Verdict } from './restore.ts';
import { createShared } from './shared.ts';
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
   * `again`: the call may be made again · `works`: the refusal is between the broker and the caller. All
   * who wait for the same token share one recovery; after one that failed the next has to wait.
   *
   * @throws WorkerError when it did not help
   */
  readonly recover: (using: Using, refusal: BrokerFailure, doubt: Doubt) => Promise<Verdict>;
  /** Asks for a token that lasts longer, where there is such a thing. @throws WorkerError */
  readonly lengthen: (using: Using) => Promise<void>;
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
  readonly broker: () => Promise<Pick<Broker, 'probe'>>;
  readonly steps: Restore;
  readonly brake: Brake;
}): Recovery {
  const { ledger, rules, clock, failures, steps, brake } = options;
  const recovering = createShared<HeldToken['token'], Verdict>();
  const proving = createShared<HeldToken['token'] | null, void>();
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
    await recover(using, ACCESS_ENDED, 'renew');
    return usable();
  }

  async function lengthen(using: Using): Promise<void> {
    if (rules.renewal !== 'refresh' || clock() - askedAt < ASK_AGAIN_AFTER_MS) return;
    askedAt = clock();
    await recover(using, ACCESS_ENDED, 'renew');
  }

  async function recover(using: Using, refusal: BrokerFailure, doubt: Doubt): Promise<Verdict> {
    const { held, renewals } = ledger.facts();
    const isDone = held !== null && (held.token !== using.token || renewals > using.renewals);
    if (isDone) return 'again';
    return recovering(using.token, async () => {
      brake.check('recovery');
      return steps.restore(using, refusal, doubt);
    });
  }

  async function proveOnce(): Promise<void> {
    brake.check('configuration', 'clock');
    const using = await current();
    const broker = await options.broker();
    const first = await broker.probe(using.token);
    if (first.ok) return proven(using);
    if (!isRefused(first)) throw heldBack(first);
    brake.passed('configuration', 'clock');
    await recover(using, first, 'asked');
    const next = usable();
    const second = await broker.probe(next.token);
    if (second.ok) return proven(next);
    if (isRefused(second) && next.token === using.token) {
      await steps.surrender(next, second.problem);
    }
    throw heldBack(second);
  }

  function proven(using: Using): void {
    ledger.prove(using.token, clock());
    brake.passed('configuration', 'clock', 'token');
  }

  function heldBack(failure: BrokerFailure): WorkerError {
    const error = steps.troubled(failure);
    const { reason } = failure;
    return reason === 'configuration' || reason === 'clock' ? brake.failed(reason, error) : error;
  }

  return {
    usable,
    current,
    recover,
    lengthen,
    prove: () => proving(ledger.facts().held?.token ?? null, proveOnce),
  };
}
