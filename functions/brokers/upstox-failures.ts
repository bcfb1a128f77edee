/**
 * Upstox's words for a refusal: its error codes, wherever in an answer they stand, or the message of one.
 *
 * Data for the table in `failures.ts`.
 * @see https://upstox.com/developer/api-documentation/error-codes
 */

import * as z from 'zod';
import type { BrokerFailure } from './broker.ts';
import { type BrokerWords, judgeFailure, type Row, type Said, type Step } from './failures.ts';
import { OAUTH2_ROWS, readOauth2 } from './oauth2-failures.ts';
import type { Received } from './send.ts';

/** `configuration` is what no sign-in cures: key, secret, redirect, static address, switched-off account. */
const CODE_ROWS: readonly Row[] = [
  // Invalid token: dead, withdrawn or never issued.
  { word: 'UDAPI100050', reason: 'sign-in-needed' },
  // Invalid code: spent or too old.
  { word: 'UDAPI100057', reason: 'sign-in-needed' },
  // Too many calls; something went wrong; too many access-token requests.
  { word: /^UDAPI(?:10005|100500|1157)$/, reason: 'transient' },
  // The client itself is refused, whatever it asks for.
  { word: /^UDAPI(?:100016|100073)$/, reason: 'configuration' },
  // Sources disagree: bad credentials, or an approval that is pending already. The message tells.
  {
    word: 'UDAPI100069',
    beside: /\bpending\b|\balready\b|\bin progress\b/i,
    steps: ['approval'],
    reason: 'transient',
  },
  // Of one call, or of a sign-in: segments, address, extended token, redirect, static address, notifier.
  {
    word: /^UDAPI(?:100058|100060|100067|100068|100069|1123|1124|1154|1155)$/,
    reason: 'configuration',
    ofCall: true,
  },
  { word: /^UDAPI/, status: [500, 599], reason: 'transient' },
];

/** For an answer that brings a message without its code. */
const CODE_OF_MESSAGE: readonly (readonly [RegExp, string])[] = [
  [/\binvalid token used\b/i, 'UDAPI100050'],
  [/\binvalid auth code\b/i, 'UDAPI100057'],
  [/\btoo many request sent\b/i, 'UDAPI10005'],
  [/^invalid credentials\b/i, 'UDAPI100016'],
  [/\bclient_id'? is inactive\b/i, 'UDAPI100073'],
  [/\bno segments for these users\b/i, 'UDAPI100058'],
  [/\bnot permitted with an extended_token\b/i, 'UDAPI100067'],
  [/\bclient_id'? and '?redirect_uri\b/i, 'UDAPI100068'],
  [/\bclient_id'? and '?client_secret\b/i, 'UDAPI100069'],
];

export const UPSTOX_WORDS: BrokerWords = {
  read,
  refusedToken: 'sign-in-needed',
  rows: [...CODE_ROWS, ...OAUTH2_ROWS],
  bareRows: [
    { status: [401, 401], steps: ['complete', 'probe', 'revoke'], reason: 'sign-in-needed' },
    // With an access-token request only client id and secret are sent.
    { status: [401, 401], steps: ['approval'], reason: 'configuration' },
  ],
};

export type UpstoxStep = Exclude<Step, 'begin' | 'renew'>;

/** The failure an answer stands for; for every answer that does not look like its step's success. */
export function judgeUpstoxRefusal(step: UpstoxStep, answer: Received): BrokerFailure {
  return judgeFailure(UPSTOX_WORDS, step, answer);
}

/** A code counts whatever is around its field: Upstox writes it in two spellings, with and without an envelope. */
function read(answer: Received, json: unknown): Said {
  const standard = readOauth2(answer, json);
  const text = `${standard.text} ${messagesOf(json)}`.trim();
  const codes = codesIn(answer.body);
  const meant = CODE_OF_MESSAGE.find(([message]) => message.test(text))?.[1];
  const others = standard.words.filter((word) => !/^UDAPI/i.test(word));
  const named = codes.length > 0 || meant === undefined ? codes : [meant];
  return { words: [...named, ...others], text };
}

/** Those in a field for a code; where there is none, any: a value that is quoted may look like one. */
function codesIn(body: string): readonly string[] {
  const fields = [...body.matchAll(/"(?:error_?)?code"\s*:\s*"\s*(UDAPI\d{1,8})\b/gi)];
  if (fields.length > 0) return fields.map(([, code = '']) => code);
  return [...body.matchAll(/\bUDAPI\d{1,8}\b/g)].map(([code]) => code);
}

function messagesOf(json: unknown): string {
  const parsed = errorsSchema.safeParse(json);
  if (!parsed.success) return '';
  const errors = [parsed.data.errors].flat();
  return errors.map(({ message }) => (typeof message === 'string' ? message : '')).join(' ');
}

const entrySchema = z.object({ message: z.unknown() }).partial();
const errorsSchema = z.object({ errors: z.union([z.array(entrySchema), entrySchema]) });
