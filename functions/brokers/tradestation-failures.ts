/**
 * TradeStation's words for a refusal: those of its API (`{"Error":"Forbidden","Message":"…"}`) and those of the
 * token endpoint, which is Auth0's.
 *
 * Data for the table in `failures.ts`. The text of a 401 is not documented: there the status alone counts.
 * @see https://api.tradestation.com/docs/specification
 */

import * as z from 'zod';
import type { BrokerWords, Said } from './failures.ts';
import { safeWord } from './judged.ts';
import { OAUTH2_ROWS, OAUTH2_WORDS, readOauth2 } from './oauth2-failures.ts';
import type { Received } from './send.ts';

export const TRADESTATION_WORDS: BrokerWords = {
  read,
  refusedToken: 'renewable',
  rows: [
    ...OAUTH2_ROWS,
    { word: /^unauthorized$/i, status: [401, 401], steps: ['probe'], reason: 'token' },
    // A scope that the key or the sign-in does not have.
    {
      word: 'Forbidden',
      status: [403, 403],
      steps: ['probe'],
      reason: 'configuration',
      ofCall: true,
    },
    // Said by the API itself, not by a router before it: the address is wrong.
    { word: /^[A-Z]/, status: [404, 404], steps: ['probe'], reason: 'configuration', ofCall: true },
    { beside: /\bscope\b/i, status: [403, 403], reason: 'configuration', ofCall: true },
  ],
  bareRows: [{ status: [401, 401], steps: ['probe'], reason: 'token' }, ...OAUTH2_WORDS.bareRows],
};

/** Either part of the API's error may come alone. */
function read(answer: Received, json: unknown): Said {
  const standard = readOauth2(answer, json);
  const parsed = errorSchema.safeParse(json);
  if (!parsed.success) return standard;
  const { Error: error, Message: message } = parsed.data;
  const word = safeWord(error) ?? (isUnauthorized(message) ? 'Unauthorized' : null);
  return {
    words: word === null ? standard.words : [word, ...standard.words],
    text: typeof message === 'string' ? `${message} ${standard.text}` : standard.text,
  };
}

function isUnauthorized(text: unknown): boolean {
  return typeof text === 'string' && /^unauthorized\b/i.test(text);
}

const errorSchema = z.object({ Error: z.unknown(), Message: z.unknown() }).partial();
