/**
 * Refusals in the forms E*TRADE gives them: Tomcat pages on /oauth, JSON or XML on /v1.
 *
 * Decides nothing: it is told the problem and writes it down. Called by the other `etrade-*` files.
 */

import { STATUS_CODES } from 'node:http';
import type { Switches } from './etrade-switches.ts';
import type { Answer } from './http-answer.ts';
import { escapeMarkup } from './pages.ts';

/** The form of a /v1 answer: XML unless JSON was asked for. */
export type Form = 'json' | 'xml';

/** Status of each problem: what was observed, else the one of the server library whose words these are. */
const STATUS = {
  version_rejected: 400,
  parameter_absent: 400,
  parameter_rejected: 400,
  timestamp_refused: 400,
  signature_method_rejected: 400,
  callback_rejected: 400,
  nonce_used: 401,
  token_expired: 401,
  token_rejected: 401,
  token_revoked: 401,
  signature_invalid: 401,
  consumer_key_rejected: 401,
} as const;

export type ProblemName = keyof typeof STATUS;

export type Problem = {
  readonly ok: false;
  readonly name: ProblemName;
  /** What follows the problem after a comma: `oauth_acceptable_callback=oob`. */
  readonly advice: string | null;
};

export function problem(name: ProblemName, advice: string | null = null): Problem {
  return { ok: false, name, advice };
}

/** `oauth_problem=callback_rejected,oauth_acceptable_callback=oob`: a comma, where a URL would have `&`. */
export function problemText({ name, advice }: Problem): string {
  return `oauth_problem=${name}${advice === null ? '' : `,${advice}`}`;
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The server cannot or will not process the request due to something that is perceived to be a client error.',
  401: 'The request has not been applied because it lacks valid authentication credentials for the target resource.',
  404: 'The origin server did not find a current representation for the target resource.',
  405: 'The method received in the request-line is known by the origin server but not supported by the target resource.',
  500: 'The server encountered an unexpected condition that prevented it from fulfilling the request.',
};

function tomcat2021(status: number, message: string): string {
  const title = `HTTP Status ${status} – ${STATUS_CODES[status] ?? 'Unknown'}`;
  const description = DESCRIPTIONS[status];
  return [
    `<!doctype html><html lang="en"><head><title>${title}</title>`,
    '<style type="text/css">body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} .line {height:1px;background-color:#525D76;border:none;}</style>',
    `</head><body><h1>${title}</h1><hr class="line" /><p><b>Type</b> Status Report</p>`,
    message === '' ? '' : `<p><b>Message</b> ${escapeMarkup(message)}</p>`,
    description === undefined ? '' : `<p><b>Description</b> ${description}</p>`,
    '<hr class="line" /></body></html>',
  ].join('');
}

function tomcat2018(status: number, message: string): string {
  const text = escapeMarkup(message);
  const description =
    status === 401 ? `This request requires HTTP authentication (${text}).` : `${text}.`;
  return [
    '<html><head><title> - Error report</title><style></style> </head><body>',
    `<h1>HTTP Status ${status} - ${text}</h1><HR size="1" noshade="noshade">`,
    `<p><b>type</b> Status report</p><p><b>message</b> <u>${text}</u></p>`,
    `<p><b>description</b> <u>${description}</u></p><HR size="1" noshade="noshade"><h3></h3></body></html>`,
  ].join('');
}

/** A Tomcat error page, of the generation the switches choose. */
export function errorPage(
  status: number,
  message: string,
  switches: Switches,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const page = switches.errorPage === 2018 ? tomcat2018 : tomcat2021;
  return { status, type: 'text/html;charset=utf-8', body: page(status, message), headers };
}

function challenge(refusal: Problem, switches: Switches): Readonly<Record<string, string>> {
  if (!switches.wwwAuthenticate || STATUS[refusal.name] !== 401) return {};
  return {
    'www-authenticate': `OAuth realm="https://api.etrade.com/", oauth_problem="${refusal.name}"`,
  };
}

/** A refusal on /oauth. */
export function oauthRefusal(refusal: Problem, switches: Switches): Answer {
  const headers = challenge(refusal, switches);
  return errorPage(STATUS[refusal.name], problemText(refusal), switches, headers);
}

/** An `Error` document of /v1; OAuth problems have no code. */
export function apiError(form: Form, status: number, code: number | null, message: string): Answer {
  if (form === 'json') {
    const error = code === null ? { message } : { code, message };
    return {
      status,
      type: 'application/json;charset=utf-8',
      body: JSON.stringify({ Error: error }),
    };
  }
  const codeElement = code === null ? '' : `<code>${code}</code>`;
  return {
    status,
    type: 'application/xml;charset=utf-8',
    body: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Error>${codeElement}<message>${escapeMarkup(message)}</message></Error>`,
  };
}

/** A refusal on /v1. */
export function apiRefusal(form: Form, refusal: Problem, switches: Switches): Answer {
  const answer = apiError(form, STATUS[refusal.name], null, problemText(refusal));
  return { ...answer, headers: challenge(refusal, switches) };
}

/**
 * The rate limit: an HTML page, whatever form was asked for.
 *
 * @see https://us.etrade.com/ctnt/dev-portal/getContent?contentUri=V0_Documentation-DeveloperGuides-RateLimits
 */
export function overLimit(status: 400 | 429): Answer {
  return {
    status,
    type: 'text/html;charset=utf-8',
    body: '<html><head><title>Error</title></head><body><h1>Number of requests exceeded the rate limit set</h1></body></html>',
    ...(status === 429 ? { headers: { 'retry-after': '2' } } : {}),
  };
}
