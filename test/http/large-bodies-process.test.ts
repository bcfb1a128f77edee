/**
 * Large bodies against the public function in a process of its own with the deployed heap, from its sources and
 * as it is built, while somebody is signing in: it stays up, its memory stays flat, the sign-in finishes.
 */

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../functions/clock.ts';
import { createLinks } from '../../functions/http/link.ts';
import { Secret } from '../../functions/secret.ts';
import { buildBundle } from '../../infra/build/bundle.ts';
import { NODE_OPTIONS } from '../../infra/build/runtime.ts';
import { createEtradeSimulator } from '../../infra/local/brokers/etrade.ts';
import { addressesOf, CONSUMERS } from '../fixtures/etrade-host.ts';
import { freePort, installFramework, spawnFunction } from '../fixtures/function-process.ts';
import { startServer } from '../fixtures/telegram-server.ts';
import { createSeededRandom } from '../fixtures/test-clock.ts';
import { SANDBOX } from '../fixtures/tokens.ts';

const LINK_KEY = 'a-link-key-of-forty-three-characters-length';
const NOBODY = 'http://127.0.0.1:9';
const SOURCES = join(import.meta.dirname, '../../functions/pin-exchange.ts');
const FRAMEWORK = join(
  dirname(createRequire(import.meta.url).resolve('@google-cloud/functions-framework')),
  'main.js',
);

/** 8 MB that parse into some hundred. */
const LARGE = `[${'[],'.repeat(2_700_000)}[]]`;

/** What a flat line may move by: the product's own work on a sign-in and a few answers. */
const FLAT_MB = 30;

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'token-cadence-large-'));
  installFramework(directory);
  await buildBundle('pin-exchange', join(directory, 'pin-exchange'));
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(['its sources', 'its bundle'])('the public function from %s', (from) => {
  it('outlives large bodies, and so does the sign-in beside them', async () => {
    const broker = await startSlowEtrade();
    const page = await startPage(from, broker.url);
    const signIn = await beginSignIn(page.url, broker.approve);
    const before = page.megabytes();
    const posting = signIn.post();
    await broker.asked;

    const peak = watchMemory(page.megabytes);
    const answers = await Promise.all([
      ...repeat(4, () => attack(page.url, LARGE, 'application/json')),
      ...repeat(2, () => attack(page.url, 'a=1&'.repeat(2_000_000), FORM)),
      ...repeat(2, () => attack(page.url, chunked(LARGE), 'application/json')),
    ]);
    expect(answers).toEqual(answers.map(() => 413));
    expect(page.isUp()).toBe(true);
    expect(peak() - before).toBeLessThan(FLAT_MB);

    broker.release();
    expect(await posting).toBe(`/sign-in/${SANDBOX}?done`);
    expect(await signIn.read()).toContain('Signed in');
  }, 60_000);
});

const FORM = 'application/x-www-form-urlencoded';

function repeat<T>(times: number, make: () => T): T[] {
  return Array.from({ length: times }, make);
}

async function attack(
  url: string,
  body: string | ReadableStream<Uint8Array>,
  type: string,
): Promise<number> {
  const init = { method: 'POST', body, headers: { 'content-type': type }, duplex: 'half' };
  const answer = await fetch(url, init as RequestInit);
  await answer.text();
  return answer.status;
}

function chunked(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

/** @returns what gives the highest value so far, and stops */
function watchMemory(megabytes: () => number): () => number {
  let highest = megabytes();
  const watching = setInterval(() => {
    highest = Math.max(highest, megabytes());
  }, 50);
  return () => {
    clearInterval(watching);
    return Math.max(highest, megabytes());
  };
}

async function startPage(from: string, brokerUrl: string) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const store = mkdtempSync(join(tmpdir(), 'token-cadence-large-store-'));
  const { oauthUrl, apiUrl, authorizeUrl } = addressesOf(brokerUrl, 'sandbox');
  const env = {
    SESSIONS: SANDBOX,
    ETRADE_SANDBOX_CONSUMER: JSON.stringify(CONSUMERS.sandbox),
    ETRADE_SANDBOX_OAUTH_URL: oauthUrl,
    ETRADE_SANDBOX_API_URL: apiUrl,
    ETRADE_SANDBOX_AUTHORIZE_URL: authorizeUrl,
    PUBLIC_URL: url,
    STORE_DIRECTORY: store,
    STORE_PASSPHRASE: 'a passphrase for tests',
    EVENTS_URL: NOBODY,
    TELEGRAM_API_URL: NOBODY,
    TOKEN_CADENCE_APP: JSON.stringify({
      telegramBotToken: '123456:a-bot-token-for-tests',
      telegramChatId: '4711',
      linkKey: LINK_KEY,
    }),
  };
  const child =
    from === 'its bundle'
      ? spawnFunction({ directory, name: 'pin-exchange', env, port }).child
      : spawn(
          process.execPath,
          [FRAMEWORK, `--source=${SOURCES}`, '--target=pin-exchange', `--port=${port}`],
          { env: { ...env, NODE_OPTIONS }, stdio: 'ignore' },
        );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    rmSync(store, { recursive: true, force: true });
  });
  const isUp = () => child.exitCode === null && child.signalCode === null;
  while (isUp() && !(await fetch(`${url}/nowhere`).then(Boolean, () => false))) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const megabytes = () =>
    Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' })) /
    1024;
  return { url, isUp, megabytes };
}

/** Everything up to the PIN, which is read and not yet posted. */
async function beginSignIn(url: string, approve: () => string) {
  const key = new Secret(LINK_KEY);
  const endsAt = () => systemClock() + 3_600_000;
  const links = createLinks({ key, chatId: '4711', publicUrl: url, clock: systemClock, endsAt });
  let cookie = '';
  const ask = async (path: string, fields?: Record<string, string>): Promise<Response> => {
    const answer = await fetch(path.startsWith('http') ? path : `${url}${path}`, {
      redirect: 'manual',
      headers: { cookie, origin: url },
      ...(fields === undefined ? {} : { method: 'POST', body: new URLSearchParams(fields) }),
    });
    const [set] = answer.headers.getSetCookie();
    if (set !== undefined) cookie = set.split(';')[0] ?? '';
    return answer;
  };
  await ask(await links.create(SANDBOX));
  const text = await (await ask(`/sign-in/${SANDBOX}`)).text();
  const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
  const started = await ask(`/sign-in/${SANDBOX}/start`, { csrf });
  expect(started.status).toBe(303);
  const pin = approve();
  return {
    post: async () => (await ask(`/sign-in/${SANDBOX}`, { csrf, pin })).headers.get('location'),
    read: async () => (await ask(`/sign-in/${SANDBOX}?done`)).text(),
  };
}

/** The simulated broker, which holds its answer to a PIN back until it is released. */
async function startSlowEtrade() {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let note = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    note = resolve;
  });
  let handle: ReturnType<typeof createEtradeSimulator>['handle'] | null = null;
  const { url, close } = await startServer(async (req, res) => {
    if (req.url?.includes('/oauth/access_token')) {
      note();
      await released;
    }
    void handle?.(req, res);
  });
  onTestFinished(close);
  const simulator = createEtradeSimulator({
    clock: systemClock,
    baseUrl: url,
    consumers: [{ ...CONSUMERS.sandbox, environment: 'sandbox' }],
    random: createSeededRandom('simulator'),
  });
  handle = simulator.handle;
  const approve = (): string => {
    const approval = simulator.approve(CONSUMERS.sandbox.key);
    if (approval === null || !('pin' in approval)) throw new Error('no sign-in is open');
    return approval.pin;
  };
  return { url, approve, asked, release };
}
