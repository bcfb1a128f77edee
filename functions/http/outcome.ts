/**
 * What an action of the pages came to, small enough to travel in the cookie to the page that shows it.
 *
 * Holds no secret: no PIN, no token. Made by the routes from the operations' results, read back from the
 * cookie after the redirect (Post/Redirect/Get), put into words by `pages/`.
 */

import * as z from 'zod';
import type { BrokerFailure } from '../brokers/broker.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { CompleteResult } from '../operations/complete-sign-in.ts';
import type { ForceResult } from '../operations/renew-sessions.ts';
import type { RevokeResult } from '../operations/revoke-session.ts';
import type { StartResult } from '../operations/start-sign-in.ts';

/** An outcome older than this is no news: the page shows the present state alone. */
const SHOWN_FOR_MS = 10 * 60_000;

const failure = {
  reason: z.enum(['sign-in-needed', 'renewable', 'configuration', 'clock', 'transient']),
  problem: z.string(),
  answered: z.boolean(),
};

const plain = <W extends string>(...words: [W, ...W[]]) => z.object({ word: z.enum(words) });

const resultSchema = z.discriminatedUnion('word', [
  z.object({
    word: z.literal('signed-in'),
    generation: z.number(),
    hardEndsAt: z.number().nullable(),
    follow: z.enum(['told', 'queued', 'adopting']),
  }),
  plain(
    'verifier-empty',
    'verifier-too-long',
    'verifier-malformed',
    'sign-in-expired',
    'no-open-sign-in',
    'store-unavailable',
    'foreign-account',
    'spent-not-saved',
    'in-progress',
    'signed-out',
    'nothing-to-sign-out',
    'declined',
  ),
  z.object({ word: z.literal('too-many-attempts'), retryAt: z.number() }),
  z.object({ word: z.literal('pin-rejected'), attemptsLeft: z.number() }),
  /** The broker's redirect brought no code; `problem` is its word. */
  z.object({ word: z.literal('not-granted'), problem: z.string() }),
  z.object({ word: z.literal('start-failed'), ...failure }),
  z.object({ word: z.literal('exchange-failed'), ...failure }),
  /** No connection came about: the PIN was not sent. */
  z.object({ word: z.literal('not-sent'), problem: z.string() }),
  z.object({ word: z.literal('sign-out-failed'), ...failure }),
  z.object({ word: z.literal('renewed'), done: z.number(), failed: z.number() }),
  z.object({ word: z.literal('renewed-lately'), retryAt: z.number() }),
]);

export const outcomeSchema = z.object({
  /** Epoch milliseconds. */
  at: z.number(),
  /** The session it belongs to, `null` for all of them. */
  session: z.string().nullable(),
  result: resultSchema,
});

export type OutcomeResult = z.infer<typeof resultSchema>;
export type Outcome = z.infer<typeof outcomeSchema>;

/** The outcome if it belongs to this page (`null`: the dashboard) and is news at `now`. */
export function newsFor(
  outcome: Outcome | null,
  session: SessionKey | null,
  now: number,
): Outcome | null {
  if (outcome === null || now - outcome.at > SHOWN_FOR_MS) return null;
  return session === null || outcome.session === session ? outcome : null;
}

export function completeOutcome(result: CompleteResult): OutcomeResult {
  if (result.ok) {
    const { generation, hardEndsAt, follow } = result;
    return { word: 'signed-in', generation, hardEndsAt, follow };
  }
  switch (result.reason) {
    case 'too-many-attempts':
      return { word: result.reason, retryAt: result.retryAt };
    case 'pin-rejected':
      return { word: result.reason, attemptsLeft: result.attemptsLeft };
    case 'not-sent':
      return { word: result.reason, problem: result.failure.problem };
    case 'broker':
      return { word: 'exchange-failed', ...factsOf(result.failure) };
    default:
      return { word: result.reason };
  }
}

/** Whether the broker's request token may still be worth something after this result. */
export function keepsSignInOpen(result: CompleteResult): boolean {
  if (result.ok) return false;
  switch (result.reason) {
    case 'verifier-empty':
    case 'verifier-too-long':
    case 'verifier-malformed':
    case 'too-many-attempts':
    case 'store-unavailable':
    case 'in-progress':
    case 'not-sent':
    case 'sign-in-expired':
      return true;
    case 'no-open-sign-in':
    case 'pin-rejected':
    case 'foreign-account':
    case 'broker':
    case 'spent-not-saved':
      return false;
  }
}

export function startOutcome(result: Extract<StartResult, { ok: false }>): OutcomeResult {
  return result.reason === 'broker'
    ? { word: 'start-failed', ...factsOf(result.failure) }
    : { word: result.reason, retryAt: result.retryAt };
}

export function forceOutcome(result: ForceResult): OutcomeResult {
  if (!result.ok) return { word: 'renewed-lately', retryAt: result.retryAt };
  const done = result.report.outcomes.filter(
    ({ action }) => action === 'renewed' || action === 'probed',
  );
  return { word: 'renewed', done: done.length, failed: result.report.failures };
}

export function revokeOutcome(result: RevokeResult): OutcomeResult {
  if (result.ok) return { word: 'signed-out' };
  if (result.reason === 'in-progress') return { word: 'in-progress' };
  return result.reason === 'broker'
    ? { word: 'sign-out-failed', ...factsOf(result.failure) }
    : { word: 'nothing-to-sign-out' };
}

function factsOf({ reason, problem, answered }: BrokerFailure) {
  return { reason, problem, answered };
}
