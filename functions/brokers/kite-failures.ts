/**
 * Why Kite refused: reads `error_type` and `message`, since the same refusal comes as 403 and as 400.
 *
 * Pure. The `problem` it returns is a safe word (`TokenException`, `invalid-checksum`), never text of the
 * body. Called by `kite-answers.ts` and `kite-data-calls.ts`.
 * @see https://kite.trade/docs/connect/v3/exceptions/
 */

import * as z from 'zod';
import type { BrokerFailure, FailureClass } from './broker.ts';
import type { Received } from './send.ts';

/** The calls, as far as a refusal means something else in each. */
export type KiteStep = 'complete' | 'probe' | 'revoke';

export type KiteError = { readonly type: string; readonly message: string };

/** Names the token, or key and token at once: `Invalid `api_key` or `access_token`.` comes as 400 too. */
const NAMES_TOKEN = /\baccess_token\b|\btoken is invalid\b|\brequest_token\b/i;

/** The failure an answer stands for; for every answer that is no success of its step. */
export function judgeKiteRefusal(step: KiteStep, answer: Received): BrokerFailure {
  const error = findKiteError(answer.body);
  if (error !== null) {
    const { reason, problem } = classOfError(step, error, answer.status);
    return failure(answer, reason, problem);
  }
  const isSuccess = answer.status >= 200 && answer.status < 300;
  // What was cut off may have held the reason.
  if (isSuccess || (!answer.complete && answer.status < 500)) return unreadableKite(answer);
  const problem = answer.status === 429 ? 'rate-limited' : `http-${answer.status}`;
  return failure(answer, classOfStatus(answer.status), problem);
}

/** Kite's error, whatever its status; `null` for anything else. */
export function findKiteError(body: string): KiteError | null {
  const parsed = errorSchema.safeParse(parseJson(body));
  return parsed.success ? { type: parsed.data.error_type, message: parsed.data.message } : null;
}

/** Whether key or token was refused, in either of the two forms. */
export function isKiteTokenError({ type, message }: KiteError): boolean {
  if (type === 'TokenException') return !/checksum/i.test(message);
  return type === 'InputException' && NAMES_TOKEN.test(message);
}

/** An answer that is not what its step answers; what it did at the broker is unknown. */
export function unreadableKite(answer: Received): BrokerFailure {
  return failure(answer, 'transient', 'answer-unreadable');
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function classOfError(
  step: KiteStep,
  error: KiteError,
  status: number,
): { readonly reason: FailureClass; readonly problem: string } {
  const { type, message } = error;
  if (status === 429) return { reason: 'transient', problem: 'rate-limited' };
  if (/checksum/i.test(message)) return { reason: 'configuration', problem: 'invalid-checksum' };
  // At the exchange no access token is sent: a message that names the key means the key.
  if (step === 'complete' && /\bapi_key\b/i.test(message)) {
    return { reason: 'configuration', problem: 'invalid-api-key' };
  }
  if (isKiteTokenError(error)) return { reason: 'sign-in-needed', problem: type };
  switch (type) {
    case 'InputException':
    case 'PermissionException':
    // An account that is blocked or lacks a permission: a login changes nothing about it.
    case 'UserException':
      return { reason: 'configuration', problem: type };
    default:
      // General, data and network errors, and types nobody has named yet.
      return { reason: 'transient', problem: type };
  }
}

/** Without an error of Kite's own, a proxy or a firewall has answered: it says nothing of the token. */
function classOfStatus(status: number): FailureClass {
  return status === 404 || status === 405 ? 'configuration' : 'transient';
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
  status: z.literal('error'),
  error_type: z.string().regex(/^[A-Za-z]{1,40}$/),
  message: z.string().catch(''),
});
