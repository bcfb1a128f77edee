/**
 * The worker's own wiring on Google's real Secret Manager client, against the stand-in.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJsonLog } from '../../functions/logging/json-log.ts';
import { connect } from '../../functions/worker/connect.ts';
import { createLogLines } from '../fixtures/log-lines.ts';
import { anActiveRecord } from '../fixtures/records.ts';
import { createScriptedFetch } from '../fixtures/scripted-fetch.ts';
import {
  PROJECT,
  type SecretManagerServer,
  startSecretManager,
} from '../fixtures/secret-manager.ts';
import { aToken, SANDBOX } from '../fixtures/tokens.ts';
import { createHandedEvents, createKeptReports } from '../fixtures/worker/desk.ts';
import { createManualTime, until } from '../fixtures/worker/manual-time.ts';

let server: SecretManagerServer;
const time = createManualTime('2026-03-09T09:10:00-04:00');
beforeEach(async () => {
  server = await startSecretManager({ clock: time.now });
  await server.createSecret('etrade-sandbox-session');
});
afterEach(() => server.close());

async function put(generation: number): Promise<number> {
  const store = server.store();
  const version = await store.addToken(aToken({ generation }));
  const { tag } = await store.load(SANDBOX);
  await store.replace(SANDBOX, tag, anActiveRecord({ generation, version }));
  return version;
}

async function putConsumer(id: string, text: string): Promise<void> {
  await server.createSecret(id);
  await server.access().addVersion(id, text);
}

const log = () => createJsonLog(createLogLines());

async function worker(fetch?: typeof globalThis.fetch) {
  const events = createHandedEvents();
  const parts = { clock: time.now, wait: time.wait, events, reports: createKeptReports() };
  const session = await connect({
    session: SANDBOX,
    worker: 'orb-bot',
    log: log(),
    env: { GOOGLE_CLOUD_PROJECT: PROJECT, SECRET_MANAGER_API_URL: server.url },
    parts: fetch === undefined ? parts : { ...parts, fetch },
  });
  return { session, events };
}

test('reads, follows and never writes', async () => {
  await put(1);
  const { session, events } = await worker();
  await until(() => session.state.generation === 1, 'the first token');
  const version = await put(2);
  server.calls.length = 0;
  events.tell({ generation: 2, version });
  await until(() => session.state.generation === 2, 'the second token');
  const next = await put(3);
  await time.advance(60_000);
  await until(() => session.state.generation === 3, 'the third token');
  await session.close();
  expect(next).toBe(3);
  const ours = server
    .methods()
    .filter((method) => !/^(addSecretVersion|updateSecret)$/.test(method));
  expect(new Set(ours)).toEqual(new Set(['getSecret', 'accessSecretVersion']));
  // What `put` itself writes, and nothing more.
  expect(server.methods().length - ours.length).toBe(2);
});

test("finds consumer key and secret there: the session's own first, the newest that is usable", async () => {
  await put(1);
  await putConsumer('etrade-sandbox-consumer', '{"key":"first","secret":"s"}');
  await server.access().addVersion('etrade-sandbox-consumer', '{"key":"second","secret":"s"}\n');
  const { session } = await worker();
  await until(() => session.state.generation === 1, 'the token');
  expect(await session.authorization('GET', '/v1/x')).toContain('oauth_consumer_key="second"');
  await session.close();
});

test.each([
  ['is missing', null, /no secret "etrade-sandbox-consumer"/],
  ['holds something else', 'canary', /"etrade-sandbox-consumer" does not hold/],
])('a consumer secret that %s is named at the first call', async (_name, text, message) => {
  await put(1);
  if (text !== null) await putConsumer('etrade-sandbox-consumer', text);
  const { fetch, requests } = createScriptedFetch([]);
  const { session } = await worker(fetch);
  await until(() => session.state.generation === 1, 'the token');
  await expect(session.fetch('/v1/x')).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringMatching(message),
  });
  expect(requests).toEqual([]);
  await session.close();
});

/** A broker that knows one consumer key. */
function brokerKnowing(key: string) {
  const seen: string[] = [];
  const fetch: typeof globalThis.fetch = async (_input, init) => {
    const header = new Headers(init?.headers).get('authorization') ?? '';
    const used = /oauth_consumer_key="([^"]+)"/.exec(header)?.[1] ?? '';
    seen.push(used);
    if (used === key) return new Response('{}');
    return new Response('oauth_problem=consumer_key_rejected', { status: 401 });
  };
  return { seen, fetch };
}

test('a consumer secret that was mended is read again, at most once a minute, with no restart', async () => {
  await put(1);
  await putConsumer('etrade-sandbox-consumer', '{"key":"wrong","secret":"s"}');
  const { fetch, seen } = brokerKnowing('right');
  const { session } = await worker(fetch);
  await until(() => session.state.generation === 1, 'the token');
  const wrong = {
    code: 'CONFIGURATION',
    message: expect.stringContaining('etrade-sandbox-consumer'),
  };
  await expect(session.fetch('/v1/x')).rejects.toMatchObject(wrong);
  server.calls.length = 0;
  // A key that is wrong for long does not storm the store.
  for (let second = 0; second < 59; second += 1) {
    await time.advance(1_000);
    await session.fetch('/v1/x').catch(() => {});
  }
  expect(server.calls.filter(({ secret }) => secret.includes('consumer'))).toEqual([]);
  await server.access().addVersion('etrade-sandbox-consumer', '{"key":"right","secret":"s"}');
  await time.advance(60_000);
  expect((await session.fetch('/v1/x')).status).toBe(200);
  expect(seen.at(-1)).toBe('right');
  expect(await session.authorization('GET', '/v1/x')).toContain('oauth_consumer_key="right"');
  expect(session.state).toMatchObject({ status: 'ready', problem: null });
  await session.close();
});

test('a consumer secret that is missing is not looked for with every call', async () => {
  await put(1);
  const { fetch } = createScriptedFetch([]);
  const { session } = await worker(fetch);
  await until(() => session.state.generation === 1, 'the token');
  await session.fetch('/v1/x').catch(() => {});
  const before = server.calls.length;
  for (let call = 0; call < 10; call += 1) {
    await expect(session.fetch('/v1/x')).rejects.toMatchObject({
      code: 'CONFIGURATION',
      triedAgainAt: time.now() + 5_000,
    });
  }
  expect(server.calls).toHaveLength(before);
  await session.close();
});

test('a session whose secret was never made is failing, with its name', async () => {
  const other = await connect({
    session: 'etrade-sandbox-ira',
    worker: 'orb-bot',
    log: log(),
    env: { GOOGLE_CLOUD_PROJECT: PROJECT, SECRET_MANAGER_API_URL: server.url },
    parts: {
      clock: time.now,
      wait: time.wait,
      events: createHandedEvents(),
      reports: createKeptReports(),
    },
  });
  await until(() => other.state.status === 'failing', 'a problem');
  expect(other.state.problem).toContain('etrade-sandbox-ira-session');
  await other.close();
});
