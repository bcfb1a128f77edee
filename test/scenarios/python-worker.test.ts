/**
 * A trading worker in another language: `fixtures/python-worker.py`, written from the two SCHEMA.md alone,
 * on Secret Manager's stand-in, the E*TRADE simulator, a server that answers Pub/Sub's pull and, where there
 * is one, Google's Pub/Sub emulator.
 *
 * Time runs; Python's clock is set to the test's.
 */

import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EventPublisher } from '../../functions/events/event-publisher.ts';
import { createPubsubPublisher } from '../../functions/events/pubsub.ts';
import { revokeSession } from '../../functions/operations/revoke-session.ts';
import type { StoredToken } from '../../functions/storage/session-store.ts';
import { CONSUMERS } from '../fixtures/etrade-host.ts';
import {
  HAS_PUBSUB_EMULATOR,
  newPubsubProject,
  openPubsubEmulator,
} from '../fixtures/pubsub-emulator.ts';
import { startPullServer } from '../fixtures/pull-server.ts';
import { PROJECT } from '../fixtures/secret-manager.ts';
import { anEvent } from '../fixtures/tokens.ts';
import { openWorkerWorld, type WorkerWorld } from '../fixtures/worker-world.ts';

const FILE = join(import.meta.dirname, '..', 'fixtures', 'python-worker.py');
const SUBSCRIPTION = 'token-renewed-python';
const PATIENCE_MS = 15_000;
const HOUR_MS = 3_600_000;

/** Runs a file by another clock than the machine's. */
const SHIFTED = `
import os, runpy, sys, time
shift, real = float(os.environ["SHIFT_SECONDS"]), time.time
time.time = lambda: real() + shift
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
`;

const FOREIGN = JSON.stringify({
  schemaVersion: 1,
  type: 'token-renewed',
  session: 'etrade-prod',
  generation: 999,
  secretVersion: 'projects/x/secrets/etrade-prod-session/versions/999',
});

/** In CI a missing Python is a failure, not a skip. */
const HAS_PYTHON =
  spawnSync('python3', ['--version']).status === 0 || process.env['CI'] !== undefined;

if (!HAS_PYTHON) process.stderr.write('SKIPPED: the worker in Python, for want of "python3"\n');

type PythonWorker = {
  /** The next line that it prints. */
  readonly line: () => Promise<string>;
  /** Lines nobody has asked for, and all that it complained of. */
  readonly rest: () => { readonly lines: readonly string[]; readonly complaints: string };
};

describe('the file that people copy', () => {
  const text = readFileSync(FILE, 'utf8');

  it('has at most 120 lines that fit a screen', () => {
    const lines = text.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(120);
    expect(lines.filter((line) => line.length > 110)).toEqual([]);
  });

  it.skipIf(!HAS_PYTHON)('imports nothing but the standard library', () => {
    const imported = [...text.matchAll(/^(?:import|from) (.+)$/gm)]
      .flatMap(([, names = '']) => names.split(/ import |, /))
      .map((name) => name.split('.')[0]);
    expect(imported.length).toBeGreaterThan(10);
    const check = `import sys; print(set(${JSON.stringify(imported)}) - sys.stdlib_module_names)`;
    expect(python(['-c', check])).toBe('set()\n');
  });

  it.skipIf(!HAS_PYTHON)(
    'signs as RFC 5849 (section 3.4, erratum 2550) and E*TRADE print it',
    () => {
      const script = `
import importlib.util, sys
spec = importlib.util.spec_from_file_location("worker", sys.argv[1])
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)
print(worker.signature("POST", "http://example.com/request", [
  ("b5", "=%3D"), ("a3", "a"), ("c@", ""), ("a2", "r b"), ("c2", ""), ("a3", "2 q"),
  ("oauth_consumer_key", "9djdj82h48djs9d2"), ("oauth_token", "kkk9d7dh3k39sjv7"),
  ("oauth_signature_method", "HMAC-SHA1"), ("oauth_timestamp", "137131201"), ("oauth_nonce", "7d8f3e4a"),
], "j49sk3j29djd", "dh893hdasih9"))
print(worker.signature("GET", "https://api.etrade.com/v1/accounts/list", [
  ("oauth_consumer_key", "c5bb4dcb7bd6826c7c4340df3f791188"),
  ("oauth_nonce", "0bba225a40d1bbac2430aa0c6163ce44"),
  ("oauth_signature_method", "HMAC-SHA1"), ("oauth_timestamp", "1344885636"),
  ("oauth_token", "VbiNYl63EejjlKdQM6FeENzcnrLACrZ2JYD6NQROfVI="),
], "7d30246211192cda43ede3abd9b393b9", "XCF9RzyQr4UEPloA+WlC06BnTfYC1P0Fwr3GUw/B0Es="))
`;
      const settings = {
        SESSION: 'x',
        CONSUMER: '{}',
        GOOGLE_CLOUD_PROJECT: 'x',
        SUBSCRIPTION: 'x',
      };
      expect(python(['-c', script, FILE], settings)).toBe(
        'r6/TJjbCOr97/+UU0NsvSne7s5g=\nUOnPVdzExTAgHkcGWLLfeTaaMSM=\n',
      );
    },
  );
});

describe.skipIf(!HAS_PYTHON)('a worker in Python', () => {
  it('waits for the sign-in, then has a signed call accepted, and again with the next token', async () => {
    const { world, worker } = await open();
    await world.signIn();
    expect(await worker.line()).toBe('etrade-sandbox generation 1: 200');
    await world.signIn();
    expect(await worker.line()).toBe('etrade-sandbox generation 2: 200');
    expect(worker.rest()).toEqual({ lines: [], complaints: '' });
    const { calls } = world.etrade.stats();
    expect(calls['accounts/list']).toMatchObject({ 200: expect.any(Number) });
    expect(Object.keys(calls['accounts/list'] ?? {})).toEqual(['200']);
  });

  it('finds a token that was there before it', async () => {
    const { world, begin } = await prepared();
    await world.signIn();
    expect(await begin().line()).toBe('etrade-sandbox generation 1: 200');
  });

  it('signs what is in the query', async () => {
    const { world, worker } = await open('?count=25&marker=a%2Bb%20c&marker=');
    await world.signIn();
    expect(await worker.line()).toBe('etrade-sandbox generation 1: 200');
  });

  it('finds the newest token while the record lags an hour behind', async () => {
    const { world, worker } = await open();
    await world.signIn();
    await worker.line();
    world.secretManager.standIn.setLag(HOUR_MS);
    await world.signIn();
    expect(await worker.line()).toBe('etrade-sandbox generation 2: 200');
  });

  it('takes an unverified token when an event names it, for then it is the current one', async () => {
    const { world, worker, pubsub } = await open();
    await world.signIn();
    await worker.line();
    const token = { ...(await tokenOf(world, 1)), generation: 2, account: null };
    const version = await world.wiring.store.addToken(token);
    await pubsub.publish(anEvent({ session: token.session, generation: 2, version }));
    expect(await worker.line()).toBe('etrade-sandbox generation 2: 200');
  });

  it('acknowledges doubled, foreign and unreadable events and goes on', async () => {
    const { world, worker, pubsub } = await open();
    for (const data of ['not JSON', '[]', '{}', '{"schemaVersion":1,"type":"other"}', FOREIGN]) {
      pubsub.send(data);
    }
    await world.signIn();
    expect(await worker.line()).toBe('etrade-sandbox generation 1: 200');
    pubsub.repeat();
    await world.signIn();
    expect(await worker.line()).toBe('etrade-sandbox generation 2: 200');
    await expect.poll(() => pubsub.waiting()).toBe(0);
    expect(worker.rest()).toEqual({ lines: [], complaints: '' });
  });

  it('wakes a token that has slept for two hours', async () => {
    const { world, begin } = await prepared();
    await world.signIn();
    world.advance(2 * HOUR_MS + 1);
    expect(await begin().line()).toBe('etrade-sandbox generation 1: 200');
    expect(world.etrade.stats().calls).toMatchObject({
      'accounts/list': { 401: 1 },
      renew_access_token: { 200: 1 },
    });
  });

  it('asks the broker once about a token that is past midnight, and waits for the next', async () => {
    const { world, begin } = await prepared();
    await world.signIn();
    world.advance(16 * HOUR_MS);
    const worker = begin();
    expect(await worker.line()).toBe('etrade-sandbox generation 1: 401 token_expired');
    expect(world.etrade.stats().calls).toMatchObject({
      'accounts/list': { 401: 1 },
      renew_access_token: { 401: 1 },
    });
    await world.signIn();
    expect(await worker.line()).toBe('etrade-sandbox generation 2: 200');
  });

  it('does not use a token that was signed out', async () => {
    const { world, begin, pubsub } = await prepared();
    await world.signIn();
    const token = await tokenOf(world, 1);
    expect(await revokeSession(world.wiring, world.session)).toMatchObject({ ok: true });
    await world.wiring.store.addToken(token);
    const worker = begin();
    await expect.poll(() => pubsub.pulls(), { timeout: PATIENCE_MS }).toBeGreaterThan(0);
    await world.signIn();
    expect(await worker.line()).toBe('etrade-sandbox generation 2: 200');
  });

  it('passes over a destroyed version, and one that nobody has verified', async () => {
    const { world, begin } = await prepared();
    await world.signIn();
    await world.signIn();
    const { store } = world.wiring;
    const token = await tokenOf(world, 2);
    await store.addToken({ ...token, generation: 9, account: null });
    await store.destroyVersion(token.session, await store.addToken({ ...token, generation: 3 }));
    await store.addToken({ ...token, generation: 4 });
    expect(await begin().line()).toBe('etrade-sandbox generation 4: 200');
  });
});

describe.skipIf(!HAS_PYTHON || !HAS_PUBSUB_EMULATOR)('on Google’s Pub/Sub emulator', () => {
  it('hears of both sign-ins and has its calls accepted', async () => {
    const emulator = await openPubsubEmulator();
    onTestFinished(() => emulator.stop());
    const pubsub = newPubsubProject(emulator.host, PROJECT);
    const topic = `token-renewed-${randomUUID()}`;
    await pubsub.createTopic(topic);
    await pubsub.createSubscription(SUBSCRIPTION, topic);
    onTestFinished(() => pubsub.deleteSubscription(SUBSCRIPTION));
    const client = { apiEndpoint: emulator.host };
    const events = createPubsubPublisher({ project: PROJECT, topic, client });
    onTestFinished(() => events.close());
    const world = await newWorld(events);
    const worker = start(world, `http://${emulator.host}`);
    for (const generation of [1, 2]) {
      await world.signIn();
      expect(await worker.line()).toBe(`etrade-sandbox generation ${generation}: 200`);
    }
    expect(worker.rest()).toEqual({ lines: [], complaints: '' });
  });
});

/** A world with a pull server, and the worker to begin in it. */
async function prepared(query = '') {
  const pubsub = await startPullServer();
  onTestFinished(() => pubsub.close());
  const world = await newWorld(pubsub);
  return { world, pubsub, begin: () => start(world, pubsub.url, query) };
}

/** A worker that waits for the first sign-in. */
async function open(query = '') {
  const { begin, ...parts } = await prepared(query);
  const worker = begin();
  await expect.poll(() => parts.pubsub.pulls(), { timeout: PATIENCE_MS }).toBeGreaterThan(0);
  return { ...parts, worker };
}

async function newWorld(events: EventPublisher): Promise<WorkerWorld> {
  const world = await openWorkerWorld({ key: 'etrade-sandbox', events });
  onTestFinished(() => world.close());
  return world;
}

async function tokenOf(world: WorkerWorld, version: number): Promise<StoredToken> {
  const read = await world.wiring.store.readToken(world.session.key, version);
  if (read.status !== 'found') throw new Error(`version ${version} is ${read.status}`);
  return read.token;
}

function start(world: WorkerWorld, pubsubUrl: string, query = ''): PythonWorker {
  const url = `${world.apiUrl}/accounts/list.json${query}`;
  const child = spawn('python3', ['-c', SHIFTED, FILE, url], {
    env: {
      PATH: process.env['PATH'],
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONIOENCODING: 'utf8',
      SHIFT_SECONDS: String(world.shift() / 1000),
      SESSION: 'etrade-sandbox',
      CONSUMER: JSON.stringify(CONSUMERS.sandbox),
      GOOGLE_CLOUD_PROJECT: PROJECT,
      GOOGLE_ACCESS_TOKEN: 'a-token-of-google',
      SECRET_MANAGER_API_URL: world.secretManager.url,
      PUBSUB_API_URL: pubsubUrl,
      SUBSCRIPTION,
      RENEW_URL: `${world.oauthUrl}/renew_access_token`,
    },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const lines: string[] = [];
  let complaints = '';
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  return {
    async line() {
      await expect
        .poll(() => lines.length + complaints.length, { timeout: PATIENCE_MS, interval: 20 })
        .toBeGreaterThan(0);
      return lines.shift() ?? `nothing but: ${complaints}`;
    },
    rest: () => ({ lines, complaints }),
  };
}

function python(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const path = { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout, stderr } = spawnSync('python3', args, { env: { ...path, ...env } });
  return `${stdout}${stderr}`;
}
