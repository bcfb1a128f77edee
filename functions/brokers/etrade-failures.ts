/**
 * Why E*TRADE refused: finds the reason in HTML, JSON, XML or a header, and gives it its class.
 *
 * Pure. Works by content, never by content type, which E*TRADE does not keep to. The `problem` it returns
 * is a safe word, never text of the body. Called by `etrade-answers.ts`.
 */

import type { BrokerFailure, FailureClass } from './broker.ts';
import { looksLikeHtml, unreadable } from './judged.ts';
import type { Received } from './send.ts';

/** The calls, as far as a refusal means something else in each. */
export type EtradeStep = 'begin' | 'complete' | 'renew' | 'probe' | 'revoke';

/** Quoted in JSON and in headers, escaped in HTML, bare elsewhere; more facts follow after a comma. */
const OAUTH_PROBLEM = /oauth_problem\s*=\s*(?:\\?["']|&quot;|&#0?34;)?([a-z_]{2,60})/i;
const ACCEPTABLE_TIMESTAMPS = /oauth_acceptable_timestamps\s*=\s*\W{0,6}(\d{10})-(\d{10})(?!\d)/i;
const ERROR_CODE = /(?:"code"\s*:\s*"?|<code>\s*)(\d{1,6})\b/i;
const RATE_LIMIT = /exceeded the rate limit|rate limit (?:set|exceeded)|too many requests/i;

/** `Error.code`: 100 the service is unavailable, 670 maintenance. */
const PASSING_ERROR_CODES: ReadonlySet<string> = new Set(['100', '670']);

/** The failure an answer stands for; for every answer that is no success of its step. */
export function judgeRefusal(step: EtradeStep, answer: Received): BrokerFailure {
  const oauthProblem = findOauthProblem(answer);
  if (oauthProblem !== null) {
    const reason = classOfProblem(step, oauthProblem) ?? classOfStatus(step, answer);
    return failure(answer, reason, oauthProblem);
  }
  // What was cut off may have held the reason.
  if (!answer.complete && answer.status < 500) return unreadable(answer);
  const errorCode = ERROR_CODE.exec(answer.body)?.[1] ?? null;
  if (errorCode !== null && PASSING_ERROR_CODES.has(errorCode)) {
    return failure(answer, 'transient', `error-${errorCode}`);
  }
  if (answer.status >= 200 && answer.status < 300) return unreadable(answer);
  const problem =
    answer.status === 429 || RATE_LIMIT.test(answer.body)
      ? 'rate-limited'
      : errorCode === null
        ? `http-${answer.status}`
        : `error-${errorCode}`;
  return failure(answer, classOfStatus(step, answer), problem);
}

/** E*TRADE's word for the problem (`token_rejected`), wherever it stands. */
export function findOauthProblem(answer: Pick<Received, 'challenge' | 'body'>): string | null {
  return OAUTH_PROBLEM.exec(`${answer.challenge}\n${answer.body}`)?.[1]?.toLowerCase() ?? null;
}

/**
 * The words are those of the classic Java OAuth library; only some were seen from E*TRADE.
 * `null` for words nobody knows.
 */
function classOfProblem(step: EtradeStep, problem: string): FailureClass | null {
  if (problem === 'timestamp_refused') return 'clock';
  if (problem === 'nonce_used') return 'transient';
  if (/^(?:consumer_key|signature|callback|parameter|version)_/.test(problem)) {
    return 'configuration';
  }
  if (problem === 'token_revoked') return 'sign-in-needed';
  if (problem.startsWith('token_')) return classOfToken(step);
  if (/^(?:verifier|user|permission|additional_authorization)_/.test(problem)) {
    return 'sign-in-needed';
  }
  return null;
}

/** A refused token: on data calls it may only be idle, anywhere else nothing but a sign-in helps. */
function classOfToken(step: EtradeStep): FailureClass {
  switch (step) {
    case 'probe':
      return 'renewable';
    case 'complete':
    case 'renew':
    case 'revoke':
      return 'sign-in-needed';
    case 'begin':
      // No token was sent: the consumer key is what was refused.
      return 'configuration';
  }
}

function classOfStatus(step: EtradeStep, answer: Received): FailureClass {
  const { status, body } = answer;
  if (status === 401) return classOfToken(step);
  if (status >= 500 || status === 429 || status === 408 || status === 425) return 'transient';
  if (RATE_LIMIT.test(body)) return 'transient';
  // E*TRADE's rate limit is a 400 with an HTML page.
  if (status === 400 && looksLikeHtml(body)) return 'transient';
  // A redirect leads to a maintenance page; a wrong address answers 404.
  if (status >= 300 && status < 400) return 'transient';
  return 'configuration';
}

function failure(answer: Received, reason: FailureClass, problem: string): BrokerFailure {
  return {
    ok: false,
    reason,
    problem,
    answered: true,
    status: answer.status,
    retryAfterMs: answer.retryAfterMs,
    skewMs: answer.skewMs ?? (reason === 'clock' ? skewOfWindow(answer) : null),
  };
}

/** Without a `Date` header, the middle of the window that E*TRADE would have accepted tells its time. */
function skewOfWindow(answer: Received): number | null {
  const window = ACCEPTABLE_TIMESTAMPS.exec(`${answer.challenge}\n${answer.body}`);
  if (window === null) return null;
  return ((Number(window[1]) + Number(window[2])) / 2) * 1_000 - answer.receivedAt;
}
