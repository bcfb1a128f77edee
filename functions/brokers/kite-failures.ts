/**
 * Kite's words for a refusal: `error_type` and `message`, either of which may come alone; the same refusal comes
 * as 403 and as 400.
 *
 * Data for the table in `failures.ts`.
 * @see https://kite.trade/docs/connect/v3/exceptions/
 */

import * as z from 'zod';
import type { BrokerFailure } from './broker.ts';
import { type BrokerWords, judgeFailure, SAYS_NOTHING, type Said, type Step } from './failures.ts';
import type { Received } from './send.ts';

/** Names the token, or key and token at once: `Invalid `api_key` or `access_token`.` comes as 400 too. */
const NAMES_TOKEN = /\baccess_token\b|\btoken is invalid\b|\brequest_token\b/i;

export const KITE_WORDS: BrokerWords = {
  read,
  refusedToken: 'sign-in-needed',
  rows: [
    { beside: /checksum/i, reason: 'configuration', problem: 'invalid-checksum' },
    // At the exchange no access token is sent: a message that names the key means the key.
    {
      beside: /\bapi_key\b/i,
      steps: ['complete'],
      reason: 'configuration',
      problem: 'invalid-api-key',
    },
    { word: 'TokenException', reason: 'token' },
    { word: 'InputException', beside: NAMES_TOKEN, reason: 'token' },
    // The request, the account or a permission is wrong: a login changes nothing about it.
    {
      word: /^(?:Input|Permission|User)Exception$/,
      reason: 'configuration',
      ofCall: true,
    },
    // Kite's own status for an order that it could not place is 500.
    {
      word: /^(?:Order|Margin|Holding)Exception$/,
      status: [400, 599],
      reason: 'configuration',
      ofCall: true,
    },
    // Said by Kite itself, not by a router before it: the address is wrong.
    { word: /Exception$/, status: [404, 405], reason: 'configuration', ofCall: true },
    { word: /^(?:General|Data|Network)Exception$/, status: [500, 599], reason: 'transient' },
    { beside: NAMES_TOKEN, status: [400, 403], reason: 'token', problem: 'TokenException' },
  ],
  bareRows: [],
};

export type KiteStep = Extract<Step, 'complete' | 'probe' | 'revoke'>;

/** The failure an answer stands for; for every answer that does not look like its step's success. */
export function judgeKiteRefusal(step: KiteStep, answer: Received): BrokerFailure {
  return judgeFailure(KITE_WORDS, step, answer);
}

function read(_answer: unknown, json: unknown): Said {
  const parsed = errorSchema.safeParse(json);
  if (!parsed.success) return SAYS_NOTHING;
  const { error_type, message } = parsed.data;
  return { words: error_type === null ? [] : [error_type], text: message };
}

const errorSchema = z.object({
  error_type: z
    .string()
    .regex(/^[A-Za-z]{1,40}$/)
    .nullable()
    .catch(null),
  message: z.string().catch(''),
});
