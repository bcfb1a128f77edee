/**
 * The part of E*TRADE's /v1 that the project calls: account list, balance, quotes, and orders as far as
 * that one was taken.
 *
 * JSON for a `.json` path or an `Accept` that asks for it, XML otherwise, errors included. Every call
 * but delayed quotes needs a signed request with an active access token. Called by `etrade.ts`.
 *
 * @see https://apisb.etrade.com/docs/api/account/api-account-v1.html
 */

import type { Environment } from '../../../functions/lifecycle/session.ts';
import { ACCOUNTS, type Account, priceOf } from './etrade-accounts.ts';
import { apiError, apiRefusal, type Form, problem } from './etrade-errors.ts';
import { type Counter, isRejected, tokenProblem, verify } from './etrade-signed.ts';
import type { Switches } from './etrade-switches.ts';
import type { AccessToken } from './etrade-tokens.ts';
import type { Answer } from './http-answer.ts';
import { type Pair, parseAuthorization, parseForm, type WireRequest } from './oauth1-verifier.ts';
import { escapeMarkup } from './pages.ts';

const MAX_SYMBOLS = 25;

export type ApiCall =
  | { readonly endpoint: 'accounts/list' }
  | { readonly endpoint: 'accounts/balance'; readonly accountIdKey: string }
  | { readonly endpoint: 'accounts/orders'; readonly accountIdKey: string }
  | { readonly endpoint: 'market/quote'; readonly symbols: string };

/** What a path below `/v1` asks for, `.json` already taken off; `null` when there is nothing there. */
export function apiCallOf(path: string): ApiCall | null {
  if (path === '/accounts/list') return { endpoint: 'accounts/list' };
  const accountIdKey = /^\/accounts\/([^/]+)\/balance$/.exec(path)?.[1];
  if (accountIdKey !== undefined) return { endpoint: 'accounts/balance', accountIdKey };
  const ordering = /^\/accounts\/([^/]+)\/orders\/place$/.exec(path)?.[1];
  if (ordering !== undefined) return { endpoint: 'accounts/orders', accountIdKey: ordering };
  const symbols = /^\/market\/quote\/([A-Za-z0-9,.:%^$-]+)$/.exec(path)?.[1];
  if (symbols === undefined) return null;
  return { endpoint: 'market/quote', symbols: symbols.replaceAll(/%2C/gi, ',').toUpperCase() };
}

/** The one method of a call: what changes something is no GET. */
export function methodOf(call: ApiCall): 'GET' | 'POST' {
  return call.endpoint === 'accounts/orders' ? 'POST' : 'GET';
}

/** Whether the client wants JSON. The suffix is part of what it signs, the header is not. */
export function formOf(path: string, accept: string | undefined): Form {
  return path.endsWith('.json') || /\bapplication\/json\b/i.test(accept ?? '') ? 'json' : 'xml';
}

export function answerApiCall(
  call: ApiCall,
  environment: Environment,
  form: Form,
  request: WireRequest,
  counter: Counter,
): Answer {
  if (call.endpoint === 'market/quote') {
    const delayed = delayedQuotes(call.symbols, environment, form, request, counter);
    if (delayed !== null) return delayed;
  }
  const verified = verify(request, 'access-token', counter);
  if (!verified.ok) return apiRefusal(form, verified, counter.switches);
  const { token } = verified;
  const refusal =
    token.environment === environment ? tokenProblem(token, counter) : problem('token_rejected');
  if (refusal !== null) return apiRefusal(form, refusal, counter.switches);
  counter.tokens.touch(token, counter.now);
  switch (call.endpoint) {
    case 'accounts/list':
      return accountList(token, form);
    case 'accounts/balance':
      return balance(token, call.accountIdKey, form, counter.switches);
    case 'accounts/orders':
      return orderPlaced(token, call.accountIdKey, form, counter);
    case 'market/quote':
      return quotes(call.symbols, environment, 'REALTIME', form, counter.now);
  }
}

/**
 * Quotes without any OAuth: a consumer key in the query is enough, so they prove nothing about a token.
 * `null` when the request is of the signed kind.
 */
function delayedQuotes(
  symbols: string,
  environment: Environment,
  form: Form,
  request: WireRequest,
  { consumers, switches, now }: Counter,
): Answer | null {
  const query: readonly Pair[] = parseForm(request.target.split('?')[1] ?? '') ?? [];
  const key = query.find(([name]) => name === 'consumerKey')?.[1];
  const signed = (parseAuthorization(request.authorization)?.length ?? 1) > 0;
  if (key === undefined || signed) return null;
  const consumer = consumers.get(key);
  if (consumer?.environment !== environment || isRejected(consumer, switches)) {
    return apiRefusal(form, problem('consumer_key_rejected'), switches);
  }
  return quotes(symbols, environment, 'DELAYED', form, now);
}

function accountList(token: AccessToken, form: Form): Answer {
  const accounts = accountsOf(token).map(({ value: _value, ...listed }) => ({
    ...listed,
    shareWorksAccount: false,
    fcManagedMssbClosedAccount: false,
  }));
  return document(form, 'AccountListResponse', { Accounts: { Account: accounts } });
}

function balance(token: AccessToken, accountIdKey: string, form: Form, switches: Switches): Answer {
  const account = accountsOf(token).find((candidate) => candidate.accountIdKey === accountIdKey);
  if (account === undefined) return notTheirs(form, switches);
  const { total, cash } = account.value;
  return document(form, 'BalanceResponse', {
    accountId: account.accountId,
    accountType: account.accountType,
    optionLevel: 'LEVEL_2',
    accountDescription: account.accountName,
    quoteMode: 6,
    dayTraderStatus: 'NO_PDT',
    accountMode: account.accountMode,
    Cash: { fundsForOpenOrdersCash: 0, moneyMktBalance: cash },
    Computed: {
      cashAvailableForInvestment: cash,
      cashAvailableForWithdrawal: cash,
      netCash: cash,
      cashBalance: cash,
      RealTimeValues: { totalAccountValue: total, netMv: Number((total - cash).toFixed(2)) },
    },
  });
}

function notTheirs(form: Form, { foreignAccount }: Switches): Answer {
  return foreignAccount === 102
    ? apiError(form, 400, 102, 'Please enter valid Account Key')
    : apiError(form, 400, 100, 'Account key does not belong to user');
}

/** Every order for one of the token's accounts is taken; the counts of calls say how often. */
function orderPlaced(
  token: AccessToken,
  accountIdKey: string,
  form: Form,
  { now, switches }: Counter,
): Answer {
  const account = accountsOf(token).find((candidate) => candidate.accountIdKey === accountIdKey);
  if (account === undefined) return notTheirs(form, switches);
  const { accountId } = account;
  return document(form, 'PlaceOrderResponse', {
    accountId,
    orderType: 'EQ',
    placedTime: now,
    OrderIds: [{ orderId: 1 }],
  });
}

/** The sandbox says the same to every question; prod has a steady price per symbol. */
function quotes(
  symbols: string,
  environment: Environment,
  quoteStatus: 'REALTIME' | 'DELAYED',
  form: Form,
  now: number,
): Answer {
  const asked = symbols.split(',').filter(Boolean);
  if (asked.length > MAX_SYMBOLS) {
    return apiError(form, 400, 1023, `Number of symbols exceeds the limit of ${MAX_SYMBOLS}`);
  }
  const canned = { symbol: 'GOOG', price: 577.51, at: 1_340_222_400_000 };
  const shown =
    environment === 'sandbox'
      ? [canned]
      : asked.map((symbol) => ({ symbol, price: priceOf(symbol), at: now }));
  return document(form, 'QuoteResponse', {
    QuoteData: shown.map(({ symbol, price, at }) => ({
      dateTime: quoteTime(at),
      dateTimeUTC: Math.floor(at / 1000),
      quoteStatus,
      ahFlag: 'false',
      All: {
        ask: Number((price + 0.02).toFixed(2)),
        bid: Number((price - 0.02).toFixed(2)),
        lastTrade: price,
        previousClose: Number((price * 0.99).toFixed(2)),
        totalVolume: 2_067_095,
        symbolDescription: symbol,
      },
      Product: { symbol, securityType: 'EQ' },
    })),
  });
}

const quoteClock = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});

/** `16:00:00 EDT 06-20-2012` */
function quoteTime(at: number): string {
  const part = Object.fromEntries(
    quoteClock.formatToParts(at).map(({ type, value }) => [type, value]),
  );
  return `${part['hour']}:${part['minute']}:${part['second']} ${part['timeZoneName']} ${part['month']}-${part['day']}-${part['year']}`;
}

function accountsOf(token: AccessToken): readonly Account[] {
  return ACCOUNTS[token.environment][token.login];
}

function document(form: Form, name: string, content: object): Answer {
  if (form === 'json') {
    return {
      status: 200,
      type: 'application/json;charset=utf-8',
      body: JSON.stringify({ [name]: content }),
    };
  }
  return {
    status: 200,
    type: 'application/xml;charset=utf-8',
    body: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>${element(name, content)}`,
  };
}

/** A list becomes its element repeated, as in the broker's XML. */
function element(name: string, content: unknown): string {
  if (Array.isArray(content)) return content.map((item: unknown) => element(name, item)).join('');
  const inner =
    typeof content === 'object' && content !== null
      ? Object.entries(content)
          .map(([child, value]) => element(child, value))
          .join('')
      : escapeMarkup(String(content));
  return `<${name}>${inner}</${name}>`;
}
