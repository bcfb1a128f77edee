/** The question that tests of the cost ask: two sessions in December 2026, with one thing changed. */

import type { Market } from '../../functions/lifecycle/rules.ts';
import { readMonth } from '../../infra/cost/month.ts';
import { readSizes } from '../../infra/cost/sizes.ts';
import type { Question } from '../../infra/cost/usage.ts';
import { readJobs } from '../../infra/local/schedule.ts';

const jobs = readJobs();
export function aQuestion(changes: Partial<Question> = {}): Question {
  const markets = changes.markets ?? new Set<Market>(['NYSE']);
  const month = readMonth('2026-12', jobs, markets);
  if (month === null) throw new Error('December 2026 is a month');
  return { sessions: 2, workers: 0, month, jobs, markets, sizes: readSizes(), ...changes };
}
