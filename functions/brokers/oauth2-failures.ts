/**
 * The error words of OAuth 2.0, OpenID Connect and Auth0, as rows of the table in `failures.ts`; and where a
 * token endpoint or a bearer challenge writes them.
 *
 * Pure data and a reader. Taken into the words of each broker that speaks OAuth 2.
 * @see https://datatracker.ietf.org/doc/html/rfc6749#section-5.2
 * @see https://datatracker.ietf.org/doc/html/rfc6750#section-3.1
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthError
 */

import * as z from 'zod';
import type { BrokerWords, Row, Said, Step } from './failures.ts';
import { safeWord } from './judged.ts';
import type { Received } from './send.ts';

/** Where a code or a refresh token is sent, with the client's proof beside it. */
export const AT_TOKEN_ENDPOINT: readonly Step[] = ['complete', 'renew', 'revoke'];

/** What the server wants done is done by a person: log in, agree, choose, prove it is them. */
const ASKS_FOR_A_PERSON = new RegExp(
  [
    '^[a-z_]*(?:login|sign_?in|interaction|consent|selection|mfa|factor|enrollment|association|verification|authentication|reauth[a-z]*|challenge|password[a-z_]*|step_up)_required$',
    '^mfa_\\w+$',
    '^requires_verification$',
    '^unmet_authentication_requirements$',
    '^insufficient_user_authentication$',
    '^session_(?:expired|ended|terminated|revoked|not_found)$|^(?:expired|invalid)_session$',
    '^(?:user|account)_(?:blocked|locked|disabled|suspended|not_found|inactive)$|^blocked_user$',
    '^(?:unverified_email|email_not_verified|password_(?:expired|leaked|changed))$',
  ].join('|'),
);

const SPENT_TOKEN =
  /^(?:invalid|expired|unknown|revoked)_(?:refresh_|access_)?token$|^(?:refresh_|access_)?token_(?:invalid|expired|revoked|reused)$/;

const DEAD_REFRESH_TOKEN =
  /\b(?:unknown|invalid|expired|revoked|reused|inactive|dead)\b[\w ,]{0,30}\brefresh[_ ]token|\brefresh[_ ]token\b[\w ,'’]{0,40}\b(?:invalid|unknown|expired|revoked|reused?|inactive|not (?:valid|found|active|recogni[sz]ed)|no longer)\b/i;

const BAD_CODE =
  /\b(?:invalid|bad|expired|used|unknown)\b[\w ]{0,10}\b(?:auth(?:ori[sz]ation)? )?code\b|\b(?:auth(?:ori[sz]ation)? )?code\b[\w ]{0,20}\b(?:invalid|expired|already used|been used|not (?:valid|found))\b/i;

const PERSON_IS_NEEDED =
  /\bmulti[-_ ]?factor(?:\b|_)|\bmfa(?:_\w+)?\b|\blog[_ ]?in[_ ](?:is )?required\b|\b(?:consent|interaction|re-?authentication|user[_ ]verification)[_ ](?:is )?required\b|\b(?:log|sign) in again\b|\b(?:user|account)[_ ](?:is |has been |was )?(?:blocked|locked|disabled|suspended)\b/i;

const CLIENT_IS_WRONG =
  /\b(?:invalid|unknown|bad) client\b|\bclient (?:authentication failed|(?:id|secret|credentials)\b[\w ]{0,20}\b(?:invalid|unknown|wrong|incorrect|mismatch))|\bredirect[_ ]ur[il]\b[\w ]{0,20}\b(?:wrong|invalid|mismatch|not match|not registered)/i;

/** What stands beside a word decides where one word has two meanings, and alone where no word is known. */
export const OAUTH2_ROWS: readonly Row[] = [
  {
    word: /^(?:server_error|temporarily_unavailable|too_many_requests|too_many_attempts|slow_down)$/,
    reason: 'transient',
  },
  // Code or refresh token: spent, expired, revoked, or issued to another client or redirect.
  { word: 'invalid_grant', steps: AT_TOKEN_ENDPOINT, reason: 'sign-in-needed' },
  { word: SPENT_TOKEN, reason: 'token' },
  { word: ASKS_FOR_A_PERSON, steps: AT_TOKEN_ENDPOINT, reason: 'sign-in-needed' },
  {
    word: /^(?:access_denied|unauthorized|forbidden|invalid_request)$/,
    beside: PERSON_IS_NEEDED,
    steps: AT_TOKEN_ENDPOINT,
    reason: 'sign-in-needed',
  },
  // Auth0 says it of a client secret, with 401 and this description; else of a person or a rule of theirs.
  {
    word: 'access_denied',
    status: [401, 401],
    steps: AT_TOKEN_ENDPOINT,
    reason: 'configuration',
  },
  {
    word: 'access_denied',
    beside: /^\W*unauthorized\W*$/i,
    steps: AT_TOKEN_ENDPOINT,
    reason: 'configuration',
  },
  { word: 'access_denied', steps: AT_TOKEN_ENDPOINT, reason: 'sign-in-needed' },
  {
    word: 'invalid_request',
    beside: DEAD_REFRESH_TOKEN,
    steps: ['renew'],
    reason: 'sign-in-needed',
  },
  {
    word: /^(?:invalid_request|invalid_client|unauthorized_client|unsupported_grant_type|invalid_scope|invalid_redirect_uri)$/,
    steps: ['complete', 'renew', 'revoke', 'approval'],
    reason: 'configuration',
  },
  { word: 'insufficient_scope', reason: 'configuration', ofCall: true },
  {
    beside: DEAD_REFRESH_TOKEN,
    steps: ['renew', 'revoke'],
    reason: 'sign-in-needed',
    problem: 'invalid_grant',
  },
  { beside: BAD_CODE, steps: ['complete'], reason: 'sign-in-needed', problem: 'invalid_grant' },
  {
    beside: PERSON_IS_NEEDED,
    steps: ['complete', 'renew'],
    reason: 'sign-in-needed',
    problem: 'interaction_required',
  },
  {
    beside: CLIENT_IS_WRONG,
    steps: AT_TOKEN_ENDPOINT,
    reason: 'configuration',
    problem: 'invalid_client',
  },
];

/** A token endpoint that adds nothing to the standard. */
export const OAUTH2_WORDS: BrokerWords = {
  read: readOauth2,
  refusedToken: 'renewable',
  rows: OAUTH2_ROWS,
  // The client's proof is all that a 401 can mean there.
  bareRows: [{ status: [401, 401], steps: AT_TOKEN_ENDPOINT, reason: 'configuration' }],
};

/** Error and description, either of which may be missing, in the body or in the challenge. */
export function readOauth2({ body, challenge }: Received, json: unknown): Said {
  const parsed = errorSchema.safeParse(json);
  const fields = parsed.success ? parsed.data : {};
  const nested = nestedSchema.safeParse(fields.error);
  const inner = nested.success ? nested.data : {};
  const words: readonly unknown[] = [
    fields.error,
    inner.code,
    inner.type,
    inner.error,
    fields.code,
    fields.errorCode,
    fields.error_code,
    // Brokers' JSON is broken further on where a description quotes another one.
    json === undefined ? /^\s*\{\s*"error"\s*:\s*"([a-z_]{2,60})"/i.exec(body)?.[1] : undefined,
    /\berror="?([a-z_]{2,60})\b/i.exec(challenge)?.[1],
  ];
  const texts = [
    fields.error_description,
    fields.description,
    fields.detail,
    fields.message,
    inner.message,
    inner.description,
    /\berror_description="([^"]*)"/i.exec(challenge)?.[1],
  ];
  return {
    words: words
      .map(safeWord)
      .filter((word) => word !== null)
      // Some write them in capitals; "Forbidden" alone is a status, which everybody writes.
      .filter((word) => /^[a-z]|_|^[A-Z]+$/.test(word))
      .map((word) => word.toLowerCase()),
    text: texts.filter((text) => typeof text === 'string').join(' '),
  };
}

const errorSchema = z
  .object({
    error: z.unknown(),
    error_description: z.unknown(),
    code: z.unknown(),
    errorCode: z.unknown(),
    error_code: z.unknown(),
    description: z.unknown(),
    detail: z.unknown(),
    message: z.unknown(),
  })
  .partial();

const nestedSchema = z
  .object({
    code: z.unknown(),
    type: z.unknown(),
    error: z.unknown(),
    message: z.unknown(),
    description: z.unknown(),
  })
  .partial();
