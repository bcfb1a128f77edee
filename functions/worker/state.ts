/**
 * What a worker knows, and what it means at a moment: status, ends, and whether a call may be made.
 *
 * Pure: no I/O, no clock. The facts are kept by `ledger.ts`; everything in this room asks here.
 */

import type { BrokerRules } from '../lifecycle/rules.ts';
import { firstOf, isOver } from '../lifecycle/session.ts';
import type { StoredToken } from '../storage/session-store.ts';
import type { WorkerState } from './worker-session.ts';

export type HeldToken = { readonly version: number; readonly token: StoredToken };

export type Facts = {
  readonly closed: boolean;
  readonly held: HeldToken | null;
  /** The highest generation ever held: older ones are not taken again. */
  readonly seenGeneration: number;
  /** When the newest token ever held was issued: a secret that was made anew counts from 1 again. */
  readonly seenIssuedAt: number;
  /** Version of the token that a call, or somebody's probe, has proven. */
  readonly provenVersion: number | null;
  /** The broker refuses this version for good, in its own word for it. */
  readonly refused: {
    readonly version: number;
    readonly problem: string;
    readonly at: number;
  } | null;
  /** Our own last call that the broker took. */
  readonly lastUsedAt: number | null;
  /** The last use that anybody has written down. */
  readonly usedElsewhereAt: number | null;
  readonly lastRenewedAt: number | null;
  /** Somebody's PIN is being exchanged. */
  readonly isSigningIn: boolean;
  /** How often a token was woken up by us: tells a refusal from before a renewal from one after it. */
  readonly renewals: number;
  readonly storeProblem: string | null;
  readonly brokerProblem: string | null;
  readonly eventsProblem: string | null;
};

export const NO_FACTS: Facts = {
  closed: false,
  held: null,
  seenGeneration: 0,
  seenIssuedAt: 0,
  provenVersion: null,
  refused: null,
  lastUsedAt: null,
  usedElsewhereAt: null,
  lastRenewedAt: null,
  isSigningIn: false,
  renewals: 0,
  storeProblem: null,
  brokerProblem: null,
  eventsProblem: null,
};

export type Rules = Pick<BrokerRules, 'renewal' | 'idleLimitMs'>;

/** Whether a token is later than all that were ever held, by number or, where numbering began anew, by issue. */
export function isLater(
  token: { readonly generation: number; readonly issuedAt: number },
  { seenGeneration, seenIssuedAt }: Pick<Facts, 'seenGeneration' | 'seenIssuedAt'>,
): boolean {
  return token.generation > seenGeneration || token.issuedAt > seenIssuedAt;
}

/** The end after which only a sign-in helps: an access token's own counts where nothing refreshes it. */
export function finalEnd(token: StoredToken, rules: Rules): number | null {
  const { hardEndsAt, accessExpiresAt } = token;
  return rules.renewal === 'refresh' ? hardEndsAt : firstOf(hardEndsAt, accessExpiresAt);
}

/** When the token goes inactive if nobody uses it; `null` where idling does no harm. */
export function idleEnd(facts: Facts, rules: Rules): number | null {
  if (facts.held === null || rules.idleLimitMs === null) return null;
  const starts = [
    facts.held.token.issuedAt,
    facts.lastUsedAt,
    facts.usedElsewhereAt,
    facts.lastRenewedAt,
  ].filter((at) => at !== null);
  return Math.max(...starts) + rules.idleLimitMs;
}

/** Why only a sign-in helps the token that is held; `null` when it is no such token. */
export function signInReason(facts: Facts, rules: Rules, now: number): string | null {
  const { held, refused } = facts;
  if (held === null) return null;
  if (refused?.version === held.version) return `the broker refuses the token (${refused.problem})`;
  const end = finalEnd(held.token, rules);
  return end !== null && isOver(end, now)
    ? `the token ended at ${new Date(end).toISOString()}`
    : null;
}

/** A clock that ends a token sooner than it is needed. */
export type Limit = {
  readonly limitedBy: 'hard-end' | 'access-token' | 'idle';
  readonly endsAt: number;
};

/**
 * The clock that ends the held token before `now + minimumMs`, or `null` when it lasts.
 *
 * Idling counts for spans within the idle limit only: for longer ones any token must be used in between.
 */
export function limitOf(facts: Facts, rules: Rules, now: number, minimumMs: number): Limit | null {
  if (facts.held === null) return null;
  const { hardEndsAt, accessExpiresAt } = facts.held.token;
  const until = now + minimumMs;
  if (hardEndsAt !== null && hardEndsAt < until)
    return { limitedBy: 'hard-end', endsAt: hardEndsAt };
  if (accessExpiresAt < until) return { limitedBy: 'access-token', endsAt: accessExpiresAt };
  const idle = idleEnd(facts, rules);
  if (idle === null || idle >= until || minimumMs > (rules.idleLimitMs ?? 0)) return null;
  return { limitedBy: 'idle', endsAt: idle };
}

export function stateOf(facts: Facts, session: string, rules: Rules, now: number): WorkerState {
  const { held } = facts;
  const reason = signInReason(facts, rules, now);
  const trouble = troubleOf(facts, now);
  const status = facts.closed
    ? 'closed'
    : reason !== null
      ? 'expired'
      : trouble !== null
        ? 'failing'
        : held === null
          ? 'waiting'
          : 'ready';
  return {
    status,
    session,
    generation: held?.token.generation ?? 0,
    proven: held !== null && facts.provenVersion === held.version,
    issuedAt: held?.token.issuedAt ?? null,
    accessExpiresAt: held?.token.accessExpiresAt ?? null,
    hardEndsAt: held?.token.hardEndsAt ?? null,
    lastUsedAt: facts.lastUsedAt,
    problem: reason ?? trouble,
    eventsProblem: facts.eventsProblem,
  };
}

/** Why store or broker do not serve us, or an access token that nobody has refreshed in time. */
export function troubleOf(facts: Facts, now: number): string | null {
  const { held, storeProblem, brokerProblem } = facts;
  if (storeProblem !== null || brokerProblem !== null) return storeProblem ?? brokerProblem;
  return held !== null && isOver(held.token.accessExpiresAt, now)
    ? 'the access token has ended and waits for its refresh'
    : null;
}
