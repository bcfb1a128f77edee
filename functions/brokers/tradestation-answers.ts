/**
 * What TradeStation's answers mean, one judge per call.
 *
 * Pure: takes a received answer, returns a value, never throws. The token endpoint is Auth0's and keeps to
 * OAuth 2; the API has errors of its own. Called by `tradestation.ts` and for workers' own calls.
 */

import * as z from 'zod';
import type { BrokerFailure, ProbeAnswer, RevokeAnswer } from './broker.ts';
import { failureOf, parseJson, passingTrouble, safeWord, unreadable } from './judged.ts';
import { judgeTokenRefusal } from './oauth2-answers.ts';
import type { Received } from './send.ts';

/**
 * The accounts of the person who signed in.
 *
 * @see https://api.tradestation.com/docs/specification#tag/Brokerage/operation/GetAccounts
 */
export function judgeTradestationAccounts(answer: Received): ProbeAnswer {
  if (answer.status !== 200) return judgeApiRefusal(answer);
  const parsed = accountsSchema.safeParse(parseJson(answer.body));
  if (!answer.complete || !parsed.success) return unreadable(answer);
  return {
    ok: true,
    accountIds: parsed.data.Accounts.map(({ AccountID }) => AccountID),
    skewMs: answer.skewMs,
  };
}

/**
 * Revoking answers 200 without a body.
 *
 * @see https://api.tradestation.com/docs/fundamentals/authentication/refresh-tokens/
 */
export function judgeTradestationRevoke(answer: Received): RevokeAnswer {
  return answer.status === 200 ? { ok: true } : judgeTokenRefusal(answer);
}

/**
 * Why TradeStation did not serve a worker's own call; `null` for an answer that is between it and the
 * caller: a refused order, an account that is not the person's, a scope that is missing.
 */
export function judgeTradestationCall(answer: Received): BrokerFailure | null {
  if (answer.status < 300) return null;
  const failure = judgeApiRefusal(answer);
  return failure.reason === 'configuration' ? null : failure;
}

/** The text of a 401 is not documented: the status alone counts. */
function judgeApiRefusal(answer: Received): BrokerFailure {
  if (answer.status === 401) return failureOf(answer, 'renewable', wordOf(answer));
  const passing = passingTrouble(answer);
  if (passing !== null) return passing;
  if (answer.status < 300) return unreadable(answer);
  return failureOf(answer, 'configuration', wordOf(answer));
}

/** `{"Error":"Forbidden","Message":"…"}` */
function wordOf(answer: Received): string {
  const parsed = errorSchema.safeParse(parseJson(answer.body));
  return (parsed.success ? safeWord(parsed.data.Error) : null) ?? `http-${answer.status}`;
}

const accountsSchema = z.object({
  Accounts: z.array(z.object({ AccountID: z.string().min(1) })),
});

const errorSchema = z.object({ Error: z.string() });
