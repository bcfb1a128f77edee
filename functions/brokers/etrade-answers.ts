/**
 * What E*TRADE's answers mean, one judge per call.
 *
 * Pure: takes a received answer, returns a value, never throws. Reads by content, since E*TRADE's content
 * types are not reliable. Called by `etrade.ts`.
 */

import * as z from 'zod';
import { readVerifier } from '../lifecycle/verifier.ts';
import { Secret } from '../secret.ts';
import { listUnder, readAccountIds } from './account-ids.ts';
import type { BrokerFailure, CallbackAnswer, ProbeAnswer, RevokeAnswer } from './broker.ts';
import { findOauthProblem, judgeRefusal } from './etrade-failures.ts';
import { ETRADE_VERIFIER } from './etrade-rules.ts';
import { elementsOf, textOf } from './etrade-xml.ts';
import { parseJson, unreadable } from './judged.ts';
import type { Received } from './send.ts';

export type TokenPair = {
  readonly ok: true;
  readonly token: string;
  readonly secret: Secret;
};

/**
 * Request token or access token with its secret.
 *
 * `oauth_callback_confirmed` is left alone: it says whether a callback is registered for the key.
 * @see https://apisb.etrade.com/docs/api/authorization/get_access_token.html
 */
export function judgeTokenPair(
  step: 'begin' | 'complete',
  answer: Received,
): TokenPair | BrokerFailure {
  const isSuccess = answer.status >= 200 && answer.status <= 299;
  if (!isSuccess || findOauthProblem(answer) !== null) return judgeRefusal(step, answer);
  if (!answer.complete) return unreadable(answer);
  const fields = decodeForm(answer.body, PAIR_FIELDS);
  const token = fields?.get('oauth_token')?.trim();
  const secret = fields?.get('oauth_token_secret')?.trim();
  if (!isToken(token) || !isToken(secret)) return unreadable(answer);
  return { ok: true, token, secret: new Secret(secret) };
}

/**
 * Renew and revoke answer 200 with a line of plain text that says so. Anything else is not done: a maintenance
 * page comes with 200, too.
 *
 * @see https://apisb.etrade.com/docs/api/authorization/renew_access_token.html
 */
export function judgeDone(step: 'renew' | 'revoke', answer: Received): RevokeAnswer {
  if (answer.status !== 200 || findOauthProblem(answer) !== null) return judgeRefusal(step, answer);
  const text = answer.body.trim();
  const isDone = answer.complete && DONE[step].test(text) && !/^[<{[]/.test(text);
  return isDone ? { ok: true } : judgeRefusal(step, answer);
}

/** "Access Token has been renewed", "Revoked Access Token", "Renewed": the whole line, so that no denial fits in. */
const DONE = {
  renew: doneBy('renewed|reactivated'),
  revoke: doneBy('revoked'),
} as const;

function doneBy(done: string): RegExp {
  const token = '(?:the |your )?(?:access )?token';
  const isDone = `${token} (?:has |was |is )?(?:already |been |now |successfully )*(?:${done})(?: successfully)?`;
  return new RegExp(`^"?(?:${isDone}|(?:${done})(?: ${token})?)[.!"]*$`, 'i');
}

/**
 * The accounts of the person who signed in; 204 stands for none, `null` for a list that cannot be read.
 *
 * @see https://apisb.etrade.com/docs/api/account/api-account-v1.html
 */
export function judgeAccountList(answer: Received): ProbeAnswer {
  if (answer.status === 204) return { ok: true, accountIds: [], skewMs: answer.skewMs };
  if (answer.status !== 200 || findOauthProblem(answer) !== null) {
    return judgeRefusal('probe', answer);
  }
  const accountIds = answer.complete ? findAccountIds(answer.body) : undefined;
  if (accountIds === undefined) return judgeRefusal('probe', answer);
  return { ok: true, accountIds, skewMs: answer.skewMs };
}

/** As in `ProbeAnswer`; `undefined` for an answer that is no account list. */
function findAccountIds(body: string): readonly string[] | null | undefined {
  const parsed = accountListSchema.safeParse(parseJson(body));
  if (!parsed.success) return findAccountIdsInXml(body);
  const accounts = listUnder(parsed.data.AccountListResponse, 'Accounts');
  return readAccountIds(listUnder(accounts, 'Account'), 'accountId');
}

/** E*TRADE answers in XML where it overlooks what was asked for. */
function findAccountIdsInXml(body: string): readonly string[] | null | undefined {
  const [response] = elementsOf(body, 'AccountListResponse');
  if (response === undefined) return undefined;
  const [accounts = response] = elementsOf(response, 'Accounts');
  const list = elementsOf(accounts, 'Account').map((account) => ({
    accountId: textOf(account, 'accountId') ?? undefined,
  }));
  return list.length === 0 && accounts.trim() !== '' ? null : readAccountIds(list, 'accountId');
}

/** Comes only for keys that have a callback registered; whether it names the request token is not documented. */
export function readEtradeCallback(query: URLSearchParams): CallbackAnswer {
  const tokens = query.getAll('oauth_token');
  const signInId = tokens[0] || null;
  const verifiers = query.getAll('oauth_verifier');
  const read = readVerifier(verifiers[0] ?? '', ETRADE_VERIFIER);
  if (tokens.length > 1 || verifiers.length !== 1 || !read.ok) {
    return { ok: false, reason: 'unreadable', problem: 'no-verifier', signInId };
  }
  return { ok: true, signInId, verifier: new Secret(read.verifier) };
}

/** What makes a token usable; whatever else stands in the answer must not cost the PIN. */
const PAIR_FIELDS: ReadonlySet<string> = new Set(['oauth_token', 'oauth_token_secret']);

/**
 * The named form fields, `%XX` decoded exactly once; `null` when one of them occurs twice.
 *
 * A `+` stays a `+`: tokens are base64, where a space cannot occur.
 */
export function decodeForm(
  body: string,
  names?: ReadonlySet<string>,
): ReadonlyMap<string, string> | null {
  const fields = new Map<string, string>();
  for (const pair of body.trim().split('&')) {
    const [name = '', ...rest] = pair.split('=');
    if (names?.has(name) === false) continue;
    if (fields.has(name)) return null;
    fields.set(name, decodePercent(rest.join('=')));
  }
  return fields;
}

/** What is no escape stays as it is: the documentation's own answer holds `%3T`. */
function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-9a-f]{2})/gi, (_escape, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}

/** Printable, without white space: anything else would only fail later, as a bad signature. */
function isToken(value: string | undefined): value is string {
  return value !== undefined && /^[\x21-\x7e]{1,512}$/.test(value);
}

const accountListSchema = z.object({ AccountListResponse: z.looseObject({}) });
