/**
 * What Schwab's answers mean, one judge per call.
 *
 * Pure: takes a received answer, returns a value, never throws. Schwab says "this refresh token is dead" in
 * three ways, one of them not JSON, and one 401 for two different troubles. Called by `schwab.ts` and for
 * workers' own calls.
 */

import * as z from 'zod';
import type { BrokerFailure, ProbeAnswer } from './broker.ts';
import type { GrantStep } from './code-grant.ts';
import { failureOf, parseJson, passingTrouble, safeWord, unreadable } from './judged.ts';
import {
  findOauth2Error,
  type IssuedTokens,
  judgeTokenRefusal,
  readTokens,
} from './oauth2-answers.ts';
import type { Received } from './send.ts';

/** Tokens, or why there are none. */
export function judgeSchwabTokens(step: GrantStep, answer: Received): IssuedTokens | BrokerFailure {
  const tokens = readTokens(answer);
  if (tokens !== null) return tokens;
  const error = findOauth2Error(answer) ?? DEAD_TOKEN.exec(answer.body)?.[0] ?? null;
  if (error !== null && isOverAndDone(step, error, answer.body)) {
    return failureOf(answer, 'sign-in-needed', error);
  }
  // An app that waits for its approval is shown a page; the gateway's own pages are 403.
  if (answer.status === 401) return failureOf(answer, 'configuration', error ?? 'http-401');
  return judgeTokenRefusal(answer);
}

/** Said inside a description whose quotation marks nobody escaped: looked for as text. */
const DEAD_TOKEN = /unsupported_token_type|refresh_token_authentication_error/;

/**
 * Whether what was sent is spent or dead. `invalid_client` is as a rule about key and secret, but Schwab
 * also says it of a refresh token; then the description says so.
 *
 * @see https://github.com/tylerebowers/Schwabdev/issues/40
 */
function isOverAndDone(step: GrantStep, error: string, body: string): boolean {
  if (DEAD_TOKEN.test(error)) return true;
  return step === 'renew' && error === 'invalid_client' && /refresh[_ ]token/i.test(body);
}

/** The numbers of the person's accounts. */
export function judgeSchwabAccountNumbers(answer: Received): ProbeAnswer {
  if (answer.status !== 200) return judgeApiRefusal(answer);
  const parsed = accountNumbersSchema.safeParse(parseJson(answer.body));
  if (!answer.complete || !parsed.success) return unreadable(answer);
  return {
    ok: true,
    accountIds: parsed.data.map(({ accountNumber }) => accountNumber),
    skewMs: answer.skewMs,
  };
}

/**
 * Why Schwab did not serve a worker's own call; `null` for an answer that is between it and the caller: a
 * refused order, an unknown account.
 */
export function judgeSchwabCall(answer: Received): BrokerFailure | null {
  if (answer.status < 300) return null;
  const failure = judgeApiRefusal(answer);
  return failure.reason === 'configuration' ? null : failure;
}

/**
 * "Client not authorized" is an access token that is over, or an app without this API: one refresh tells
 * them apart, since only the first is cured by it.
 */
function judgeApiRefusal(answer: Received): BrokerFailure {
  if (answer.status === 401) return failureOf(answer, 'renewable', wordOf(answer));
  const passing = passingTrouble(answer);
  if (passing !== null) return passing;
  if (answer.status < 300) return unreadable(answer);
  return failureOf(answer, 'configuration', wordOf(answer));
}

/** `{"errors":[{"status":401,"title":"Unauthorized","detail":"Client not authorized"}]}` */
function wordOf(answer: Received): string {
  const parsed = errorsSchema.safeParse(parseJson(answer.body));
  const title = parsed.success ? safeWord(parsed.data.errors[0]?.title) : null;
  return title ?? `http-${answer.status}`;
}

const accountNumbersSchema = z.array(z.object({ accountNumber: z.string().min(1) }));

const errorsSchema = z.object({ errors: z.array(z.object({ title: z.unknown() })) });
