/**
 * The one table of what a refusal means: rows that hold for all brokers, with each broker's own words before
 * them as data (`<broker>-failures.ts`).
 *
 * Pure; knows no broker. `configuration` and `sign-in-needed` are only what a broker clearly said, in its own
 * form, of key, signature, token or address: pages, gateways, firewalls and everything unknown are `transient`.
 * The `problem` of a failure is a safe word, never text of the answer.
 */

import type { BrokerFailure, FailureClass } from './broker.ts';
import { isEdgeBlock, isGatewayAnswer, looksLikePage } from './foreign-answers.ts';
import { failureOf, parseJson } from './judged.ts';
import type { Received } from './send.ts';

/** What was asked, as far as a refusal means something else in each; a worker's own call is a `probe`. */
export type Step = 'begin' | 'complete' | 'renew' | 'probe' | 'revoke' | 'approval';

/** What a broker itself says in an answer, in whichever part of its form it stands. */
export type Said = {
  /** Safe words (`invalid_grant`), the most telling first; empty where it names none. */
  readonly words: readonly string[];
  /** What stands beside them. Read, and never shown. */
  readonly text: string;
};

/** Everything that is given must fit; the first row that fits counts. */
export type Row = {
  readonly word?: string | RegExp;
  /** What must stand beside the word. */
  readonly beside?: RegExp;
  /**
   * From and to, both included.
   * @default all; below 500 for what is not transient: a server in trouble is no witness
   */
  readonly status?: readonly [number, number];
  /** @default all */
  readonly steps?: readonly Step[];
  /** `token` the token that was sent is refused: what helps depends on the step. */
  readonly reason: FailureClass | 'token';
  /** @default the word that fits, or the status */
  readonly problem?: string;
  /** It is about this one call: a worker's next one may be served. */
  readonly ofCall?: true;
};

export type BrokerWords = {
  readonly read: (answer: Received, json: unknown) => Said;
  /** What the broker says. */
  readonly rows: readonly Row[];
  /** What its status means where it says nothing that is known. */
  readonly bareRows: readonly Row[];
  /** What helps against an access token that is refused. */
  readonly refusedToken: 'renewable' | 'sign-in-needed';
  /** Pages that the broker's own server writes, as part of its protocol. */
  readonly ownPages?: RegExp;
};

export const SAYS_NOTHING: Said = { words: [], text: '' };

/** The failure an answer stands for; for every answer that does not look like its step's success. */
export function judgeFailure(words: BrokerWords, step: Step, answer: Received): BrokerFailure {
  const { reason, problem } = classify(words, step, answer);
  return failureOf(answer, reason, problem);
}

/**
 * Why a broker did not serve a worker's own call; `null` for an answer that is between it and the caller: a
 * refused order, an unknown instrument, a permission that is missing for this one.
 */
export function judgeCall(words: BrokerWords, answer: Received): BrokerFailure | null {
  if (answer.status < 300) return null;
  const { reason, problem, ofCall } = classify(words, 'probe', answer);
  return ofCall ? null : failureOf(answer, reason, problem);
}

type Verdict = {
  readonly reason: FailureClass;
  readonly problem: string;
  readonly ofCall: boolean;
};

function classify(words: BrokerWords, step: Step, answer: Received): Verdict {
  const { status, body, complete } = answer;
  const json = parseJson(body);
  const said = isEdgeBlock(body, json) ? SAYS_NOTHING : words.read(answer, json);
  const byStatus = `http-${status}`;
  const find = (rows: readonly Row[], fallback = byStatus): Verdict | null => {
    for (const row of rows) {
      const word = fittingWord(row, said);
      if (word === null || !fits(row, step, status, said)) continue;
      return {
        reason: row.reason === 'token' ? classOfToken(step, words) : row.reason,
        problem: row.problem ?? word ?? fallback,
        ofCall: row.ofCall === true,
      };
    }
    return null;
  };
  const transient = (problem: string, ofCall = false): Verdict => ({
    reason: 'transient',
    problem,
    ofCall,
  });

  const named = find(words.rows);
  // Too many, too early, too slow: passes, whatever words stand beside it.
  const isNotNow = [408, 423, 425, 429].includes(status);
  if (named !== null && (!isNotNow || named.reason === 'transient')) return named;
  if (status === 429) return transient('rate-limited');
  if (status >= 500 || isNotNow) return transient(byStatus);
  // A redirect leads to a maintenance page.
  if (status >= 300 && status < 400) return transient(byStatus);
  const isOwnPage = words.ownPages?.test(body) === true;
  // Of a success in other clothes it is not known what it did; what was cut off may have held the reason.
  if (!complete || status < 400) return transient('answer-unreadable');
  if (!isOwnPage && looksLikePage(body)) return transient('page-instead-of-answer');
  if (said.words.length === 0 && isGatewayAnswer(body, json)) return transient('gateway-answer');
  const [unknown] = said.words;
  return find(words.bareRows, unknown) ?? transient(unknown ?? byStatus, true);
}

/** A refused token: on data calls a renewal may help; anywhere else nothing but a sign-in. */
function classOfToken(step: Step, { refusedToken }: BrokerWords): FailureClass {
  switch (step) {
    case 'probe':
      return refusedToken;
    case 'complete':
    case 'renew':
    case 'revoke':
      return 'sign-in-needed';
    case 'begin':
    case 'approval':
      // No token was sent: the consumer key is what was refused.
      return 'configuration';
  }
}

/** `undefined` where the row asks for none, `null` where it asks for another. */
function fittingWord({ word }: Row, { words }: Said): string | undefined | null {
  if (word === undefined) return undefined;
  const isIt = (said: string): boolean =>
    typeof word === 'string' ? said === word : word.test(said);
  return words.find(isIt) ?? null;
}

function fits(row: Row, step: Step, status: number, { text }: Said): boolean {
  if (row.steps !== undefined && !row.steps.includes(step)) return false;
  const [from, to] = row.status ?? [0, row.reason === 'transient' ? 599 : 499];
  if (status < from || status > to) return false;
  return row.beside === undefined || row.beside.test(text);
}
