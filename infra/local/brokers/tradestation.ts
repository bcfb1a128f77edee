/**
 * The TradeStation simulator: a broker on this machine that judges every request as the real one does.
 *
 * Routes a request to the part that answers it, applies the faults, counts. Shares no code with the
 * product's adapter. Mounted by the local run under `/tradestation`: the sign-in host is `/signin`, the API
 * `/api` and, for SIM, `/sim-api`.
 */

import type { IncomingMessage } from 'node:http';
import { systemRandom, systemWait } from '../../../functions/clock.ts';
import type { Environment } from '../../../functions/lifecycle/session.ts';
import { createFront } from './front.ts';
import { createGrantBook, type GrantSnapshot } from './grant-book.ts';
import { approveNewest, type LoginDesk, showLogin, takeDecision } from './grant-login.ts';
import type { Answer } from './http-answer.ts';
import type { BrokerSimulator, SimulatorEntry, SimulatorOptions } from './simulator.ts';
import { changeSwitch } from './switches.ts';
import { oauthError } from './token-endpoint.ts';
import { accessState, accounts, apiError, placeOrder, USER_IDS } from './tradestation-api.ts';
import {
  DEFAULT_SWITCHES,
  type Endpoint,
  SWITCHES,
  type Switches,
} from './tradestation-switches.ts';
import {
  type Counter,
  clientOf,
  consumerOf,
  exchange,
  fieldsOf,
  revoke,
} from './tradestation-token.ts';

const PREFIX = '/tradestation';
const AUDIENCE = 'https://api.tradestation.com';
const GARBAGE = '{"access_token":"eyJ","Accounts":[<html>';

const KNOWN_SCOPES: ReadonlySet<string> = new Set([
  'openid',
  'offline_access',
  'profile',
  'email',
  'MarketData',
  'ReadAccount',
  'Trade',
  'OptionSpreads',
  'Matrix',
]);

/** Longer than any access token and any rotating refresh token. */
const KEEP_MS = 7 * 86_400_000;

export const TRADESTATION_SIMULATOR: SimulatorEntry = {
  name: 'tradestation',
  create: createTradestationSimulator,
  samplePath: '/v3/brokerage/accounts',
  urls: (base) => {
    const signIn = {
      oauthUrl: `${base}${PREFIX}/signin`,
      authorizeUrl: `${base}${PREFIX}/signin/authorize`,
    };
    return {
      sandbox: { ...signIn, apiUrl: `${base}${PREFIX}/sim-api` },
      prod: { ...signIn, apiUrl: `${base}${PREFIX}/api` },
    };
  },
};

export function createTradestationSimulator(
  options: SimulatorOptions<GrantSnapshot>,
): BrokerSimulator {
  const { clock, random = systemRandom, wait = systemWait, onChange } = options;
  const consumers = new Map(options.consumers.map((consumer) => [consumer.key, consumer]));
  const book = createGrantBook({ random, snapshot: options.snapshot });
  let switches: Switches = DEFAULT_SWITCHES;

  const counter = (): Counter => ({
    consumers,
    book,
    switches,
    now: clock() + switches.clockSkewMs,
  });

  function save(): void {
    if (!book.takeChanged()) return;
    book.prune(clock(), KEEP_MS);
    onChange?.(book.snapshot());
  }

  const front = createFront({
    clock,
    wait,
    switches: () => switches,
    faultAnswer: (endpoint) => faultAnswer(switches, endpoint),
    tooLarge: () => apiError(413, 'PayloadTooLarge', 'The request is too large.'),
    save,
  });

  return {
    async handle(req, res) {
      const url = new URL(req.url ?? '/', 'http://simulator');
      const { endpoint, environment } = routeOf(req.method ?? '', url.pathname);
      await front.serve(req, res, endpoint, (body) =>
        answer(endpoint, environment, req, url, body, counter()),
      );
    },

    approve(consumerKey) {
      const approval = approveNewest(consumerKey, deskOf(counter()));
      save();
      return approval;
    },

    switchNames: Object.keys(SWITCHES),

    setSwitch(name, value) {
      switches = changeSwitch(SWITCHES, switches, name, value);
    },

    clearSwitches() {
      switches = DEFAULT_SWITCHES;
    },

    stats() {
      const accessTokens = { active: 0, expired: 0, revoked: 0 };
      for (const token of book.accessTokens()) accessTokens[accessState(token, counter())] += 1;
      return { calls: front.calls(), accessTokens };
    },
  };
}

function deskOf(counter: Counter): LoginDesk {
  const { book, switches, now } = counter;
  return {
    brand: 'TradeStation',
    until: 'until you withdraw it',
    userIds: USER_IDS,
    person: switches.signInAs,
    book,
    now,
    consumer: (key) => consumerOf(key, counter),
    grantable(query) {
      const asked = (query.get('scope') ?? '').split(' ');
      if (query.get('audience') !== AUDIENCE || !asked.includes('openid')) {
        return { error: 'invalid_request' };
      }
      // A scope in other letters is none.
      return { scope: asked.filter((scope) => KNOWN_SCOPES.has(scope)) };
    },
    mayRedirectTo: () => true,
    codeOf: (drawn) => drawn,
  };
}

function faultAnswer(switches: Switches, endpoint: string): Answer | null {
  if (switches.status !== null) {
    return apiError(switches.status, 'ServiceUnavailable', 'The service is not available.');
  }
  if (switches.malformed) return { status: 200, type: 'application/json', body: GARBAGE };
  if (switches.overLimit && (endpoint === 'accounts' || endpoint === 'orders')) {
    return apiError(429, 'TooManyRequests', 'Rate quota exceeded', {
      'retry-after': '2',
      'x-ratelimit-limit': '320',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-resource': 'Accounts',
    });
  }
  return null;
}

type Route = { readonly endpoint: Endpoint; readonly environment: Environment };

function routeOf(method: string, path: string): Route {
  const environment = path.startsWith(`${PREFIX}/sim-api/`) ? 'sandbox' : 'prod';
  const isPost = method === 'POST';
  const route = (endpoint: Endpoint): Route => ({ endpoint, environment });
  if (path === `${PREFIX}/signin/authorize`) return route('authorize');
  if (path === `${PREFIX}/signin/oauth/token` && isPost) return route('token');
  if (path === `${PREFIX}/signin/oauth/revoke` && isPost) return route('revoke');
  const call = /^\/tradestation\/(?:sim-)?api\/v3(\/.+)$/.exec(path)?.[1];
  if (call === '/brokerage/accounts' && method === 'GET') return route('accounts');
  if (call === '/orderexecution/orders' && isPost) return route('orders');
  return route('other');
}

function answer(
  endpoint: Endpoint,
  environment: Environment,
  req: IncomingMessage,
  url: URL,
  body: string,
  counter: Counter,
): Answer {
  const fields = fieldsOf(req.headers['content-type'] ?? '', body);
  switch (endpoint) {
    case 'authorize':
      return req.method === 'POST'
        ? takeDecision(fields, deskOf(counter))
        : showLogin(url.searchParams, deskOf(counter));
    case 'token':
      return exchange(fields, counter);
    case 'revoke': {
      const client = clientOf(fields, counter);
      return client === null
        ? oauthError(401, 'access_denied', 'Unauthorized')
        : revoke(fields, counter, client);
    }
    case 'accounts':
      return accounts(req, environment, counter);
    case 'orders':
      return placeOrder(req, counter);
    case 'other':
      return apiError(404, 'NotFound', 'There is nothing here.');
  }
}
