/**
 * What a token endpoint's answer means, as OAuth 2.0 says it.
 *
 * Pure: takes a received answer, returns a value, never throws. Reads by content, since brokers' content
 * types and statuses are not reliable. Called by the adapters.
 * @see https://datatracker.ietf.org/doc/html/rfc6749#section-5
 */

import * as z from 'zod';
import { Secret } from '../secret.ts';
import type { BrokerFailure } from './broker.ts';
import { type BrokerWords, judgeFailure, type Step } from './failures.ts';
import { parseJson } from './judged.ts';
import { OAUTH2_WORDS } from './oauth2-failures.ts';
import type { Received } from './send.ts';

export type IssuedTokens = {
  readonly ok: true;
  readonly accessToken: Secret;
  /** `null` when the answer has none: the one that was used stays good. */
  readonly refreshToken: Secret | null;
  /** `null` when the answer does not say. */
  readonly accessLifeMs: number | null;
};

/**
 * Tokens, or why there are none.
 *
 * @param words of the broker; those of the standard alone where it adds none
 */
export function judgeTokenAnswer(
  answer: Received,
  step: Step = 'complete',
  words: BrokerWords = OAUTH2_WORDS,
): IssuedTokens | BrokerFailure {
  return readTokens(answer) ?? judgeFailure(words, step, answer);
}

/** The tokens of a successful answer; `null` for every other. */
export function readTokens(answer: Received): IssuedTokens | null {
  if (answer.status !== 200 || !answer.complete) return null;
  const parsed = tokensSchema.safeParse(parseJson(answer.body));
  if (!parsed.success) return null;
  const { access_token, refresh_token, expires_in } = parsed.data;
  return {
    ok: true,
    accessToken: new Secret(access_token),
    refreshToken: refresh_token === undefined ? null : new Secret(refresh_token),
    accessLifeMs: expires_in === undefined ? null : expires_in * 1_000,
  };
}

/** Printable, without white space: anything else would break the header it goes into. */
const token = z.string().regex(/^[\x21-\x7e]{1,8192}$/);

const tokensSchema = z.object({
  access_token: token,
  token_type: z
    .string()
    .regex(/^bearer$/i)
    .optional(),
  // An empty one stands for none.
  refresh_token: z
    .union([token, z.literal('').transform(() => undefined), z.null().transform(() => undefined)])
    .optional(),
  expires_in: z.coerce.number().int().positive().max(31_536_000).optional(),
});
