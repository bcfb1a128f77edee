/**
 * What Upstox's answers mean, one judge per call.
 *
 * Pure: takes a received answer, returns a value, never throws. Called by `upstox.ts` and
 * `upstox-approval.ts`.
 */

import * as z from 'zod';
import { hardEndAt } from '../lifecycle/hard-end.ts';
import type { BrokerFailure, ProbeAnswer, RevokeAnswer } from './broker.ts';
import { doneSchema, noStatus, readProfile } from './envelope.ts';
import { parseJson } from './judged.ts';
import { type IssuedTokens, readTokens } from './oauth2-answers.ts';
import type { Received } from './send.ts';
import { judgeUpstoxRefusal } from './upstox-failures.ts';
import { UPSTOX_RULES } from './upstox-rules.ts';

/**
 * The token reply is flat: it alone has no `status` and `data` around it, and no life either.
 *
 * @see https://upstox.com/developer/api-documentation/get-token
 */
export function judgeUpstoxToken(answer: Received): IssuedTokens | BrokerFailure {
  return readTokens(answer) ?? judgeUpstoxRefusal('complete', answer);
}

/** @see https://upstox.com/developer/api-documentation/get-profile */
export function judgeUpstoxProfile(answer: Received): ProbeAnswer {
  const accountIds = readProfile(parseJson(answer.body));
  if (answer.status !== 200 || !answer.complete || accountIds === undefined) {
    return judgeUpstoxRefusal('probe', answer);
  }
  return { ok: true, accountIds, skewMs: answer.skewMs };
}

/** @see https://upstox.com/developer/api-documentation/logout */
export function judgeUpstoxLogout(answer: Received): RevokeAnswer {
  const parsed = doneSchema.safeParse(parseJson(answer.body));
  if (answer.status !== 200 || !answer.complete || !parsed.success) {
    return judgeUpstoxRefusal('revoke', answer);
  }
  return { ok: true };
}

/**
 * An approval was asked for, until when. The person has been prompted: an end that cannot be read must not
 * lose the request, which ends with the token it asks for.
 *
 * @see https://upstox.com/developer/api-documentation/access-token-request
 */
export function judgeUpstoxRequest(
  answer: Received,
): { readonly ok: true; readonly expiresAt: number } | BrokerFailure {
  const parsed = requestSchema.safeParse(parseJson(answer.body));
  if (answer.status !== 200 || !answer.complete || !parsed.success) {
    return judgeUpstoxRefusal('approval', answer);
  }
  const { receivedAt } = answer;
  const expiresAt = parsed.data.data?.authorization_expiry ?? 0;
  return { ok: true, expiresAt: expiresAt > receivedAt ? expiresAt : upstoxEndAfter(receivedAt) };
}

/** When a token issued at that moment ends. */
export function upstoxEndAfter(issuedAt: number): number {
  return hardEndAt(UPSTOX_RULES, { issuedAt, signedInAt: issuedAt }) ?? issuedAt;
}

/** A moment as Upstox writes it: epoch milliseconds in a string. Seconds would lie in 1970. */
export const upstoxMoment = z
  .union([z.string(), z.number().transform(String)])
  .pipe(z.string().regex(/^[1-9]\d{12}$/))
  .transform(Number);

const requestSchema = z.union([
  z.object({ status: noStatus, data: z.object({ authorization_expiry: upstoxMoment }) }),
  z.object({
    status: z.literal('success'),
    data: z
      .object({ authorization_expiry: upstoxMoment.nullable().catch(null) })
      .nullable()
      .catch(null),
  }),
]);
