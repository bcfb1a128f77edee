/**
 * Schwab's words for a refusal. It says "this refresh token is dead" in three ways, one of them not JSON, and one
 * 401 for two different troubles.
 *
 * Data for the table in `failures.ts`.
 * @see https://github.com/tylerebowers/Schwabdev/issues/40
 */

import * as z from 'zod';
import type { BrokerWords, Said } from './failures.ts';
import { looksLikePage } from './foreign-answers.ts';
import { safeWord } from './judged.ts';
import { AT_TOKEN_ENDPOINT, OAUTH2_ROWS, OAUTH2_WORDS, readOauth2 } from './oauth2-failures.ts';
import type { Received } from './send.ts';

/** The gateway before the API looks up what the app may call; it says so in the body, a header, or both. */
const NO_PRODUCT = /no\s?api\s?product\s?match|api\s?key\s?for\s?given\s?resource/i;

const APP_IS_REFUSED =
  /\b(?:invalid[_ ]?api[_ ]?key|failed[_ ]?to[_ ]?resolve[_ ]?api[_ ]?key|api[_ ]?key[_ ]?not[_ ]?approved|(?:invalid|missing)[_ ]?consumer[_ ]?key|consumer[_ ]key[_ ]missing\w*|developer[_ ]?status[_ ]?not[_ ]?active|app[_ ]?not[_ ]?approved)\b/i;

const TOKEN_IS_OVER =
  /\b(?:(?:invalid|expired)[_ ]?access[_ ]?token|access[_ ]?token[_ ]?(?:(?:has|is|was)[_ ])?(?:been[_ ])?(?:expired|not[_ ]?approved|revoked))\b/i;

export const SCHWAB_WORDS: BrokerWords = {
  read,
  refusedToken: 'renewable',
  // What an app is shown that waits for its approval.
  ownPages: /\bwhitelabel\b/i,
  rows: [
    { beside: NO_PRODUCT, reason: 'configuration', problem: 'NoApiProductMatchFound' },
    { beside: APP_IS_REFUSED, reason: 'configuration', problem: 'InvalidApiKey' },
    { beside: TOKEN_IS_OVER, steps: ['probe'], reason: 'token', problem: 'invalid_token' },
    // Said inside a description whose quotation marks nobody escaped: looked for as text, too.
    {
      word: /^(?:unsupported_token_type|refresh_token_authentication_error)$/,
      steps: AT_TOKEN_ENDPOINT,
      reason: 'sign-in-needed',
    },
    {
      beside: /refresh_token_authentication_error/,
      steps: AT_TOKEN_ENDPOINT,
      reason: 'sign-in-needed',
      problem: 'refresh_token_authentication_error',
    },
    {
      beside: /unsupported_token_type/,
      steps: AT_TOKEN_ENDPOINT,
      reason: 'sign-in-needed',
      problem: 'unsupported_token_type',
    },
    // By the standard it is about key and secret; Schwab also says it of a refresh token.
    {
      word: 'invalid_client',
      beside: /refresh[_ ]token/i,
      steps: ['renew'],
      reason: 'sign-in-needed',
    },
    ...OAUTH2_ROWS,
    // "Client not authorized": an access token that is over, or an app without this API. One refresh tells.
    { word: 'Unauthorized', status: [401, 401], steps: ['probe'], reason: 'token' },
    { beside: /client not authorized/i, status: [401, 401], steps: ['probe'], reason: 'token' },
    {
      word: 'Forbidden',
      status: [403, 403],
      steps: ['probe'],
      reason: 'configuration',
      ofCall: true,
    },
    // Said by the API itself, not by the router before it: the address is wrong.
    { word: /^[A-Z]/, status: [404, 404], steps: ['probe'], reason: 'configuration', ofCall: true },
  ],
  bareRows: [{ status: [401, 401], steps: ['probe'], reason: 'token' }, ...OAUTH2_WORDS.bareRows],
};

/** The standard's fields, or `{"errors":[{"status":401,"title":"Unauthorized","detail":"…"}]}`. */
function read(answer: Received, json: unknown): Said {
  const parsed = errorsSchema.safeParse(json);
  const errors = parsed.success ? parsed.data.errors : [];
  const titles = errors.map(({ title, detail }) => wordOf(title) ?? wordOf(detail));
  return {
    words: [...titles.filter((word) => word !== null), ...readOauth2(answer, json).words],
    // A description may be broken JSON, so all of it is text; a page of somebody else is none of it.
    text: looksLikePage(answer.body) ? answer.challenge : `${answer.challenge}\n${answer.body}`,
  };
}

/** "Not Found" as one word. */
function wordOf(title: unknown): string | null {
  return typeof title === 'string' ? safeWord(title.replaceAll(/\s+/g, '')) : null;
}

const errorsSchema = z.object({
  errors: z.array(z.object({ title: z.unknown(), detail: z.unknown() }).partial()),
});
