/**
 * The Zerodha Kite simulator: a broker on this machine that judges every request as the real one does.
 *
 * Computes checksum and expiry by itself and shares no code with the product's adapter. Mounted by the local
 * run under `/kite` (login pages at `/kite/connect/login`, the API at `/kite/api`), used by tests over HTTP.
 * @see https://kite.trade/docs/connect/v3/user/
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { systemRandom, systemWait } from '../../../functions/clock.ts';
import { createFront } from './front.ts';
import type { Answer } from './http-answer.ts';
import {
  badApiKey,
  deadToken,
  inForm,
  kiteError,
  loggedOutAnswer,
  profileAnswer,
  sessionAnswer,
} from './kite-answers.ts';
import { type Access, createKiteBook, endOf, type KiteSnapshot } from './kite-book.ts';
import { approveNewest, type Counter, showLogin, takeDecision } from './kite-login.ts';
import { DEFAULT_SWITCHES, type Endpoint, SWITCHES, type Switches } from './kite-switches.ts';
import type { BrokerSimulator, SimulatorEntry, SimulatorOptions } from './simulator.ts';
import { changeSwitch } from './switches.ts';

const PREFIX = '/kite';
const GARBAGE = '{"status":"success","data":{"access_token":<html>';

export const KITE_SIMULATOR: SimulatorEntry = {
  name: 'kite',
  create: createKiteSimulator,
  samplePath: '/user/profile',
  urls: (base) => ({
    prod: {
      oauthUrl: `${base}${PREFIX}/api`,
      apiUrl: `${base}${PREFIX}/api`,
      authorizeUrl: `${base}${PREFIX}/connect/login`,
    },
  }),
};

export function createKiteSimulator(options: SimulatorOptions<KiteSnapshot>): BrokerSimulator {
  const { clock, random = systemRandom, wait = systemWait, onChange } = options;
  const apps = new Map(options.consumers.map((app) => [app.key, app]));
  const book = createKiteBook({ random, snapshot: options.snapshot });
  let switches: Switches = DEFAULT_SWITCHES;

  const counter = (): Counter => ({ apps, book, switches, now: clock() + switches.clockSkewMs });

  function save(): void {
    if (!book.takeChanged()) return;
    book.prune(clock());
    onChange?.(book.snapshot());
  }

  const front = createFront({
    clock,
    wait,
    switches: () => switches,
    faultAnswer: (endpoint) => faultAnswer(switches, endpoint),
    tooLarge: () => kiteError(413, 'GeneralException', 'Request too large'),
    save,
  });

  return {
    async handle(req, res) {
      const url = new URL(req.url ?? '/', 'http://simulator');
      const endpoint = endpointOf(req.method ?? '', url.pathname);
      await front.serve(req, res, endpoint, (body) => {
        const given = answer(endpoint, req, url, body, counter());
        return endpoint === 'login' ? given : inForm(given, switches.errorForm);
      });
    },

    approve(consumerKey) {
      const approval = approveNewest(consumerKey, counter());
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
      for (const access of book.accesses()) accessTokens[stateOf(access, counter())] += 1;
      return { calls: front.calls(), accessTokens };
    },
  };
}

function stateOf(access: Access, { switches, now }: Counter): 'active' | 'expired' | 'revoked' {
  if (access.ended) return 'revoked';
  return now < endOf(access, switches) ? 'active' : 'expired';
}

function faultAnswer(switches: Switches, endpoint: string): Answer | null {
  if (switches.status !== null) {
    return kiteError(switches.status, 'NetworkException', 'Kite is not available at this time.');
  }
  if (switches.malformed) return { status: 200, type: 'application/json', body: GARBAGE };
  if (switches.overLimit && endpoint !== 'login') {
    return kiteError(429, 'NetworkException', 'Too many requests');
  }
  return null;
}

function endpointOf(method: string, path: string): Endpoint {
  if (path === `${PREFIX}/connect/login`) return 'login';
  if (path === `${PREFIX}/api/user/profile` && method === 'GET') return 'profile';
  if (path !== `${PREFIX}/api/session/token`) return 'other';
  if (method === 'POST') return 'session';
  return method === 'DELETE' ? 'logout' : 'other';
}

function answer(
  endpoint: Endpoint,
  req: IncomingMessage,
  url: URL,
  body: string,
  counter: Counter,
): Answer {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(req.headers['content-type'] ?? '');
  const form = new URLSearchParams(isForm ? body : '');
  switch (endpoint) {
    case 'login':
      if (req.method === 'POST') return takeDecision(form, counter);
      return showLogin(url.searchParams, counter);
    case 'other':
      return kiteError(404, 'GeneralException', 'Route not found');
    case 'session':
    case 'logout':
    case 'profile':
      break;
  }
  if (req.headers['x-kite-version'] !== '3') {
    return kiteError(400, 'InputException', 'Invalid `X-Kite-Version`.');
  }
  if (endpoint === 'session') return openSession(form, counter);
  return endpoint === 'profile'
    ? profile(req.headers.authorization ?? '', counter)
    : logOut(url.searchParams, counter);
}

/** The request token is spent by the first exchange that names it, whatever else is wrong with that. */
function openSession(form: URLSearchParams, { apps, book, switches, now }: Counter): Answer {
  const field = (name: string): string => form.get(name) ?? '';
  const missing = ['api_key', 'request_token', 'checksum'].find((name) => field(name) === '');
  if (missing !== undefined) return kiteError(400, 'InputException', `Missing \`${missing}\`.`);
  const app = apps.get(field('api_key'));
  if (app === undefined) return badApiKey(switches.badApiKey);
  const lifeMs = switches.requestTokenMinutes * 60_000;
  const login = book.spend(field('request_token'), lifeMs, now);
  if (login?.apiKey !== app.key) {
    return kiteError(403, 'TokenException', 'Token is invalid or has expired.');
  }
  const expected = createHash('sha256')
    .update(app.key)
    .update(field('request_token'))
    .update(app.secret)
    .digest('hex');
  if (!sameText(field('checksum'), expected)) {
    return kiteError(403, 'TokenException', 'Invalid `checksum`.');
  }
  return sessionAnswer(book.issue(login));
}

function profile(authorization: string, counter: Counter): Answer {
  const [, apiKey, token] = /^token ([^:\s]+):(\S+)$/.exec(authorization) ?? [];
  if (apiKey === undefined || token === undefined) return deadToken(400);
  const access = liveAccess(apiKey, token, counter);
  return access === null ? deadToken(counter.switches.deadToken) : profileAnswer(access.person);
}

function logOut(query: URLSearchParams, counter: Counter): Answer {
  const access = liveAccess(query.get('api_key') ?? '', query.get('access_token') ?? '', counter);
  if (access === null) return deadToken(counter.switches.deadToken);
  counter.book.logOut(access);
  return loggedOutAnswer();
}

function liveAccess(apiKey: string, token: string, counter: Counter): Access | null {
  const access = counter.book.access(token);
  if (access?.apiKey !== apiKey) return null;
  return stateOf(access, counter) === 'active' ? access : null;
}

function sameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
