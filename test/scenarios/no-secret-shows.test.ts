/**
 * A morning in which everything goes wrong at least once, with the production wiring on real adapters:
 * simulated E*TRADE and Telegram over HTTP, encrypted files, the public pages, JSON logs.
 *
 * Every secret of that morning is known to the test, which then searches for it in everything that people,
 * workers and operators may see.
 */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { compose, type Wiring } from '../../functions/compose.ts';
import { readConfig, type Variables } from '../../functions/config.ts';
import { StoreError } from '../../functions/errors.ts';
import { route } from '../../functions/http/routes.ts';
import { createJsonLog } from '../../functions/logging/json-log.ts';
import { createTerminalLog } from '../../functions/logging/terminal-log.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { renewSessions } from '../../functions/operations/renew-sessions.ts';
import { sendAlerts } from '../../functions/operations/send-alerts.ts';
import { addressesOf, CONSUMERS, type EtradeHost, startEtrade } from '../fixtures/etrade-host.ts';
import { sessionKey } from '../fixtures/records.ts';
import { createSteps, type Steps, storeInSteps } from '../fixtures/steps.ts';
import {
  BOT_TOKEN,
  CHAT_ID,
  startServer,
  startTelegram,
  type TelegramServer,
} from '../fixtures/telegram-server.ts';
import {
  createSeededRandom,
  createTestClock,
  HOUR_MS,
  MINUTE_MS,
  type TestClock,
} from '../fixtures/test-clock.ts';

const SANDBOX = sessionKey('etrade-sandbox');

const FIXED_SECRETS = {
  consumerSecret: CONSUMERS.sandbox.secret,
  botToken: BOT_TOKEN,
  linkKey: 'canary-link-key-0123456789-0123456789',
  statusKey: 'canary-status-key-0123456789',
  passphrase: 'canary passphrase of the store',
  wrongPin: 'CANARYWRONGPIN',
  accountId: '835550101',
} as const;

/** Everything that people, workers and operators may see, by where they see it. */
const exhibits = {
  'log lines': [] as string[],
  'terminal lines': [] as string[],
  messages: [] as string[],
  events: [] as string[],
  pages: [] as string[],
  answers: [] as string[],
  records: [] as string[],
  files: [] as string[],
  errors: [] as string[],
};

/** What goes to the broker: it must hold the secrets, or the search is blind. */
const requests: string[] = [];
let secrets: readonly string[] = [];

/** The morning's stage: the wiring, and what a test can break around it. */
type Stage = {
  readonly wiring: Wiring;
  readonly clock: TestClock;
  readonly etrade: EtradeHost;
  readonly telegram: TelegramServer;
  readonly events: { status: number };
  readonly steps: Steps;
};

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'token-cadence-secrets-'));
  const clock = createTestClock('2026-03-10T08:30-04:00');
  const etrade = await startEtrade();
  etrade.follow(clock.now);
  const telegram = await startTelegram({ clock: clock.now });
  const events = { status: 200 };
  const hub = await startServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    exhibits.events.push(
      body,
      Buffer.from(/"data":"([^"]+)"/.exec(body)?.[1] ?? '', 'base64').toString(),
    );
    res.writeHead(events.status).end();
  });
  const env: Variables = {
    SESSIONS: SANDBOX,
    PUBLIC_URL: 'https://pin.example',
    TOKEN_CADENCE_APP: JSON.stringify({
      telegramBotToken: BOT_TOKEN,
      telegramChatId: CHAT_ID,
      linkKey: FIXED_SECRETS.linkKey,
      statusKey: FIXED_SECRETS.statusKey,
    }),
    ETRADE_SANDBOX_CONSUMER: JSON.stringify(CONSUMERS.sandbox),
    ETRADE_SANDBOX_OAUTH_URL: addressesOf(etrade.url, 'sandbox').oauthUrl,
    ETRADE_SANDBOX_API_URL: addressesOf(etrade.url, 'sandbox').apiUrl,
    ETRADE_SANDBOX_AUTHORIZE_URL: addressesOf(etrade.url, 'sandbox').authorizeUrl,
    TELEGRAM_API_URL: telegram.url,
    EVENTS_URL: hub.url,
    STORE_DIRECTORY: directory,
    STORE_PASSPHRASE: FIXED_SECRETS.passphrase,
  };
  const composed = compose({
    env,
    parts: {
      clock: clock.now,
      wait: clock.wait,
      random: createSeededRandom('no secret shows'),
      log: createJsonLog({
        write: (line) => exhibits['log lines'].push(line),
        clock: clock.now,
        level: 'debug',
      }),
      fetch: async (input, init) => {
        requests.push(`${String(input)} ${JSON.stringify(init?.headers)}`);
        return fetch(input, init);
      },
    },
  });
  const steps = createSteps();
  const wiring: Wiring = { ...composed, store: storeInSteps(composed.store, steps) };

  try {
    await playMorning({ wiring, clock, etrade, telegram, events, steps });
    misconfigure(env);
    exhibits.messages.push(...telegram.taken.map((message) => JSON.stringify(message)));
    exhibits.records.push(
      JSON.stringify(await wiring.store.load(SANDBOX)),
      JSON.stringify(await wiring.store.loadService()),
      inspect(wiring, { depth: 6 }),
      JSON.stringify(wiring),
    );
    exhibits.files.push(...(await contentsOf(directory)));
    secrets = [...Object.values(FIXED_SECRETS), ...etrade.secrets()];
  } finally {
    await Promise.all([etrade.close(), telegram.close(), hub.close()]);
    await rm(directory, { recursive: true, force: true });
  }
});

async function playMorning(stage: Stage): Promise<void> {
  const { wiring, clock, etrade, telegram, events, steps } = stage;
  const person = createPerson(stage);
  await answerOf(() => sendAlerts(wiring));
  await person.visit(new URL(await wiring.signInLink(SANDBOX)).pathname);
  await person.visit('/go/forged.link.of.nobody');
  await person.signIn({ pin: FIXED_SECRETS.wrongPin });
  await person.signIn({ pin: FIXED_SECRETS.wrongPin.toLowerCase() });
  for (const [fault, value] of [
    ['status', 500],
    ['malformed', true],
    ['loseAnswer', true],
    ['overLimit', 400],
    ['consumerKeyRejected', true],
    ['clockSkewMs', 3 * HOUR_MS],
  ] as const) {
    await person.signIn({ afterLogin: () => etrade.setSwitch(fault, value) });
    etrade.clearSwitches();
  }

  // A driver that quotes what it was to write.
  const cause = new Error(`cannot write "${FIXED_SECRETS.consumerSecret}"`);
  const options = { code: 'STORE_UNAVAILABLE', retryable: true, cause } as const;
  steps.fail('store.addToken', new StoreError('The store does not answer', options));
  await person.signIn();
  steps.mend();

  events.status = 500;
  telegram.standIn.setFault({ status: 429 });
  await person.signIn();
  for (const fault of [{ status: 403 }, { malformed: true }, null]) {
    telegram.standIn.setFault(fault);
    clock.advance(10 * MINUTE_MS);
    await lookAfter(wiring);
  }
  events.status = 200;

  etrade.setSwitch('signInAs', 'other');
  await person.signIn();
  etrade.clearSwitches();
  for (const [fault, value] of [
    ['status', 500],
    ['malformed', true],
    ['down', true],
    ['wwwAuthenticate', true],
  ] as const) {
    etrade.setSwitch(fault, value);
    clock.advance(2 * HOUR_MS);
    await lookAfter(wiring);
    await lookAfter({ ...wiring, log: terminalLog(clock) });
    etrade.clearSwitches();
  }
  await person.visit('/');
  await person.visit('/status', {
    headers: { authorization: `Bearer ${FIXED_SECRETS.statusKey}` },
  });
  await person.post('/keepalive/force', {});
  await person.post(`/sign-out/${SANDBOX}`, {});
  await lookAfter(wiring);
}

async function lookAfter(wiring: Wiring): Promise<void> {
  await answerOf(() => renewSessions(wiring, null));
  await answerOf(() => checkHealth(wiring));
}

/** Every variable broken while a secret is in it. */
function misconfigure(env: Variables): void {
  for (const name of Object.keys(env)) {
    try {
      readConfig({ ...env, [name]: `{"key": "${FIXED_SECRETS.consumerSecret}", ` });
    } catch (error) {
      exhibits.errors.push(inspect(error), JSON.stringify(error));
    }
  }
}

async function answerOf(work: () => Promise<unknown>): Promise<void> {
  exhibits.answers.push(JSON.stringify(await work()));
}

function terminalLog(clock: TestClock): Wiring['log'] {
  return createTerminalLog({
    write: (line) => exhibits['terminal lines'].push(line),
    clock: clock.now,
    level: 'debug',
  });
}

/** Somebody with a browser that keeps its cookie. */
function createPerson({ wiring, clock, etrade }: Stage) {
  let cookie = '';
  let csrf = '';

  async function visit(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { cookie, ...init.headers };
    const request = new Request(`http://function.invalid${path}`, { ...init, headers });
    const response = await route(request, wiring);
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    const body = await response.text();
    csrf = /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? csrf;
    // The redirect to the broker must carry the request token.
    const shown = [...response.headers].filter(([name]) => name !== 'location');
    exhibits.pages.push(body, JSON.stringify(shown));
    return response;
  }

  function post(path: string, fields: Readonly<Record<string, string>>): Promise<Response> {
    return visit(path, {
      method: 'POST',
      body: new URLSearchParams({ csrf, ...fields }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'null',
        'sec-fetch-site': 'same-origin',
      },
    });
  }

  return {
    visit,
    post,
    async signIn(options: { pin?: string; afterLogin?: () => void } = {}): Promise<void> {
      await visit(`/sign-in/${SANDBOX}`);
      await post(`/sign-in/${SANDBOX}/start`, {});
      const pin = options.pin ?? etrade.approve(SANDBOX);
      options.afterLogin?.();
      await post(`/sign-in/${SANDBOX}`, { pin });
      await visit(`/sign-in/${SANDBOX}?done`);
      clock.advance(MINUTE_MS);
    },
  };
}

async function contentsOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')));
}

/** The secrets that a text holds, plain or encoded; short ones only as whole words. */
function foundIn(text: string): string[] {
  return secrets.filter((secret) =>
    secret.length < 12
      ? new RegExp(`(?<![\\w+/=-])${secret}(?![\\w+/=-])`, 'i').test(text)
      : formsOf(secret).some((form) => text.includes(form)),
  );
}

function formsOf(secret: string): string[] {
  return [
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(encodeURIComponent(secret)),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('hex'),
  ];
}

describe('no secret shows', () => {
  it('in a morning that had many, all of which the search would find', () => {
    expect(new Set(secrets).size).toBeGreaterThan(40);
    expect(new Set(requests.flatMap(foundIn)).size).toBeGreaterThan(5);
    expect(foundIn(`… "${FIXED_SECRETS.accountId}", …`)).toEqual([FIXED_SECRETS.accountId]);
    expect(foundIn(encodeURIComponent(FIXED_SECRETS.consumerSecret))).toHaveLength(1);
  });

  it('in a morning in which everything has happened', () => {
    const log = exhibits['log lines'].join('');
    for (const event of [
      'pin-refused',
      'token-not-stored',
      'sign-in-foreign-account',
      'event-not-published',
      'notice-not-sent',
      'token-stored',
      'session-not-proven',
      'session-renewed',
      'signed-out',
    ]) {
      expect(log).toContain(`"event":"${event}"`);
    }
  });

  for (const [place, texts] of Object.entries(exhibits)) {
    it(`in ${place}`, () => {
      expect(texts.length).toBeGreaterThan(0);
      const shown = texts.flatMap((text) => foundIn(text).map((secret) => ({ secret, text })));
      expect(shown).toEqual([]);
    });
  }
});
