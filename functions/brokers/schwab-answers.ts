/**
 * What Schwab's list of accounts means.
 *
 * Pure: takes a received answer, returns a value, never throws. Its refusals are read in `schwab-failures.ts`.
 */

import * as z from 'zod';
import { readAccountIds } from './account-ids.ts';
import type { ProbeAnswer } from './broker.ts';
import { judgeFailure } from './failures.ts';
import { parseJson } from './judged.ts';
import { SCHWAB_WORDS } from './schwab-failures.ts';
import type { Received } from './send.ts';

/** The numbers of the person's accounts. */
export function judgeSchwabAccountNumbers(answer: Received): ProbeAnswer {
  const parsed = accountNumbersSchema.safeParse(parseJson(answer.body));
  if (answer.status !== 200 || !answer.complete || !parsed.success) {
    return judgeFailure(SCHWAB_WORDS, 'probe', answer);
  }
  return {
    ok: true,
    accountIds: readAccountIds(parsed.data, 'accountNumber'),
    skewMs: answer.skewMs,
  };
}

/** A list, or the one that stands for a list of one. */
const accountNumbersSchema = z.union([
  z.array(z.unknown()),
  z.looseObject({ accountNumber: z.unknown() }),
]);
