/**
 * What TradeStation's answers mean, one judge per call.
 *
 * Pure: takes a received answer, returns a value, never throws. Its refusals are read in
 * `tradestation-failures.ts`.
 */

import * as z from 'zod';
import { readAccountIds } from './account-ids.ts';
import type { ProbeAnswer, RevokeAnswer } from './broker.ts';
import { judgeFailure } from './failures.ts';
import { parseJson } from './judged.ts';
import type { Received } from './send.ts';
import { TRADESTATION_WORDS } from './tradestation-failures.ts';

/**
 * The accounts of the person who signed in.
 *
 * @see https://api.tradestation.com/docs/specification#tag/Brokerage/operation/GetAccounts
 */
export function judgeTradestationAccounts(answer: Received): ProbeAnswer {
  const parsed = accountsSchema.safeParse(parseJson(answer.body));
  if (answer.status !== 200 || !answer.complete || !parsed.success) {
    return judgeFailure(TRADESTATION_WORDS, 'probe', answer);
  }
  return {
    ok: true,
    accountIds: readAccountIds(parsed.data.Accounts ?? [], 'AccountID'),
    skewMs: answer.skewMs,
  };
}

/**
 * Revoking answers 200 without a body; a page in its place says that somebody else answered.
 *
 * @see https://api.tradestation.com/docs/fundamentals/authentication/refresh-tokens/
 */
export function judgeTradestationRevoke(answer: Received): RevokeAnswer {
  const isDone =
    answer.status === 200 && answer.complete && /^\s*(?:\{\s*\})?\s*$/.test(answer.body);
  return isDone ? { ok: true } : judgeFailure(TRADESTATION_WORDS, 'revoke', answer);
}

/** A list, or the one that stands for a list of one. */
const accountsSchema = z.object({
  Accounts: z.union([z.array(z.unknown()), z.looseObject({}), z.null()]),
});
