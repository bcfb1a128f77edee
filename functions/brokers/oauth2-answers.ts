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

/**
 * The tokens of a successful answer; `null` for every other.
 *
 * What was traded for them is spent: only the access token is required, and a hint that cannot be read
 * counts as not given.
 */
export function readTokens(answer: Received): IssuedTokens | null {
  if (answer.status < 200 || answer.status > 299 || !answer.complete) return null;
  const json = parseJson(answer.body) ?? looseFields(answer.body);
  const parsed = z.union([tokensSchema, envelopeSchema]).safeParse(json);
  if (!parsed.success) return null;
  const { access_token, refresh_token, expires_in } = parsed.data;
  return {
    ok: true,
    accessToken: new Secret(access_token),
    refreshToken: refresh_token === null ? null : new Secret(refresh_token),
    accessLifeMs: expires_in === null ? null : expires_in * 1_000,
  };
}

/** Fields of JSON that does not parse: Upstox's own example lacks a comma. */
function looseFields(body: string): Readonly<Record<string, unknown>> | null {
  if (!/^\s*\{/.test(body)) return null;
  const fields = body.matchAll(LOOSE_FIELD);
  return Object.fromEntries([...fields].map(([, name, value = '']) => [name, parseJson(value)]));
}

const LOOSE_FIELD = /"(access_token|refresh_token|expires_in)"\s*:\s*("(?:[^"\\]|\\.)*"|\d+)/g;

/** Printable, without white space: anything else would break the header it goes into. */
export const tokenText = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,8192}$/);

/** Whole seconds up to a year, also in text. */
const life = z
  .union([
    z.number(),
    z
      .string()
      .trim()
      .regex(/^\d{1,8}$/)
      .transform(Number),
  ])
  .pipe(z.number().int().positive().max(31_536_000));

const tokensSchema = z.object({
  access_token: tokenText,
  refresh_token: tokenText.nullable().catch(null),
  expires_in: life.nullable().catch(null),
});

/** Indian brokers put what they answer under `data`; Upstox documents its tokens without. */
const envelopeSchema = z.object({ data: tokensSchema }).transform(({ data }) => data);
