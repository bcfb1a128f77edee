/**
 * The Charles Schwab simulator: a broker on this machine that judges every request as the real one does.
 *
 * Routes a request to the part that answers it, applies the faults, counts. Shares no code with the
 * product's adapter. Mounted by the local run under `/schwab`, used by tests over HTTP.
 */

import type { IncomingMessage } from 'node:http';
import { systemRandom, systemWait } from '../../../functions/clock.ts';
import { createFront } from './front.ts';
import { createGrantBook, type GrantSnapshot } from './grant-book.ts';
import { approveNewest, type LoginDesk, showLogin, takeDecision } from './grant-login.ts';
import type { Answer } from './http-answer.ts';
import { accessState, accountNumbers, apiError, placeOrder, USER_IDS } from './schwab-api.ts';
import { DEFAULT_SWITCHES, type Endpoint, SWITCHES, type Switches } from './schwab-switches.ts';
import { type Counter, consumerOf, exchange } from './schwab-token.ts';
import type { BrokerSimulator, SimulatorEntry, SimulatorOptions } from './simulator.ts';
import { changeSwitch } from './switches.ts';
import { formOf } from './token-endpoint.ts';

const PREFIX = '/schwab';
const GARBAGE = '[{"accountNumber":<html>';

/** Longer than any token lives. */
const KEEP_MS = 14 * 86_400_000;

export const SCHWAB_SIMULATOR: SimulatorEntry = {
  name: 'schwab',
  create: createSchwabSimulator,
  samplePath: '/trader/v1/accounts/accountNumbers',
  urls: (base) => ({
    prod: {
      oauthUrl: `${base}${PREFIX}`,
      apiUrl: `${base}${PREFIX}`,
      authorizeUrl: `${base}${PREFIX}/v1/oauth/authorize`,
    },
  }),
};

export function createSchwabSimulator(options: SimulatorOptions<GrantSnapshot>): BrokerSimulator {
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
    tooLarge: () => apiError(413, 'Payload Too Large', 'The request is too large.', switches),
    save,
  });

  return {
    async handle(req, res) {
      const url = new URL(req.url ?? '/', 'http://simulator');
      const endpoint = endpointOf(req.method ?? '', url.pathname);
      await front.serve(req, res, endpoint, (body) => answer(endpoint, req, url, body, counter()));
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
    brand: 'Charles Schwab',
    until: 'for seven days',
    userIds: USER_IDS,
    person: switches.signInAs,
    book,
    now,
    consumer: (key) => consumerOf(key, counter),
    grantable: () => ({ scope: ['api'] }),
    mayRedirectTo: ({ protocol }) => protocol === 'https:' || !switches.httpsOnly,
    // Its @ goes into the redirect as %40.
    codeOf: (drawn) => `C0.${drawn}@`,
  };
}

function faultAnswer(switches: Switches, endpoint: string): Answer | null {
  if (switches.status !== null) {
    return apiError(switches.status, 'Service Unavailable', 'Try again later.', switches);
  }
  if (switches.malformed) return { status: 200, type: 'application/json', body: GARBAGE };
  if (endpoint === 'authorize') return null;
  if (switches.appPending !== 'off') {
    return htmlPage(switches.appPending, 'Whitelabel Error Page', 'Something went wrong.');
  }
  if (switches.firewall && endpoint === 'token') {
    return htmlPage(
      403,
      'Access Denied',
      `You don't have permission to access "http://api.schwabapi.com/v1/oauth/token" on this server.`,
    );
  }
  if (switches.overLimit) {
    return apiError(429, 'Too Many Requests', 'Rate limit reached', switches, {
      'retry-after': '2',
    });
  }
  return null;
}

function htmlPage(status: number, title: string, text: string): Answer {
  return {
    status,
    type: 'text/html',
    body: `<HTML><HEAD>\n<TITLE>${title}</TITLE>\n</HEAD><BODY>\n<H1>${title}</H1>\n${text}<P>\n</BODY>\n</HTML>`,
  };
}

const ORDERS = /^\/schwab\/trader\/v1\/accounts\/([^/]+)\/orders$/;

function endpointOf(method: string, path: string): Endpoint {
  if (path === `${PREFIX}/v1/oauth/authorize`) return 'authorize';
  if (path === `${PREFIX}/v1/oauth/token` && method === 'POST') return 'token';
  if (path === `${PREFIX}/trader/v1/accounts/accountNumbers` && method === 'GET') {
    return 'accountNumbers';
  }
  return ORDERS.test(path) && method === 'POST' ? 'orders' : 'other';
}

function answer(
  endpoint: Endpoint,
  req: IncomingMessage,
  url: URL,
  body: string,
  counter: Counter,
): Answer {
  switch (endpoint) {
    case 'authorize':
      return req.method === 'POST'
        ? takeDecision(formOf(req, body), deskOf(counter))
        : showLogin(url.searchParams, deskOf(counter));
    case 'token':
      return exchange(req, formOf(req, body), counter);
    case 'accountNumbers':
      return accountNumbers(req, counter);
    case 'orders':
      return placeOrder(req, ORDERS.exec(url.pathname)?.[1] ?? '', counter);
    case 'other':
      return apiError(404, 'Not Found', 'There is nothing here.', counter.switches);
  }
}
