/**
 * How Secret Manager fails on demand: everything, one method or one secret, for ever or so many times.
 *
 * Settings only; `stand-in.ts` acts on them. Parsed at the edge from the control API or a test.
 */

import { z } from 'zod';
import { type Call, methodSchema } from './routes.ts';

export const secretManagerFault = z.strictObject({
  /** Closes the connection before anything is done. */
  down: z.boolean().optional(),
  /** Answers this HTTP status before anything is done: 503, 429, 500. */
  status: z.int().min(400).max(599).optional(),
  /** Waits so long (real time) before anything is done. */
  slowMs: z.int().min(0).max(600_000).optional(),
  /** Does what was asked and closes the connection instead of answering: nobody knows. */
  dropAnswer: z.boolean().optional(),
  /** Does what was asked and answers after so long (real time). */
  answerAfterMs: z.int().min(0).max(600_000).optional(),
  /** Changes a byte of every accessed payload. */
  corrupt: z.boolean().optional(),
  /** Answers 200 with half of a JSON text. */
  malformed: z.boolean().optional(),
  /** Answers 404 with a page, like a proxy in between. */
  page: z.boolean().optional(),
  /** Only this method. */
  method: methodSchema.optional(),
  /** Only this secret. */
  secret: z.string().optional(),
  /** Lets so many of the calls meant pass first. */
  after: z.int().min(0).optional(),
  /** Only the next so many. */
  times: z.int().min(1).optional(),
});
export type SecretManagerFault = z.infer<typeof secretManagerFault>;

const NONE: SecretManagerFault = {};

export type FaultSwitch = {
  set(fault: SecretManagerFault | null): void;
  /** What to do wrong in this call; counts it. */
  take(call: Call): SecretManagerFault;
};

export function createFaultSwitch(): FaultSwitch {
  let fault: SecretManagerFault | null = null;
  let met = 0;

  return {
    set(next) {
      fault = next;
      met = 0;
    },
    take(call) {
      if (fault === null) return NONE;
      if (fault.method !== undefined && fault.method !== call.method) return NONE;
      if (fault.secret !== undefined && fault.secret !== call.secret) return NONE;
      met += 1;
      const nth = met - (fault.after ?? 0);
      return nth >= 1 && nth <= (fault.times ?? Number.POSITIVE_INFINITY) ? fault : NONE;
    },
  };
}
