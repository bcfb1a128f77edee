/**
 * Keeps the facts of one connection, tells the news when they change, and wakes whoever waits for a change.
 *
 * The only mutable state of a connection; two connections share none. Never does I/O. Written by
 * `held-token.ts`, `recovery.ts`, `calls.ts` and `follow.ts`.
 */

import type { Clock } from '../clock.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { StoredToken } from '../storage/session-store.ts';
import type { News } from './news.ts';
import {
  type Facts,
  type HeldToken,
  NO_FACTS,
  type Rules,
  signInReason,
  troubleOf,
} from './state.ts';

export type Ledger = {
  readonly facts: () => Facts;
  /** Another token is in use from now on. */
  readonly adopt: (found: HeldToken) => void;
  /** Somebody has signed out. */
  readonly drop: () => void;
  /** The broker took a call with this token, or somebody's probe has proven it. */
  readonly prove: (token: StoredToken, usedAt: number | null) => void;
  readonly noteUse: (usedElsewhereAt: number | null) => void;
  readonly noteRenewal: (at: number) => void;
  /** Whether the record shows a sign-in that is under way. */
  readonly noteSignIn: (isSigningIn: boolean) => void;
  /** Only a sign-in helps this version. */
  readonly refuse: (version: number, problem: string) => void;
  /** The service has proven since what the broker refused us. */
  readonly forgive: () => void;
  readonly noteStore: (problem: string | null) => void;
  readonly noteBroker: (problem: string | null) => void;
  readonly noteEvents: (problem: string | null) => void;
  readonly close: () => void;
  /** Looks at the clock: a token may have ended with nobody calling. */
  readonly check: () => void;
  /** Resolves at the next change. */
  readonly changed: () => Promise<void>;
  /** Called when another token is in use, or none. */
  readonly onSwitch: (listener: () => void) => void;
};

export function createLedger(options: {
  readonly session: SessionKey;
  readonly rules: Rules;
  readonly signInUrl: string | null;
  readonly clock: Clock;
  readonly news: News;
}): Ledger {
  const { session, rules, signInUrl, clock, news } = options;
  let facts: Facts = NO_FACTS;
  /** By what it is, not by number: a secret that was made anew counts from 1 again. */
  let toldExpired: StoredToken | null = null;
  let toldFailing = false;
  let next = Promise.withResolvers<void>();
  const switchListeners: (() => void)[] = [];

  function change(changes: Partial<Facts>): void {
    if (facts.closed) return;
    const before = facts;
    facts = { ...facts, ...changes };
    const waiting = next;
    next = Promise.withResolvers<void>();
    waiting.resolve();
    if (before.held !== facts.held) for (const tell of switchListeners) tell();
    if (before.held !== facts.held && facts.held !== null) {
      news.tell('renewed', { session, generation: facts.held.token.generation });
    }
    if (before.held !== null && facts.held === null) tellExpired(before.held);
    tellTrouble();
  }

  function tellExpired({ token }: HeldToken): void {
    if (toldExpired === token || facts.closed) return;
    toldExpired = token;
    news.tell('expired', { session, generation: token.generation, signInUrl });
  }

  function tellTrouble(): void {
    if (facts.closed) return;
    const now = clock();
    const reason = signInReason(facts, rules, now);
    if (facts.held !== null && reason !== null) tellExpired(facts.held);
    const problem = troubleOf(facts, now);
    if (problem !== null && !toldFailing) {
      toldFailing = true;
      news.tell('failing', { session, problem });
    }
    const isForgiven = toldExpired !== null && toldExpired === facts.held?.token;
    if (reason !== null || problem !== null || !(toldFailing || isForgiven)) return;
    toldFailing = false;
    if (isForgiven) toldExpired = null;
    news.tell('recovered', { session });
  }

  return {
    facts: () => facts,
    adopt(found) {
      change({
        held: found,
        seenGeneration: found.token.generation,
        seenIssuedAt: Math.max(facts.seenIssuedAt, found.token.issuedAt),
        // Of another token, whatever number its version had.
        provenVersion: null,
        refused: null,
        usedElsewhereAt: null,
        lastUsedAt: null,
        lastRenewedAt: null,
      });
    },
    drop: () => change({ held: null }),
    prove(token, usedAt) {
      const { held, refused } = facts;
      // An answer to a call with the token before says nothing of the one in use.
      if (held?.token !== token) {
        return usedAt === null ? undefined : change({ brokerProblem: null });
      }
      const { version } = held;
      if (usedAt === null && facts.provenVersion === version) return;
      change({
        ...(usedAt === null ? {} : { lastUsedAt: usedAt, brokerProblem: null }),
        provenVersion: version,
        refused: refused?.version === version ? null : refused,
      });
    },
    noteUse(usedElsewhereAt) {
      facts = { ...facts, usedElsewhereAt };
    },
    noteSignIn(isSigningIn) {
      facts = { ...facts, isSigningIn };
    },
    noteRenewal: (at) => change({ lastRenewedAt: at, renewals: facts.renewals + 1 }),
    refuse: (version, problem) => change({ refused: { version, problem, at: clock() } }),
    forgive: () => change({ refused: null }),
    noteStore(problem) {
      if (problem !== facts.storeProblem) change({ storeProblem: problem });
    },
    noteBroker(problem) {
      if (problem !== facts.brokerProblem) change({ brokerProblem: problem });
    },
    noteEvents(problem) {
      if (problem !== facts.eventsProblem) change({ eventsProblem: problem });
    },
    close: () => change({ closed: true }),
    check: () => tellTrouble(),
    changed: () => next.promise,
    onSwitch: (listener) => void switchListeners.push(listener),
  };
}
