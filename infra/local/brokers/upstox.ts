/**
 * The Upstox simulator: a broker on this machine that judges every request as the real one does.
 *
 * Shares no code with the product's adapter. Mounted by the local run under `/upstox` (the API at
 * `/upstox/api`, the person's phone at `/upstox/phone`), used by tests over HTTP.
 * @see https://upstox.com/developer/api-documentation/authentication
 */

import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { systemRandom, systemWait } from '../../../functions/clock.ts';
import { createFront } from './front.ts';
import type { Answer } from './http-answer.ts';
import { minuteInIndia } from './india.ts';
import type { BrokerSimulator, SimulatorEntry, SimulatorOptions } from './simulator.ts';
import { changeSwitch } from './switches.ts';
import {
  fundsAnswer,
  inForm,
  loggedOutAnswer,
  noticeOf,
  profileAnswer,
  tokenAnswer,
  upstoxError,
} from './upstox-answers.ts';
import {
  answerNewest,
  answerPhone,
  notifierOf,
  showPhone,
  takeRequest,
} from './upstox-approval.ts';
import { type Access, createUpstoxBook, stateAt, type UpstoxSnapshot } from './upstox-book.ts';
import { approveNewest, type Counter, showDialog, takeDecision } from './upstox-login.ts';
import { DEFAULT_SWITCHES, type Endpoint, SWITCHES, type Switches } from './upstox-switches.ts';

const PREFIX = '/upstox';
const GARBAGE = '{"access_token":<html>{"status":"success"';
const TOKEN_REQUEST = /^\/api\/v3\/login\/auth\/token\/request\/([^/]+)$/;
const FUNDS_OPEN_MINUTE = 5 * 60 + 30;
const NOTICE_TIMEOUT_MS = 10_000;

export type UpstoxSimulatorOptions = SimulatorOptions<UpstoxSnapshot> & {
  /** For the notices. */
  readonly fetch?: typeof globalThis.fetch;
};

export type UpstoxSimulator = BrokerSimulator & {
  /**
   * Answers the newest prompt of this key on the person's phone, and posts the notices that are due.
   * False when there is no prompt.
   */
  answerPrompt(consumerKey: string, decision: 'approve' | 'reject'): Promise<boolean>;
  /** Posts the notices whose time has come, as every call does by the way; the statuses they were answered with. */
  deliver(): Promise<readonly (number | 'unanswered')[]>;
};

export const UPSTOX_SIMULATOR: SimulatorEntry = {
  name: 'upstox',
  create: createUpstoxSimulator,
  samplePath: '/v2/user/profile',
  urls: (base) => ({
    prod: {
      oauthUrl: `${base}${PREFIX}/api`,
      apiUrl: `${base}${PREFIX}/api`,
      authorizeUrl: `${base}${PREFIX}/api/v2/login/authorization/dialog`,
    },
  }),
};

export function createUpstoxSimulator(options: UpstoxSimulatorOptions): UpstoxSimulator {
  const { clock, random = systemRandom, wait = systemWait, onChange } = options;
  const { fetch = globalThis.fetch } = options;
  const apps = new Map(options.consumers.map((app) => [app.key, app]));
  const book = createUpstoxBook({ random, snapshot: options.snapshot });
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
    tooLarge: () => upstoxError('UDAPI100500', 413),
    save,
  });

  async function deliver(): Promise<readonly (number | 'unanswered')[]> {
    // Taken and saved first: the receiver asks us about the token, and that call delivers too.
    const due = book.takeNotices(counter().now);
    save();
    const statuses: (number | 'unanswered')[] = [];
    for (const access of due) statuses.push(await post(access));
    return statuses;
  }

  /** Once, whatever comes of it. */
  async function post(access: Access): Promise<number | 'unanswered'> {
    const app = apps.get(access.clientId);
    const notifier = app === undefined ? null : notifierOf(app, counter());
    if (notifier === null) return 'unanswered';
    try {
      const response = await fetch(notifier, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(noticeOf(access)),
        redirect: 'manual',
        signal: AbortSignal.timeout(NOTICE_TIMEOUT_MS),
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      return 'unanswered';
    }
  }

  return {
    async handle(req, res) {
      const url = new URL(req.url ?? '/', 'http://simulator');
      const path = url.pathname.slice(PREFIX.length);
      const endpoint = endpointOf(req.method ?? '', path);
      await front.serve(req, res, endpoint, (body) => {
        const given = answer(endpoint, req, url, body, counter());
        const isPage = endpoint === 'dialog' || endpoint === 'phone';
        return isPage ? given : inForm(given, switches.errorForm);
      });
      await deliver();
    },

    approve(consumerKey) {
      const approval = approveNewest(consumerKey, counter());
      save();
      return approval;
    },

    async answerPrompt(consumerKey, decision) {
      const isAnswered = answerNewest(consumerKey, decision === 'approve', counter());
      save();
      await deliver();
      return isAnswered;
    },

    deliver,

    switchNames: Object.keys(SWITCHES),

    setSwitch(name, value) {
      switches = changeSwitch(SWITCHES, switches, name, value);
    },

    clearSwitches() {
      switches = DEFAULT_SWITCHES;
    },

    stats() {
      const accessTokens = { active: 0, expired: 0, revoked: 0 };
      for (const access of book.accesses()) accessTokens[stateAt(access, counter().now)] += 1;
      return { calls: front.calls(), accessTokens };
    },
  };
}

function faultAnswer(switches: Switches, endpoint: string): Answer | null {
  if (switches.status !== null) return upstoxError('UDAPI100500', switches.status);
  if (switches.malformed) return { status: 200, type: 'application/json', body: GARBAGE };
  if (switches.overLimit && endpoint !== 'dialog' && endpoint !== 'phone') {
    return upstoxError('UDAPI10005');
  }
  return null;
}

/** By method and path below `/upstox`. */
function endpointOf(method: string, path: string): Endpoint {
  if (path === '/phone') return 'phone';
  if (path === '/api/v2/login/authorization/dialog') return 'dialog';
  if (method === 'POST' && TOKEN_REQUEST.test(path)) return 'token-request';
  switch (`${method} ${path}`) {
    case 'POST /api/v2/login/authorization/token':
      return 'token';
    case 'DELETE /api/v2/logout':
      return 'logout';
    case 'GET /api/v2/user/profile':
      return 'profile';
    case 'GET /api/v2/user/get-funds-and-margin':
      return 'funds';
    default:
      return 'other';
  }
}

function answer(
  endpoint: Endpoint,
  req: IncomingMessage,
  url: URL,
  body: string,
  counter: Counter,
): Answer {
  const type = req.headers['content-type'] ?? '';
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(type);
  const form = new URLSearchParams(isForm ? body : '');
  switch (endpoint) {
    case 'phone':
      return req.method === 'POST' ? answerPhone(form, counter) : showPhone(counter);
    case 'dialog':
      if (req.method === 'POST') return takeDecision(form, counter);
      return showDialog(url.searchParams, counter);
    case 'token':
      return exchange(form, counter);
    case 'token-request': {
      const clientId = TOKEN_REQUEST.exec(url.pathname.slice(PREFIX.length))?.[1] ?? '';
      const secret = /^application\/json\b/i.test(type) ? secretOf(body) : null;
      return takeRequest(decodeURIComponent(clientId), secret, counter);
    }
    case 'other':
      return upstoxError('UDAPI100060');
    case 'logout':
    case 'profile':
    case 'funds':
      return withToken(endpoint, req.headers.authorization ?? '', counter);
  }
}

/** Client first, then the code, then the secret; a code that was found is spent, whatever comes after it. */
function exchange(form: URLSearchParams, { apps, book, switches, now }: Counter): Answer {
  const field = (name: string): string => form.get(name) ?? '';
  const app = apps.get(field('client_id'));
  if (app === undefined) return upstoxError(switches.badCredentials);
  if (switches.clientInactive) return upstoxError('UDAPI100073');
  const login = book.spend(field('code'), now);
  if (login?.clientId !== app.key) return upstoxError('UDAPI100057');
  if (field('client_secret') !== app.secret) return upstoxError(switches.badCredentials);
  const isAsAsked =
    field('redirect_uri') === login.redirectUri && field('grant_type') === 'authorization_code';
  if (!isAsAsked) return upstoxError('UDAPI100068');
  const who = login.person ?? 'default';
  return tokenAnswer(book.issue(app.key, who, now, switches.secondLoginKills), switches);
}

function withToken(
  endpoint: 'logout' | 'profile' | 'funds',
  authorization: string,
  { book, switches, now }: Counter,
): Answer {
  const access = book.access(/^Bearer (\S+)$/i.exec(authorization)?.[1] ?? '');
  if (access === null || stateAt(access, now) !== 'active') return upstoxError('UDAPI100050');
  if (switches.clientInactive) return upstoxError('UDAPI100073');
  if (endpoint === 'profile') return profileAnswer(access.person);
  if (endpoint === 'funds' && switches.fundsRefused) return upstoxError('UDAPI100067');
  if (endpoint === 'funds') {
    return minuteInIndia(now) < FUNDS_OPEN_MINUTE ? upstoxError('UDAPI100072') : fundsAnswer();
  }
  book.logOut(access);
  return loggedOutAnswer();
}

const secretSchema = z.object({ client_secret: z.string() });

function secretOf(body: string): string | null {
  try {
    const parsed = secretSchema.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data.client_secret : null;
  } catch {
    return null;
  }
}
