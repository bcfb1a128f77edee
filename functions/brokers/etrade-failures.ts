/**
 * E*TRADE's words for a refusal: the OAuth problem in HTML, JSON, XML or a header, and the `Error` of its API.
 *
 * Data for the table in `failures.ts`. Works by content, never by content type, which E*TRADE does not keep to.
 */

import * as z from 'zod';
import type { BrokerFailure } from './broker.ts';
import { elementsOf, textOf } from './etrade-xml.ts';
import { type BrokerWords, judgeFailure, type Row, type Said, type Step } from './failures.ts';
import type { Received } from './send.ts';

/** The calls to E*TRADE. */
export type EtradeStep = Exclude<Step, 'approval'>;

/** Quoted in JSON and in headers, escaped in HTML, bare elsewhere; more facts follow after a comma. */
const OAUTH_PROBLEM = /oauth_problem\s*=\s*(?:\\?["']|&quot;|&#0?34;)?([a-z_]{2,60})/i;
const ACCEPTABLE_TIMESTAMPS = /oauth_acceptable_timestamps\s*=\s*\W{0,6}(\d{10})-(\d{10})(?!\d)/i;

const RATE_LIMIT = /exceeded the rate limit|rate limit (?:set|exceeded)|too many requests/i;

const SERVICE_IS_AWAY =
  /\bnot (?:currently |presently |now )?available\b|\bunavailable\b|\bmaintenance\b|\btemporar|\btry\b[\w ]{0,20}\b(?:again|later)\b|\b(?:could|can) ?not (?:be completed|complete|be processed at this time)\b|\btimed? ?out\b|\b(?:system|internal|server) error\b|\bdown for\b/i;

/** The Java library writes some of its problems with 503: they count with any status. */
const PROBLEM_ROWS = (
  [
    { word: 'timestamp_refused', reason: 'clock' },
    { word: 'nonce_used', reason: 'transient' },
    { word: /^(?:consumer_key|signature|callback|parameter|version)_/, reason: 'configuration' },
    { word: 'token_revoked', reason: 'sign-in-needed' },
    { word: /^token_/, reason: 'token' },
    { word: /^(?:verifier|user|permission|additional_authorization)_/, reason: 'sign-in-needed' },
  ] satisfies readonly Row[]
).map((row): Row => ({ ...row, status: [0, 599] }));

/**
 * The words of OAuth problems are those of the classic Java OAuth library; only some were seen from E*TRADE.
 * `Error.code`: 100 the service is unavailable, 670 maintenance; but 100 also stands beside refusals of one call.
 */
export const ETRADE_WORDS: BrokerWords = {
  read,
  refusedToken: 'renewable',
  // Tomcat's error page, which is how its token endpoints refuse.
  ownPages: /\bHTTP Status \d{3}\b/,
  rows: [
    ...PROBLEM_ROWS,
    { beside: RATE_LIMIT, status: [400, 499], reason: 'transient', problem: 'rate-limited' },
    { word: /^(?:[a-z]+_\w+|error-(?:100|670))$/, status: [500, 599], reason: 'transient' },
    { word: /^error-(?:100|670|uncoded)$/, beside: SERVICE_IS_AWAY, reason: 'transient' },
    { word: /^error-(?:100|670)$/, beside: /^\s*$/, reason: 'transient' },
    { word: /^error-/, status: [401, 401], reason: 'token' },
    // An account, a symbol, an order that it does not take.
    { word: /^error-/, status: [400, 499], reason: 'configuration', ofCall: true },
    // Said by its own server, not by a router before it: the address is wrong.
    {
      beside: /\bHTTP Status 40[45]\b/,
      status: [404, 405],
      reason: 'configuration',
      ofCall: true,
    },
    {
      beside: /\bissue with (?:the |your )?input\b/i,
      status: [400, 400],
      steps: ['begin', 'complete', 'renew', 'revoke'],
      reason: 'configuration',
    },
  ],
  bareRows: [{ status: [401, 401], reason: 'token' }],
};

/** The failure an answer stands for; for every answer that does not look like its step's success. */
export function judgeRefusal(step: EtradeStep, answer: Received): BrokerFailure {
  const failure = judgeFailure(ETRADE_WORDS, step, answer);
  if (failure.reason !== 'clock' || failure.skewMs !== null) return failure;
  return { ...failure, skewMs: skewOfWindow(answer) };
}

/** E*TRADE's word for the problem (`token_rejected`), wherever it stands. */
export function findOauthProblem(answer: Pick<Received, 'challenge' | 'body'>): string | null {
  return OAUTH_PROBLEM.exec(`${answer.challenge}\n${answer.body}`)?.[1]?.toLowerCase() ?? null;
}

function read(answer: Received, json: unknown): Said {
  const problem = findOauthProblem(answer);
  const error = readJsonError(json) ?? (json === undefined ? readXmlError(answer.body) : null);
  if (problem !== null) return { words: [problem], text: error?.message ?? answer.body };
  // A code that is the status is a gateway's.
  if (error === null || error.code === String(answer.status)) {
    return { words: [], text: error?.message ?? answer.body };
  }
  return { words: [`error-${error.code ?? 'uncoded'}`], text: error.message };
}

type ApiError = { readonly code: string | null; readonly message: string };

/** `{"Error":{"code":102,"message":"…"}}`, of which the wrapping, the code or the message may be missing. */
function readJsonError(json: unknown): ApiError | null {
  const wrapped = wrappedSchema.safeParse(json);
  const error = wrapped.success ? wrapped.data.Error : null;
  if (error !== null && (error.code !== null || error.message !== '')) return error;
  const bare = codedSchema.safeParse(json);
  return bare.success && bare.data.code !== null ? bare.data : null;
}

function readXmlError(body: string): ApiError | null {
  const [error] = elementsOf(body, 'Error');
  if (error === undefined) return null;
  const read = codedSchema.parse({
    code: textOf(error, 'code'),
    message: textOf(error, 'message'),
  });
  return read.code === null && read.message === '' ? null : read;
}

/** Without a `Date` header, the middle of the window that E*TRADE would have accepted tells its time. */
function skewOfWindow(answer: Received): number | null {
  const window = ACCEPTABLE_TIMESTAMPS.exec(`${answer.challenge}\n${answer.body}`);
  if (window === null) return null;
  return ((Number(window[1]) + Number(window[2])) / 2) * 1_000 - answer.receivedAt;
}

const codedSchema = z.object({
  code: z
    .union([z.string(), z.number().transform(String)])
    .pipe(z.string().regex(/^[1-9]\d{0,5}$/))
    .nullable()
    .catch(null),
  message: z.string().catch(''),
});

const wrappedSchema = z.object({ Error: codedSchema });
