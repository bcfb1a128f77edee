/**
 * The E*TRADE simulator: a broker on this machine that judges every request as the real one does.
 *
 * Routes a request to the half that answers it. It holds no rule of its own and
 * shares no signing code with the product. Mounted by the local run under `/etrade`, used by tests over HTTP.
 */

import type { IncomingMessage } from 'node:http';
import { systemRandom, systemWait } from '../../../functions/clock.ts';
import { answerApiCall, apiCallOf, formOf, methodOf } from './etrade-api.ts';
import { approveNewest, showLogon, takeDecision } from './etrade-authorize.ts';
import { errorPage, overLimit } from './etrade-errors.ts';
import { answerTokenEndpoint, isTokenEndpoint } from './etrade-oauth.ts';
import type { Counter } from './etrade-signed.ts';
import {
  DEFAULT_SWITCHES,
  type Endpoint,
  SWITCHES,
  type Switches,
  withSwitch,
} from './etrade-switches.ts';
import {
  type AccessState,
  accessStateAt,
  createTokenBook,
  type Host,
  type TokensSnapshot,
} from './etrade-tokens.ts';
import { createFront } from './front.ts';
import type { Answer } from './http-answer.ts';
import type { WireRequest } from './oauth1-verifier.ts';
import type {
  BrokerSimulator,
  BrokerStats,
  SimulatorEntry,
  SimulatorOptions,
} from './simulator.ts';

const PREFIX = '/etrade';
const AUTHORIZE_PATH = '/us/e/t/etws/authorize';
const GARBAGE = 'oauth_token=%3TiQ{"AccountListResponse":{"Accounts":<html>';

export type EtradeSimulatorOptions = SimulatorOptions<TokensSnapshot>;

export type EtradeStats = BrokerStats & {
  readonly openRequestTokens: number;
  readonly accessTokens: Readonly<Record<AccessState, number>>;
};

export type EtradeSimulator = Omit<BrokerSimulator, 'stats'> & { stats(): EtradeStats };

export const ETRADE_SIMULATOR: SimulatorEntry = {
  name: 'etrade',
  create: createEtradeSimulator,
  samplePath: '/v1/accounts/list.json',
  urls: (base) => {
    const authorizeUrl = `${base}${PREFIX}${AUTHORIZE_PATH}`;
    const oauthUrl = `${base}${PREFIX}/api`;
    return {
      sandbox: { oauthUrl, apiUrl: `${base}${PREFIX}/apisb`, authorizeUrl },
      prod: { oauthUrl, apiUrl: oauthUrl, authorizeUrl },
    };
  },
};

export function createEtradeSimulator(options: EtradeSimulatorOptions): EtradeSimulator {
  const { clock, random = systemRandom, wait = systemWait, onChange } = options;
  const consumers = new Map(options.consumers.map((consumer) => [consumer.key, consumer]));
  const tokens = createTokenBook({ random, snapshot: options.snapshot });
  const base = new URL(options.baseUrl);
  let switches: Switches = DEFAULT_SWITCHES;

  const counter = (): Counter => ({ consumers, tokens, switches, now: clock() });

  function save(): void {
    if (!tokens.takeChanged()) return;
    tokens.prune(clock());
    onChange?.(tokens.snapshot());
  }

  const front = createFront({
    clock,
    wait,
    switches: () => switches,
    faultAnswer: (endpoint) => faultAnswer(switches, endpoint),
    tooLarge: () => errorPage(413, '', switches),
    save,
  });

  return {
    async handle(req, res) {
      const route = routeOf(req.url ?? '/');
      await front.serve(req, res, route.endpoint, (body) =>
        answerRoute(route, req, body, base, counter()),
      );
    },

    approve(consumerKey) {
      const approval = approveNewest(consumerKey, counter());
      save();
      return approval;
    },

    switchNames: Object.keys(SWITCHES),

    setSwitch(name, value) {
      switches = withSwitch(switches, name, value);
    },

    clearSwitches() {
      switches = DEFAULT_SWITCHES;
    },

    stats() {
      const now = clock();
      const accessTokens = { active: 0, inactive: 0, expired: 0, revoked: 0 };
      for (const access of tokens.accessTokens()) accessTokens[accessStateAt(access, now)] += 1;
      return {
        calls: front.calls(),
        openRequestTokens: tokens.openRequests(now).length,
        accessTokens,
      };
    },
  };
}

function faultAnswer(switches: Switches, endpoint: string): Answer | null {
  if (switches.status !== null) {
    return errorPage(switches.status, 'The service is not available at this time.', switches);
  }
  if (switches.malformed) return { status: 200, type: 'text/html;charset=utf-8', body: GARBAGE };
  if (switches.overLimit !== 'off' && endpoint !== 'authorize')
    return overLimit(switches.overLimit);
  return null;
}

type Route = {
  readonly endpoint: Endpoint;
  readonly host: Host | null;
  /** Path below `/etrade`, without query. */
  readonly path: string;
};

function routeOf(target: string): Route {
  const full = target.split('?', 1)[0] ?? '';
  const path = full.startsWith(`${PREFIX}/`) ? full.slice(PREFIX.length) : '';
  if (path === AUTHORIZE_PATH) return { endpoint: 'authorize', host: null, path };
  const match = /^\/(api|apisb)(\/(?:oauth|v1)\/.*)$/.exec(path);
  const rest = match?.[2];
  if (rest === undefined) return { endpoint: 'other', host: null, path };
  const host = match?.[1] === 'apisb' ? 'apisb' : 'api';
  const name = rest.slice('/oauth/'.length);
  if (rest.startsWith('/oauth/')) {
    return { endpoint: isTokenEndpoint(name) ? name : 'other', host, path: rest };
  }
  return { endpoint: apiCallOf(apiPath(rest))?.endpoint ?? 'other', host, path: rest };
}

/** `/v1/accounts/list.json` → `/accounts/list` */
function apiPath(path: string): string {
  return path.slice('/v1'.length).replace(/\.json$/, '');
}

function answerRoute(
  { endpoint, host, path }: Route,
  req: IncomingMessage,
  body: string,
  base: URL,
  counter: Counter,
): Answer {
  const { switches } = counter;
  const method = req.method ?? '';
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(req.headers['content-type'] ?? '');
  const request: WireRequest = {
    method,
    origin: `${base.protocol}//${req.headers.host ?? base.host}`,
    target: req.url ?? '',
    authorization: req.headers.authorization,
    form: isForm ? body : null,
  };
  if (endpoint === 'authorize') {
    if (method === 'GET') return showLogon(request.target, counter);
    return method === 'POST' ? takeDecision(request.form ?? '', counter) : wrongMethod(switches);
  }
  if (host !== null && isTokenEndpoint(endpoint)) {
    const postAllowed = switches.methods === 'get-and-post';
    if (method !== 'GET' && !(method === 'POST' && postAllowed)) return wrongMethod(switches);
    return answerTokenEndpoint(endpoint, host, request, counter);
  }
  const call = host === null ? null : apiCallOf(apiPath(path));
  if (call === null) return errorPage(404, '', switches);
  if (method !== methodOf(call)) return wrongMethod(switches);
  const environment = host === 'apisb' ? 'sandbox' : 'prod';
  return answerApiCall(call, environment, formOf(path, req.headers.accept), request, counter);
}

function wrongMethod(switches: Switches): Answer {
  return errorPage(405, 'Request method is not supported', switches);
}
