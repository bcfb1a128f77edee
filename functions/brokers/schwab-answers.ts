/**
 * What Schwab's list of accounts means.
 *
 * Pure: takes a received answer, returns a value, never throws. Its refusals are read in `schwab-failures.ts`.
 */

import * as z from 'zod';
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
    accountIds: parsed.data.map(({ accountNumber }) => accountNumber),
    skewMs: answer.skewMs,
  };
}

const accountNumbersSchema = z.array(z.object({ accountNumber: z.string().min(1) }));
