/**
 * The E*TRADE simulator: a broker on this machine that judges every request as the real one does.
 *
 * Routes a request to the half that answers it, applies the faults, counts. It holds no rule of its own and
 * shares no signing code with the product. Mounted by the local run under `/etrade`, used by tests over HTTP.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Clock,
  type Random,
  systemRandom,
  systemWait,
  type Wait,
} from '../../../functions/clock.ts';
import { answerApiCall, apiCallOf, formOf, methodOf } from './etrade-api.ts';
import { type Approval, approveNewest, showLogon, takeDecision } from './etrade-authorize.ts';
import { errorPage, overLimit } from './etrade-errors.ts';
import { answerTokenEndpoint, isTokenEndpoint } from './etrade-oauth.ts';
import type { Consumer, Counter } from './etrade-signed.ts';
import { DEFAULT_SWITCHES, type Endpoint, type Switches, withSwitch } from './etrade-switches.ts';
import {
  type AccessState,
  accessStateAt,
  createTokenBook,
  type Host,
  type TokensSnapshot,
} from './etrade-tokens.ts';
import { type Answer, readBody, sendAnswer } from './http-answer.ts';
import type { WireRequest } from './oauth1-verifier.ts';

const PREFIX = '/etrade';
const AUTHORIZE_PATH = '/us/e/t/etws/authorize';
const GARBAGE = 'oauth_token=%3TiQ{"AccountListResponse":{"Accounts":<html>';

export type EtradeSimulatorOptions = {
  /** Virtual time; also the `Date` of every answer. */
  readonly clock: Clock;
  /** Origin of the server it is mounted on; its scheme is the one clients are taken to have used. */
  readonly baseUrl: string;
  readonly consumers: readonly Consumer[];
  readonly random?: Random;
  /** Real waiting, for the fault `slowMs`. */
  readonly wait?: Wait;
  /** What `onChange` gave last, to go on with the same tokens. Switches and counts start afresh. */
  readonly snapshot?: unknown;
  /** Called with plain JSON before any answer that changed a token or used a nonce. */
  readonly onChange?: (snapshot: TokensSnapshot) => void;
};

export type EtradeStats = {
  /** Answers by endpoint and status; `cut` counts connections that got none. */
  readonly calls: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly openRequestTokens: number;
  readonly accessTokens: Readonly<Record<AccessState, number>>;
};

export type EtradeSimulator = {
  /** Answers one request whose path begins with `/etrade`. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** Logs in and accepts, for the newest open request token of this key; `null` when there is none. */
  approve(consumerKey: string): Approval | null;
  /**
   * Sets a switch of `etrade-switches.ts`; `null` puts it back to its default.
   * @throws {SwitchError} naming the allowed values
   */
  setSwitch(name: string, value: unknown): void;
  clearSwitches(): void;
  stats(): EtradeStats;
};

export function createEtradeSimulator(options: EtradeSimulatorOptions): EtradeSimulator {
  const { clock, random = systemRandom, wait = systemWait, onChange } = options;
  const consumers = new Map(options.consumers.map((consumer) => [consumer.key, consumer]));
  const tokens = createTokenBook({ random, snapshot: options.snapshot });
  const base = new URL(options.baseUrl);
  const calls = new Map<Endpoint, Map<string, number>>();
  let switches: Switches = DEFAULT_SWITCHES;

  const counter = (): Counter => ({ consumers, tokens, switches, now: clock() });

  function count(endpoint: Endpoint, outcome: string): void {
    const outcomes = calls.get(endpoint) ?? new Map<string, number>();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    calls.set(endpoint, outcomes);
  }

  function save(): void {
    if (!tokens.takeChanged()) return;
    tokens.prune(clock());
    onChange?.(tokens.snapshot());
  }

  return {
    async handle(req, res) {
      const route = routeOf(req.url ?? '/');
      const { endpoint } = route;
      const faulty = switches.faultOn === 'all' || switches.faultOn === endpoint;
      const cut = (): void => {
        count(endpoint, 'cut');
        req.socket.destroy();
      };
      const send = (answer: Answer): void => {
        count(endpoint, String(answer.status));
        sendAnswer(res, answer, clock() + switches.clockSkewMs);
      };

      if (faulty && switches.down) return cut();
      const body = await readBody(req);
      if (faulty && switches.slowMs > 0) await wait(switches.slowMs);
      if (!body.ok) {
        return body.reason === 'gone' ? cut() : send(errorPage(413, '', switches));
      }
      const fault = faulty ? faultAnswer(switches, endpoint) : null;
      if (fault !== null) return send(fault);

      const answer = answerRoute(route, req, body.text, base, counter());
      save();
      if (faulty && switches.loseAnswer) return cut();
      send(answer);
    },

    approve(consumerKey) {
      const approval = approveNewest(consumerKey, counter());
      save();
      return approval;
    },

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
        calls: Object.fromEntries(
          [...calls].map(([endpoint, outcomes]) => [endpoint, Object.fromEntries(outcomes)]),
        ),
        openRequestTokens: tokens.openRequests(now).length,
        accessTokens,
      };
    },
  };
}

function faultAnswer(switches: Switches, endpoint: Endpoint): Answer | null {
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
