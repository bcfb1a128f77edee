/**
 * Why Kite refused: reads `error_type` and `message`, since the same refusal comes as 403 and as 400.
 *
 * Pure. The `problem` it returns is a safe word (`TokenException`, `invalid-checksum`), never text of the
 * body. Called by `kite-answers.ts` and `kite-data-calls.ts`.
 * @see https://kite.trade/docs/connect/v3/exceptions/
 */

import * as z from 'zod';
import type { BrokerFailure, FailureClass } from './broker.ts';
import { failureOf, parseJson, passingTrouble, unreadable } from './judged.ts';
import type { Received } from './send.ts';

/** The calls, as far as a refusal means something else in each. */
export type KiteStep = 'complete' | 'probe' | 'revoke';

type KiteError = { readonly type: string; readonly message: string };

/** Names the token, or key and token at once: `Invalid `api_key` or `access_token`.` comes as 400 too. */
const NAMES_TOKEN = /\baccess_token\b|\btoken is invalid\b|\brequest_token\b/i;

/** The failure an answer stands for; for every answer that is no success of its step. */
export function judgeKiteRefusal(step: KiteStep, answer: Received): BrokerFailure {
  const error = findKiteError(answer.body);
  if (error !== null) {
    const { reason, problem } = classOfError(step, error, answer.status);
    return failureOf(answer, reason, problem);
  }
  const passing = passingTrouble(answer);
  if (passing !== null) return passing;
  // What was cut off may have held the reason.
  if (!answer.complete || answer.status < 400) return unreadable(answer);
  return failureOf(answer, classOfStatus(answer.status), `http-${answer.status}`);
}

/**
 * Why Kite did not serve a worker's own call; `null` for an answer that is between it and the caller: a
 * refused order, a missing permission, a static address that is not registered.
 */
export function judgeKiteCall(answer: Received): BrokerFailure | null {
  if (answer.status < 300) return null;
  const failure = judgeKiteRefusal('probe', answer);
  return failure.reason === 'configuration' ? null : failure;
}

/** Kite's error, whatever its status; `null` for anything else. */
function findKiteError(body: string): KiteError | null {
  const parsed = errorSchema.safeParse(parseJson(body));
  return parsed.success ? { type: parsed.data.error_type, message: parsed.data.message } : null;
}

/** Whether key or token was refused, in either of the two forms. */
function isTokenError({ type, message }: KiteError): boolean {
  if (type === 'TokenException') return !/checksum/i.test(message);
  return type === 'InputException' && NAMES_TOKEN.test(message);
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
  if (isTokenError(error)) return { reason: 'sign-in-needed', problem: type };
  switch (type) {
    case 'InputException':
    case 'PermissionException':
    case 'UserException':
    case 'OrderException':
    case 'MarginException':
    case 'HoldingException':
      // The request, the account or a permission is wrong: a login changes nothing about it.
      return { reason: 'configuration', problem: type };
    default:
      // General, data and network errors, and types nobody has named yet.
      return { reason: classOfStatus(status), problem: type };
  }
}

/** What says nothing of the token, by Kite or by a proxy before it: an address of nothing, or trouble. */
function classOfStatus(status: number): FailureClass {
  return status === 404 || status === 405 ? 'configuration' : 'transient';
}

const errorSchema = z.object({
  status: z.literal('error'),
  error_type: z.string().regex(/^[A-Za-z]{1,40}$/),
  message: z.string().catch(''),
});
