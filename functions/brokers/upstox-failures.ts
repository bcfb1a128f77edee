/**
 * Why Upstox refused: finds its error code, in either spelling, and gives it its class.
 *
 * Pure. The `problem` it returns is Upstox's code (`UDAPI100050`) or a word for the status, never text of
 * the body. Called by `upstox-answers.ts` and for workers' own calls.
 * @see https://upstox.com/developer/api-documentation/error-codes
 */

import * as z from 'zod';
import type { BrokerFailure, FailureClass } from './broker.ts';
import { failureOf, parseJson, passingTrouble, unreadable } from './judged.ts';
import type { Received } from './send.ts';

/** The calls, as far as a refusal means something else in each. */
export type UpstoxStep = 'complete' | 'request' | 'probe' | 'revoke';

/** `configuration` is what no sign-in cures: key, secret, redirect, static address, switched-off account. */
const CLASS_OF_CODE: ReadonlyMap<string, FailureClass> = new Map([
  /** Invalid token: dead, withdrawn or never issued. */
  ['UDAPI100050', 'sign-in-needed'],
  /** Invalid code: spent or too old. */
  ['UDAPI100057', 'sign-in-needed'],
  ['UDAPI10005', 'transient'],
  ['UDAPI100500', 'transient'],
  /** Too many access-token requests. */
  ['UDAPI1157', 'transient'],
  ['UDAPI100016', 'configuration'],
  ['UDAPI100058', 'configuration'],
  ['UDAPI100060', 'configuration'],
  ['UDAPI100067', 'configuration'],
  ['UDAPI100068', 'configuration'],
  /** Sources disagree (bad credentials, or an approval that is pending already); neither asks for a repeat. */
  ['UDAPI100069', 'configuration'],
  ['UDAPI100073', 'configuration'],
  ['UDAPI1123', 'configuration'],
  ['UDAPI1124', 'configuration'],
  ['UDAPI1154', 'configuration'],
  ['UDAPI1155', 'configuration'],
]);

/** The client itself is refused, whatever it asks for. */
const OF_THE_CLIENT: ReadonlySet<string> = new Set(['UDAPI100016', 'UDAPI100067', 'UDAPI100073']);

/** The failure an answer stands for; for every answer that is no success of its step. */
export function judgeUpstoxRefusal(step: UpstoxStep, answer: Received): BrokerFailure {
  const code = findUpstoxCode(answer.body);
  if (code !== null) {
    return failureOf(answer, CLASS_OF_CODE.get(code) ?? classOfStatus(step, answer.status), code);
  }
  const passing = passingTrouble(answer);
  if (passing !== null) return passing;
  // What was cut off may have held the reason.
  if (!answer.complete || answer.status < 400) return unreadable(answer);
  return failureOf(answer, classOfStatus(step, answer.status), `http-${answer.status}`);
}

/**
 * Why Upstox did not serve a worker's own call; `null` for an answer that is between it and the caller: a
 * refused order, an unknown instrument, a static address that is missing.
 */
export function judgeUpstoxCall(answer: Received): BrokerFailure | null {
  if (answer.status < 300) return null;
  const failure = judgeUpstoxRefusal('probe', answer);
  const isOurs = failure.reason !== 'configuration' || OF_THE_CLIENT.has(failure.problem);
  return isOurs ? failure : null;
}

/** Upstox's code for the problem; it writes each twice, once in a spelling it calls deprecated. */
export function findUpstoxCode(body: string): string | null {
  const parsed = errorSchema.safeParse(parseJson(body));
  if (!parsed.success) return null;
  for (const { error_code, errorCode } of parsed.data.errors) {
    const code = error_code ?? errorCode;
    if (typeof code === 'string' && /^UDAPI\d{1,8}$/.test(code)) return code;
  }
  return null;
}

function classOfStatus(step: UpstoxStep, status: number): FailureClass {
  // 423: a part of Upstox that is closed at night.
  if (status >= 500 || [408, 423, 425, 429].includes(status)) return 'transient';
  // With an access-token request only client id and secret are sent.
  return status === 401 && step !== 'request' ? 'sign-in-needed' : 'configuration';
}

const errorSchema = z.object({
  errors: z.array(z.object({ error_code: z.unknown(), errorCode: z.unknown() }).partial()),
});
