/**
 * The part of TradeStation's API that the project calls: the accounts, and an order.
 *
 * The accounts are made up; SIM and live show different ones. Every call needs an access token that is not
 * over and has the scope. Called by `tradestation.ts`.
 * @see https://api.tradestation.com/docs/specification
 */

import type { IncomingMessage } from 'node:http';
import type { Environment } from '../../../functions/lifecycle/session.ts';
import type { Person, Token } from './grant-book.ts';
import type { Answer } from './http-answer.ts';
import { bearerToken, json } from './token-endpoint.ts';
import { ACCESS_LIFE_MS, type Counter } from './tradestation-token.ts';

/** What the person types on the broker's page. */
export const USER_IDS: Readonly<Record<Person, string>> = {
  default: 'ts.trader',
  other: 'ts.someone.else',
};

const ACCOUNTS: Readonly<Record<Environment, Readonly<Record<Person, readonly string[]>>>> = {
  sandbox: { default: ['SIM1550101M', 'SIM1550102F'], other: ['SIM1559001M'] },
  prod: { default: ['11550117', '210MX384'], other: ['77550640'] },
};

/** `GET /v3/brokerage/accounts` */
export function accounts(req: IncomingMessage, environment: Environment, counter: Counter): Answer {
  const access = authorize(req, 'ReadAccount', counter);
  if (!access.ok) return access.refusal;
  const ids = ACCOUNTS[environment][access.token.grant.person];
  return json(200, {
    Accounts: ids.map((AccountID, index) => ({
      AccountID,
      AccountType: index === 0 ? 'Margin' : 'Futures',
      Currency: 'USD',
      Status: 'Active',
    })),
  });
}

/** `POST /v3/orderexecution/orders`: every order is taken; the counts of calls say how often. */
export function placeOrder(req: IncomingMessage, counter: Counter): Answer {
  const access = authorize(req, 'Trade', counter);
  if (!access.ok) return access.refusal;
  return json(200, { Orders: [{ OrderID: '286234131', Message: 'Sent order' }] });
}

export function apiError(
  status: number,
  error: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return json(status, { Error: error, Message: message }, headers);
}

export function accessState(
  token: Token,
  { now }: Pick<Counter, 'now'>,
): 'active' | 'expired' | 'revoked' {
  if (token.isDead) return 'revoked';
  return now - token.issuedAt < ACCESS_LIFE_MS ? 'active' : 'expired';
}

function authorize(
  req: IncomingMessage,
  scope: string,
  counter: Counter,
): { readonly ok: true; readonly token: Token } | { readonly ok: false; refusal: Answer } {
  const token = counter.book.accessToken(bearerToken(req));
  if (token === null || accessState(token, counter) !== 'active') {
    const refusal = apiError(401, 'Unauthorized', 'The access token is missing, invalid or over.');
    return { ok: false, refusal };
  }
  if (!token.grant.scope.includes(scope)) {
    return { ok: false, refusal: apiError(403, 'Forbidden', `The scope ${scope} is missing.`) };
  }
  return { ok: true, token };
}
