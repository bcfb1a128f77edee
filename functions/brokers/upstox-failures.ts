/**
 * Why Upstox refused: finds its error code, in either spelling, and gives it its class.
 *
 * Pure. The `problem` it returns is Upstox's code (`UDAPI100050`) or a word for the status, never text of
 * the body. Called by `upstox-answers.ts` and for workers' own calls.
 * @see https://upstox.com/developer/api-documentation/error-codes
 */

import * as z from 'zod';
import type { BrokerFailure, FailureClass } from './broker.ts';
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

/** Refused for token or client before anything of the call was looked at. */
const AT_THE_DOOR: ReadonlySet<string> = new Set([
  'UDAPI100050',
  'UDAPI100016',
  'UDAPI100067',
  'UDAPI100073',
]);

/** The failure an answer stands for; for every answer that is no success of its step. */
export function judgeUpstoxRefusal(step: UpstoxStep, answer: Received): BrokerFailure {
  const code = findUpstoxCode(answer.body);
  if (code !== null) {
    return failure(answer, CLASS_OF_CODE.get(code) ?? classOfStatus(step, answer.status), code);
  }
  // What was cut off may have held the reason.
  const isSuccess = answer.status >= 200 && answer.status < 300;
  if (isSuccess || (!answer.complete && answer.status < 500)) return unreadableUpstox(answer);
  const problem = answer.status === 429 ? 'rate-limited' : `http-${answer.status}`;
  return failure(answer, classOfStatus(step, answer.status), problem);
}

/** Whether Upstox looked at token or client and did nothing of what was asked. */
export function isRefusedAtDoor(answer: Received): boolean {
  const code = findUpstoxCode(answer.body);
  return code === null ? answer.status === 401 : AT_THE_DOOR.has(code);
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

/** An answer that is not what its step answers; what it did at the broker is unknown. */
export function unreadableUpstox(answer: Received): BrokerFailure {
  return failure(answer, 'transient', 'answer-unreadable');
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function classOfStatus(step: UpstoxStep, status: number): FailureClass {
  // 423: a part of Upstox that is closed at night. A redirect leads to a maintenance page.
  if (status >= 500 || [408, 423, 425, 429].includes(status)) return 'transient';
  if (status >= 300 && status < 400) return 'transient';
  // With an access-token request only client id and secret are sent.
  return status === 401 && step !== 'request' ? 'sign-in-needed' : 'configuration';
}

function failure(answer: Received, reason: FailureClass, problem: string): BrokerFailure {
  return {
    ok: false,
    reason,
    problem,
    answered: true,
    status: answer.status,
    retryAfterMs: answer.retryAfterMs,
    skewMs: answer.skewMs,
  };
}

const errorSchema = z.object({
  errors: z.array(z.object({ error_code: z.unknown(), errorCode: z.unknown() }).partial()),
});
