/**
 * The part of Schwab's Trader API that the project calls: the account numbers, and an order.
 *
 * The accounts are made up. Every call needs an access token that is not over, and an app that has the API;
 * both are refused with the same words. Called by `schwab.ts`.
 */

import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Person, Token } from './grant-book.ts';
import type { Answer } from './http-answer.ts';
import type { Switches } from './schwab-switches.ts';
import { ACCESS_LIFE_MS, type Counter } from './schwab-token.ts';
import { bearerToken, json } from './token-endpoint.ts';

/** What the person types on the broker's page. */
export const USER_IDS: Readonly<Record<Person, string>> = {
  default: 'schwab.trader',
  other: 'schwab.someone.else',
};

const ACCOUNTS: Readonly<Record<Person, readonly string[]>> = {
  default: ['61550117', '61550233'],
  other: ['77550640'],
};

/** `GET /trader/v1/accounts/accountNumbers` */
export function accountNumbers(req: IncomingMessage, counter: Counter): Answer {
  const token = authorized(req, counter);
  if (token === null) return notAuthorized(counter.switches);
  return json(
    200,
    ACCOUNTS[token.grant.person].map((accountNumber) => ({
      accountNumber,
      hashValue: hashOf(accountNumber),
    })),
  );
}

/** `POST /trader/v1/accounts/<hash>/orders`: every order for one of the person's accounts is taken. */
export function placeOrder(req: IncomingMessage, hash: string, counter: Counter): Answer {
  const token = authorized(req, counter);
  if (token === null) return notAuthorized(counter.switches);
  const isTheirs = ACCOUNTS[token.grant.person].some((number) => hashOf(number) === hash);
  if (!isTheirs) return apiError(400, 'Bad Request', 'Invalid account number', counter.switches);
  return { status: 201, type: '', body: '', headers: { location: `/orders/${randomUUID()}` } };
}

/** An error in the API's form: `errors`, a list of one. */
export function apiError(
  status: number,
  title: string,
  detail: string,
  switches: Switches,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const shown = switches.statusAsText ? String(status) : status;
  return json(status, { errors: [{ id: randomUUID(), status: shown, title, detail }] }, headers);
}

export function accessState(
  token: Token,
  { now }: Pick<Counter, 'now'>,
): 'active' | 'expired' | 'revoked' {
  if (token.isDead) return 'revoked';
  return now - token.issuedAt < ACCESS_LIFE_MS ? 'active' : 'expired';
}

/** `null` for a token that is over and for an app without the API: nobody can tell from the answer. */
function authorized(req: IncomingMessage, counter: Counter): Token | null {
  const token = counter.book.accessToken(bearerToken(req));
  if (token === null || accessState(token, counter) !== 'active') return null;
  return counter.switches.missingProduct === false ? token : null;
}

function notAuthorized(switches: Switches): Answer {
  const text = 'Invalid API call as no apiproduct match found';
  const code = 'keymanagement.service.InvalidAPICallAsNoApiProductMatchFound';
  if (switches.missingProduct === 'fault') {
    return json(401, { fault: { faultstring: text, detail: { errorcode: code } } });
  }
  if (switches.missingProduct === 'challenge') {
    const challenge = `Bearer realm="null",error="invalid_request",error_description="${code}: ${text}"`;
    const bare = apiError(401, 'Unauthorized', 'Client not authorized', switches);
    return { ...bare, headers: { 'www-authenticate': challenge } };
  }
  return apiError(401, 'Unauthorized', 'Client not authorized', switches);
}

function hashOf(accountNumber: string): string {
  return createHash('sha256').update(accountNumber).digest('hex').toUpperCase();
}
