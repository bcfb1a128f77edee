/**
 * What a token endpoint's answer means, as OAuth 2.0 says it.
 *
 * Pure: takes a received answer, returns a value, never throws. Reads by content, since brokers' content
 * types and statuses are not reliable; a broker with forms of its own looks first. Called by the adapters.
 * @see https://datatracker.ietf.org/doc/html/rfc6749#section-5
 */

import * as z from 'zod';
import { Secret } from '../secret.ts';
import type { BrokerFailure, FailureClass } from './broker.ts';
import { failureOf, parseJson, passingTrouble, safeWord, unreadable } from './judged.ts';
import type { Received } from './send.ts';

export type IssuedTokens = {
  readonly ok: true;
  readonly accessToken: Secret;
  /** `null` when the answer has none: the one that was used stays good. */
  readonly refreshToken: Secret | null;
  /** `null` when the answer does not say. */
  readonly accessLifeMs: number | null;
};

/** Tokens, or why there are none. */
export function judgeTokenAnswer(answer: Received): IssuedTokens | BrokerFailure {
  return readTokens(answer) ?? judgeTokenRefusal(answer);
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

/** The failure an answer stands for; for every answer without tokens. */
export function judgeTokenRefusal(answer: Received): BrokerFailure {
  const error = findOauth2Error(answer);
  const known = error === null ? null : classOfOauth2Error(error);
  if (error !== null && known !== null) return failureOf(answer, known, error);
  const passing = passingTrouble(answer);
  if (passing !== null) return passing;
  if (!answer.complete || answer.status < 400) return unreadable(answer);
  return failureOf(answer, 'configuration', error ?? `http-${answer.status}`);
}

/** The `error` of an answer (`invalid_grant`), also of JSON that is broken further on. */
export function findOauth2Error(answer: Pick<Received, 'body'>): string | null {
  const parsed = errorSchema.safeParse(parseJson(answer.body));
  if (parsed.success) return safeWord(parsed.data.error);
  return /^\s*\{\s*"error"\s*:\s*"([a-z_]{2,60})"/i.exec(answer.body)?.[1] ?? null;
}

/**
 * What the standard's words ask for; `null` for words that are not in it.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc6749#section-5.2
 */
export function classOfOauth2Error(error: string): FailureClass | null {
  switch (error) {
    case 'invalid_grant':
      // Code or refresh token: spent, expired, revoked, or issued to another client or redirect.
      return 'sign-in-needed';
    case 'invalid_request':
    case 'invalid_client':
    case 'unauthorized_client':
    case 'unsupported_grant_type':
    case 'invalid_scope':
    case 'access_denied':
      return 'configuration';
    case 'server_error':
    case 'temporarily_unavailable':
    case 'too_many_requests':
      return 'transient';
    default:
      return null;
  }
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

const errorSchema = z.object({ error: z.string() });
