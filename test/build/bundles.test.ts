/** `npm run build`: what is in the folders that are uploaded, and that each of them works by itself. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock, systemRandom } from '../../functions/clock.ts';
import { createCookies } from '../../functions/http/cookie.ts';
import { Secret } from '../../functions/secret.ts';
import {
  type Bundle,
  buildBundle,
  FUNCTIONS,
  type FunctionName,
} from '../../infra/build/bundle.ts';
import {
  type FunctionProcess,
  firstAnswer,
  freePort,
  installFramework,
  spawnFunction,
} from '../fixtures/function-process.ts';
import { functionSettings, LINK_KEY, PUBLIC_URL } from '../fixtures/function-settings.ts';
import { openGrpcServer } from '../fixtures/grpc-server.ts';
import { anActiveRecord } from '../fixtures/records.ts';
import { type SecretManagerServer, startSecretManager } from '../fixtures/secret-manager.ts';
import { CHAT_ID, startTelegram } from '../fixtures/telegram-server.ts';
import { anEvent, SANDBOX } from '../fixtures/tokens.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAX_BYTES = 3_000_000;

/** In the builder's environment; must not be in what is built. */
const CANARY = 'canary-of-the-building-machine';

let directory: string;
let secretManager: SecretManagerServer;
const bundles = new Map<FunctionName, Bundle>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'token-cadence-bundles-'));
  installFramework(directory);
  process.env['ETRADE_PROD_CONSUMER'] = CANARY;
  for (const name of FUNCTIONS) bundles.set(name, await buildBundle(name, join(directory, name)));
  delete process.env['ETRADE_PROD_CONSUMER'];
  secretManager = await startSecretManager();
  await secretManager.createSecret('token-cadence-app');
  await secretManager.createSecret('etrade-sandbox-session');
});

afterAll(async () => {
  await secretManager.close();
  rmSync(directory, { recursive: true, force: true });
});

describe.each(FUNCTIONS)('the bundle of %s', (name) => {
  it('is small', () => {
    expect(bundles.get(name)?.bytes).toBeLessThan(MAX_BYTES);
    const sizes = filesOf(name).map((file) => statSync(join(directory, name, file)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_BYTES);
  });

  it('asks for the framework alone, on the deployed runtime, and for no build', () => {
    const manifest = JSON.parse(read(name, 'package.json'));
    const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const framework = '@google-cloud/functions-framework';
    expect(manifest).toMatchObject({
      main: 'index.cjs',
      type: 'commonjs',
      engines: { node: '24' },
      scripts: { 'gcp-build': '' },
    });
    expect(manifest.dependencies).toEqual({ [framework]: own.dependencies[framework] });
    expect(manifest.devDependencies).toBeUndefined();
    expect(filesOf(name)).toContain(manifest.main);
  });

  it('locks the framework and what it needs, and nothing else', () => {
    const own = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
    const { packages } = JSON.parse(read(name, 'package-lock.json'));
    expect(packages[''].dependencies).toEqual(JSON.parse(read(name, 'package.json')).dependencies);
    for (const [place, locked] of Object.entries(packages)) {
      if (place !== '') expect(own[place], place).toEqual(locked);
    }
    expect(packages).toHaveProperty(['node_modules/express']);
    expect(packages).not.toHaveProperty(['node_modules/vitest']);
    expect(packages).not.toHaveProperty(['node_modules/telegraf']);
  });

  it('holds no path, user or environment of the machine that built it', () => {
    const tells = [ROOT, directory, CANARY];
    for (const file of filesOf(name)) {
      const text = read(name, file);
      for (const tell of tells) expect(text.includes(tell), `${tell} in ${file}`).toBe(false);
    }
  });

  it('holds no development package, no source map and nothing but code and its papers', () => {
    const papers = ['LICENSES.txt', 'package-lock.json', 'package.json'];
    const code = filesOf(name).filter((file) => !papers.includes(file));
    expect(code.filter((file) => !/^[\w-]+\.cjs$/.test(file))).toEqual([]);
    for (const file of code) expect(read(name, file)).not.toContain('sourceMappingURL');
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    // A package of ours that a runtime package needs as well is not marked.
    const isDevelopment = (used = '') => packages[`node_modules/${used}`]?.dev === true;
    expect(packagesIn(name)).not.toEqual([]);
    expect(packagesIn(name).filter(isDevelopment)).toEqual([]);
  });

  it('names the licence of every package in it', () => {
    const used = ['@google-cloud/secret-manager', '@google-cloud/pubsub', 'telegraf', 'zod'];
    expect(packagesIn(name)).toEqual(expect.arrayContaining(used));
    expect(read(name, 'LICENSES.txt')).not.toContain('no licence named');
  });

  it('has a main file that the buildpack accepts', () => {
    const { status, stderr } = spawnSync(process.execPath, [
      '--check',
      join(directory, name, 'index.cjs'),
    ]);
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
  });
});

describe('a bundle alone with the framework', () => {
  it.each(FUNCTIONS)('%s says that it is reached by https, in its refusals too', async (name) => {
    const running = await start(name, settings());
    await firstAnswer(running, '/robots.txt');
    for (const init of [{}, { method: 'POST', body: 'x'.repeat(70_000) }]) {
      const answer = await fetch(`${running.url}/robots.txt`, init);
      expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000');
    }
    const large = await fetch(running.url, { method: 'POST', body: 'x'.repeat(70_000) });
    expect(large.status).toBe(413);
    expect(large.headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  it('health-check answers an uptime check without a call', async () => {
    secretManager.calls.length = 0;
    const running = await start('health-check', settings());
    expect(await firstAnswer(running, '/?live')).toEqual({ status: 200, text: '{"live":true}\n' });
    expect(secretManager.calls).toEqual([]);
  });

  it('health-check names every missing setting in its log and none to the caller', async () => {
    const running = await start('health-check', {});
    const { status, text } = await firstAnswer(running, '/');
    expect(status).toBe(500);
    expect(text).not.toContain('PUBLIC_URL');
    await running.stop();
    expect(running.printed()).toMatch(/TOKEN_CADENCE_APP.*PUBLIC_URL/);
  });

  it('health-check reads a session from Secret Manager through Google’s client', async () => {
    secretManager.calls.length = 0;
    const running = await start('health-check', settings());
    const { status, text } = await firstAnswer(running, '/');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ worked: true, sessions: [{ session: SANDBOX }] });
    expect(secretManager.methods()).toContain('getSecret');
  });

  it('health-check says which call of Google’s client was denied, and what to grant', async () => {
    secretManager.standIn.deny({ method: 'getSecret' });
    onTestFinished(() => secretManager.standIn.allowAll());
    const running = await start('health-check', settings());
    const { status, text } = await firstAnswer(running, '/');
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ worked: false, sessions: [{ state: 'unreadable' }] });
    expect(text).toMatch(/refuses .*getSecret.*grant .*secretmanager.secrets.get/);
    await running.stop();
    expect(running.printed()).toContain('STORE_DENIED');
  });

  it('morning-alert asks for no consumer key and answers', async () => {
    const { ETRADE_SANDBOX_CONSUMER: _, ...few } = settings();
    const running = await start('morning-alert', few);
    const { status, text } = await firstAnswer(running, '/', {}, 'POST');
    expect({ status, report: JSON.parse(text) }).toMatchObject({
      status: 200,
      report: { waiting: 0 },
    });
  });

  it('pin-exchange refuses a stranger', async () => {
    const running = await start('pin-exchange', settings());
    const { status, text } = await firstAnswer(running, '/sign-in/etrade-sandbox');
    expect(status).toBe(401);
    expect(text).toContain('<!doctype html>');
  });

  it('pin-exchange shows the sign-in page to the holder of a cookie', async () => {
    const running = await start('pin-exchange', settings());
    const { status, text } = await firstAnswer(running, '/sign-in/etrade-sandbox', {
      cookie: await cookie(),
    });
    expect(status).toBe(200);
    expect(text).toContain('name="pin"');
  });

  it('pin-exchange sends a link through telegraf', async () => {
    const telegram = await startTelegram();
    onTestFinished(() => telegram.close());
    const running = await start('pin-exchange', { ...settings(), TELEGRAM_API_URL: telegram.url });
    await firstAnswer(running, '/nowhere');
    const response = await fetch(`${running.url}/link`, {
      method: 'POST',
      headers: { origin: PUBLIC_URL, 'content-type': 'application/x-www-form-urlencoded' },
      body: '',
    });
    expect(response.ok).toBe(true);
    expect(telegram.taken).toHaveLength(1);
  });

  it('keep-alive delivers a saved event through Google’s Pub/Sub client', async () => {
    const pubsub = await openGrpcServer();
    const store = secretManager.store();
    const { tag } = await store.load(SANDBOX);
    await store.replace(SANDBOX, tag, anActiveRecord({ undelivered: [anEvent()] }));
    const { EVENTS_URL: _, ...few } = settings();
    const running = await start('keep-alive', { ...few, PUBSUB_EMULATOR_HOST: pubsub.host });
    const { status, text } = await firstAnswer(running, '/', {}, 'POST');
    // No Telegram listens here, so the ✅ waits and the scheduler is asked to call again.
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ outcomes: [{ delivered: true }] });
    const published = pubsub.calls.filter(({ path }) => path.endsWith('/Publish'));
    expect(published).toHaveLength(1);
    expect((await secretManager.store().load(SANDBOX)).record.undelivered).toEqual([]);
  });
});

async function start(name: FunctionName, env: Record<string, string>): Promise<FunctionProcess> {
  const running = spawnFunction({ directory, name, env, port: await freePort() });
  onTestFinished(() => running.stop());
  return running;
}

function settings(): Record<string, string> {
  return functionSettings(secretManager.url);
}

async function cookie(): Promise<string> {
  const cookies = createCookies({
    key: new Secret(LINK_KEY),
    chatId: CHAT_ID,
    secure: true,
    clock: systemClock,
    random: systemRandom,
    maxAgeMs: 60_000,
  });
  const set = await cookies.write(cookies.admit(systemClock() + 60_000));
  return set.split(';')[0] ?? '';
}

function filesOf(name: FunctionName): string[] {
  return readdirSync(join(directory, name));
}

function read(name: FunctionName, file: string): string {
  return readFileSync(join(directory, name, file), 'utf8');
}

/** Their names as the licences list them: `zod 4.6.7 (MIT)`. */
function packagesIn(name: FunctionName): (string | undefined)[] {
  const lines = read(name, 'LICENSES.txt').matchAll(/^(\S+) \d\S* \(.+\)$/gm);
  return [...lines].map(([, used]) => used);
}
