/** What the store does when Secret Manager does not do what it should. */

import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect, promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { systemRandom } from '../../functions/clock.ts';
import { StoreError } from '../../functions/errors.ts';
import { NEW_RECORD } from '../../functions/lifecycle/session.ts';
import type { System } from '../../functions/operations/system.ts';
import { updateSession } from '../../functions/operations/update-record.ts';
import { readNewestToken, type SessionStore } from '../../functions/storage/session-store.ts';
import type { SecretManagerFault } from '../../infra/local/secret-manager/faults.ts';
import type { Method } from '../../infra/local/secret-manager/routes.ts';
import { anActiveRecord, ny } from '../fixtures/records.ts';
import {
  PROJECT,
  type SecretManagerServer,
  startSecretManager,
} from '../fixtures/secret-manager.ts';
import { aToken, CANARIES, SANDBOX } from '../fixtures/tokens.ts';

const SECRET = 'etrade-sandbox-session';
const HOUR_MS = 3_600_000;

let server: SecretManagerServer;
let store: SessionStore;

beforeEach(async () => {
  server = await startSecretManager();
  await server.createSecret(SECRET);
  await server.createSecret('token-cadence-app');
  store = server.store();
});

afterEach(async () => {
  await server.close();
});

async function failureOf(promise: Promise<unknown>): Promise<StoreError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StoreError);
  const printed = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error)].join();
  for (const canary of CANARIES) {
    expect(printed).not.toContain(canary);
    expect(printed).not.toContain(Buffer.from(canary).toString('base64').slice(0, 12));
  }
  return error as StoreError;
}

/** Makes one call to every part of the store fail alike. */
const CALLS: readonly { method: Method; work: (store: SessionStore) => Promise<unknown> }[] = [
  { method: 'getSecret', work: (on) => on.load(SANDBOX) },
  {
    method: 'updateSecret',
    work: async (on) => on.replace(SANDBOX, (await store.load(SANDBOX)).tag, NEW_RECORD),
  },
  { method: 'addSecretVersion', work: (on) => on.addToken(aToken()) },
  { method: 'accessSecretVersion', work: (on) => on.readToken(SANDBOX, 1) },
  { method: 'listSecretVersions', work: (on) => on.listVersions(SANDBOX) },
  { method: 'destroySecretVersion', work: (on) => on.destroyVersion(SANDBOX, 1) },
];
const REPEATED = CALLS.filter(({ method }) => method !== 'addSecretVersion');

describe('a failing Secret Manager', () => {
  it.each(CALLS)('that is unreachable is named in the error of $method', async ({ work }) => {
    const closed = server.store({ endpoint: 'http://127.0.0.1:9' });
    const error = await failureOf(work(closed));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(error.message).toContain(`"${SECRET}"`);
    expect(inspect(error.cause)).toContain('ECONNREFUSED');
  });

  const PASSING: readonly SecretManagerFault[] = [
    { down: true },
    { status: 503 },
    { status: 500 },
    { status: 429 },
    { status: 504 },
    { malformed: true },
    { page: true },
  ];
  it.each(PASSING)(
    'for two calls is waited out by everything that may be repeated: %o',
    async (fault) => {
      const version = await store.addToken(aToken());
      const { tag } = await store.load(SANDBOX);
      for (const { method, work } of [
        { method: 'accessSecretVersion', work: () => store.readToken(SANDBOX, version) },
        { method: 'updateSecret', work: () => store.replace(SANDBOX, tag, anActiveRecord()) },
        { method: 'getSecret', work: () => store.load(SANDBOX) },
        { method: 'listSecretVersions', work: () => store.listVersions(SANDBOX) },
      ] as const) {
        server.standIn.setFault({ ...fault, method, times: 2 });
        await expect(work()).resolves.toBeDefined();
      }
      expect((await store.load(SANDBOX)).record).toEqual(anActiveRecord());
    },
  );

  it.each(REPEATED)(
    'for good is given up after four tries of $method',
    async ({ method, work }) => {
      server.standIn.setFault({ status: 503, method });
      const error = await failureOf(work(store));
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      expect(error.message).toContain(`"${method}"`);
      expect(server.standIn.calls()[method]).toBe(4);
    },
  );

  it('is tried with growing pauses, longer ones when its quota is spent', async () => {
    const pauses: number[] = [];
    const patient = server.store({
      wait: async (ms) => void pauses.push(ms),
      random: (size) => new Uint8Array(size).fill(255),
    });
    server.standIn.setFault({ status: 503, times: 3 });
    await patient.load(SANDBOX);
    server.moment.now += 60_000;
    server.standIn.setFault({ status: 429, times: 2 });
    await patient.load(SANDBOX);
    expect(pauses).toEqual([300, 600, 1200, 900, 1800]);
  });

  it('that has no quota left says so', async () => {
    server.standIn.setFault({ status: 429 });
    const error = await failureOf(store.load(SANDBOX));
    expect(error.message).toContain('quota');
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
  });

  it('that refuses the third write of a second gets it a second later', async () => {
    server.standIn.setQuotas(true);
    let { tag } = await store.load(SANDBOX);
    for (let generation = 1; generation <= 5; generation += 1) {
      const replaced = await store.replace(SANDBOX, tag, anActiveRecord({ generation }));
      if (!replaced.ok) throw new Error('a refused write is no conflict');
      tag = replaced.tag;
    }
    expect((await store.load(SANDBOX)).record.generation).toBe(5);
    expect(server.calls.some(({ status }) => status === 429)).toBe(true);
  });

  it('that hangs is left after our deadline, and the next try may be quicker', async () => {
    const hasty = server.store({ timeouts: { attemptMs: 60 } });
    await hasty.load(SANDBOX).catch(() => {});
    const connections = await server.connections();
    server.standIn.setFault({ slowMs: 30_000, times: 1 });
    const startedAt = performance.now();
    await expect(hasty.load(SANDBOX)).resolves.toBeDefined();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    // The connection of the call that hung is closed, not left to pile up.
    await expect.poll(() => server.connections()).toBe(connections);
  });

  it('that hangs for good is given up in time, not after all tries', async () => {
    server.standIn.setFault({ slowMs: 30_000 });
    let now = 0;
    const hasty = server.store({
      timeouts: { attemptMs: 60, startWithinMs: 5_000 },
      clock: () => (now += 1_600),
    });
    const error = await failureOf(hasty.load(SANDBOX));
    expect(error.message).toContain('DEADLINE_EXCEEDED');
    expect(inspect(error.cause)).toContain('code: 4');
    expect(server.standIn.calls().getSecret).toBeLessThan(4);
  });

  it.each(CALLS)(
    'that denies $method is asked once, and the error names what to grant',
    async ({ method, work }) => {
      server.standIn.deny({ method });
      const error = await failureOf(work(store));
      expect(error).toMatchObject({ code: 'STORE_DENIED', retryable: false });
      expect(error.message).toContain(`"${SECRET}"`);
      expect(error.message).toMatch(/grant "secretmanager\.(secrets|versions)\.\w+"/);
      expect(server.standIn.calls()[method]).toBe(1);
    },
  );

  it('behind a proxy that has no such page is not taken for a missing version or secret', async () => {
    await store.addToken(aToken());
    server.standIn.setFault({ page: true });
    expect(await failureOf(store.readToken(SANDBOX, 1))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(await failureOf(store.load(SANDBOX))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is spoken to again after it has closed the connections of a frozen instance', async () => {
    await store.load(SANDBOX);
    server.dropConnections();
    await expect(store.load(SANDBOX)).resolves.toBeDefined();
  });

  it('says in the log which call was repeated, and nothing of what it brought', async () => {
    await store.addToken(aToken());
    server.standIn.setFault({ status: 503, times: 1 });
    await store.readToken(SANDBOX, 1);
    expect(server.lines).toEqual([
      {
        event: 'store-call-repeated',
        fields: { method: 'accessSecretVersion', secret: SECRET, code: 14, attempts: 1 },
      },
    ]);
  });
});

describe('a payload', () => {
  it('that was damaged on its way once is read again', async () => {
    await store.addToken(aToken());
    server.standIn.setFault({ corrupt: true, times: 1 });
    expect(await store.readToken(SANDBOX, 1)).toMatchObject({ status: 'found' });
    expect(server.standIn.calls().accessSecretVersion).toBe(2);
  });

  it('that stays damaged is an error that names the version', async () => {
    await store.addToken(aToken());
    server.standIn.setFault({ corrupt: true });
    const error = await failureOf(store.readToken(SANDBOX, 1));
    expect(error).toMatchObject({ code: 'STORE_RECORD_INVALID', retryable: true });
    expect(error.message).toContain(`Version 1 of secret "${SECRET}"`);
  });

  it('is sent with its checksum, which the other side confirms', async () => {
    await store.addToken(aToken());
    const answer = await server.send('GET', `/${SECRET}/versions/1`);
    expect(await answer.json()).toMatchObject({ clientSpecifiedPayloadChecksum: true });
  });
});

describe('a token whose answer was lost', () => {
  it('is not sent a second time by the store or by the client', async () => {
    server.standIn.setFault({ dropAnswer: true, times: 1 });
    const error = await failureOf(store.addToken(aToken()));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(server.standIn.calls().addSecretVersion).toBe(1);
  });

  it('gets another number when it is added again, and readers see one token', async () => {
    server.standIn.setFault({ dropAnswer: true, times: 1 });
    await failureOf(store.addToken(aToken()));
    expect(await store.addToken(aToken())).toBe(2);
    expect((await readNewestToken(store, SANDBOX, 2))?.version).toBe(2);
  });
});

describe('a record whose answer was lost', () => {
  it.each([
    { what: 'once', fault: { dropAnswer: true, times: 1 } },
    { what: 'every time', fault: { dropAnswer: true } },
    { what: 'and answered as a failure afterwards', fault: { malformed: true, times: 1 } },
  ] as const)('is found to be stored: $what', async ({ fault }) => {
    const { tag } = await store.load(SANDBOX);
    server.standIn.setFault({ ...fault, method: 'updateSecret' });
    const replaced = await store.replace(SANDBOX, tag, anActiveRecord());
    expect(replaced).toMatchObject({ ok: true });
    server.standIn.setFault(null);
    expect(await store.load(SANDBOX)).toEqual({
      record: anActiveRecord(),
      tag: replaced.ok ? replaced.tag : '',
    });
  });

  it('by our deadline is found to be stored', async () => {
    const hasty = server.store({ timeouts: { attemptMs: 150 } });
    const { tag } = await store.load(SANDBOX);
    await hasty.load(SANDBOX).catch(() => {});
    server.standIn.setFault({ answerAfterMs: 2_000, method: 'updateSecret', times: 1 });
    const replaced = await hasty.replace(SANDBOX, tag, anActiveRecord());
    expect(replaced).toMatchObject({ ok: true });
    expect(server.standIn.calls().updateSecret).toBe(2);
  });

  it('is a conflict when somebody else has written since', async () => {
    const { tag } = await store.load(SANDBOX);
    const other = server.store();
    server.standIn.setFault({ dropAnswer: true, method: 'updateSecret', times: 1 });
    const eager = server.store({
      wait: async () => {
        const seen = await other.load(SANDBOX);
        await other.replace(SANDBOX, seen.tag, anActiveRecord({ generation: 99 }));
      },
    });
    expect(await eager.replace(SANDBOX, tag, anActiveRecord())).toEqual({
      ok: false,
      reason: 'conflict',
    });
    expect((await eager.load(SANDBOX)).record.generation).toBe(99);
  });

  it('is not called stored while only its old state can be seen', async () => {
    server.moment.now += HOUR_MS;
    server.standIn.setLag(HOUR_MS / 2);
    const { tag } = await store.load(SANDBOX);
    server.standIn.setFault({ dropAnswer: true, method: 'updateSecret', times: 1 });
    const error = await failureOf(store.replace(SANDBOX, tag, anActiveRecord()));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
  });

  it('never becomes two writes: the repeated one does not pass', async () => {
    const { tag } = await store.load(SANDBOX);
    server.standIn.setFault({ dropAnswer: true, method: 'updateSecret', times: 1 });
    await store.replace(SANDBOX, tag, anActiveRecord());
    const taken = server.calls.filter(({ method }) => method === 'updateSecret');
    expect(taken.map(({ status }) => status)).toEqual([0, 400]);
  });
});

describe('what a person does to the secrets', () => {
  it('an annotation of their own stays as it is', async () => {
    const changed = { annotations: { owner: 'Ève', 'on-call': 'yes' } };
    await server.send('PATCH', `/${SECRET}?updateMask=annotations`, changed);
    let { tag } = await store.load(SANDBOX);
    for (const generation of [1, 2]) {
      const replaced = await store.replace(SANDBOX, tag, anActiveRecord({ generation }));
      tag = replaced.ok ? replaced.tag : '';
    }
    const answer = (await (await server.send('GET', `/${SECRET}`)).json()) as {
      annotations: Record<string, string>;
    };
    expect(answer.annotations).toMatchObject(changed.annotations);
    expect(Object.keys(answer.annotations).sort()).toEqual(['on-call', 'owner', 'record']);
  });

  it('an annotation added between reading and writing is a conflict, not overwritten', async () => {
    const { tag } = await store.load(SANDBOX);
    const changed = { annotations: { owner: 'me' } };
    await server.send('PATCH', `/${SECRET}?updateMask=annotations`, changed);
    expect(await store.replace(SANDBOX, tag, NEW_RECORD)).toMatchObject({ reason: 'conflict' });
  });

  it.each([0, 1, 4_000, 15_000])(
    'a record of 500 workers fits beside %i bytes of somebody else',
    async (bytes) => {
      if (bytes > 0) {
        const changed = { annotations: { notes: 'n'.repeat(bytes) } };
        await server.send('PATCH', `/${SECRET}?updateMask=annotations`, changed);
      }
      const workers = Object.fromEntries(
        Array.from({ length: 500 }, (_, index) => [
          `worker-${index}`,
          { generation: 7, lastUsedAt: ny('09:00'), at: ny('09:00') + index, stopped: false },
        ]),
      );
      const { tag } = await store.load(SANDBOX);
      const record = anActiveRecord({ workers });
      expect(await store.replace(SANDBOX, tag, record)).toMatchObject({ ok: true });
      const kept = (await store.load(SANDBOX)).record;
      expect(kept.version).toBe(record.version);
      expect(Object.keys(kept.workers).length).toBeLessThan(500);
    },
  );

  it('annotations that leave no room are an error before anything is sent', async () => {
    const changed = { annotations: { notes: 'n'.repeat(16_300) } };
    await server.send('PATCH', `/${SECRET}?updateMask=annotations`, changed);
    const { tag } = await store.load(SANDBOX);
    const error = await failureOf(store.replace(SANDBOX, tag, anActiveRecord()));
    expect(error).toMatchObject({ code: 'STORE_RECORD_TOO_LARGE', retryable: false });
  });

  it('words in any script survive the way to an annotation and back', async () => {
    const workers = {
      'ордер-бот 🚀': { generation: 7, lastUsedAt: null, at: ny('09:00'), stopped: false },
    };
    const { tag } = await store.load(SANDBOX);
    await store.replace(SANDBOX, tag, anActiveRecord({ workers }));
    expect((await server.store().load(SANDBOX)).record.workers).toEqual(workers);
  });

  it('a version destroyed or disabled by hand is passed over', async () => {
    for (let generation = 1; generation <= 3; generation += 1) {
      await store.addToken(aToken({ generation }));
    }
    await server.send('POST', `/${SECRET}/versions/2:disable`, {});
    await server.send('POST', `/${SECRET}/versions/3:destroy`, {});
    expect(await store.readToken(SANDBOX, 2)).toEqual({ status: 'destroyed' });
    expect((await readNewestToken(store, SANDBOX, 1))?.version).toBe(1);
  });

  it('a version that is about to be destroyed counts as destroyed', async () => {
    const changed = { versionDestroyTtl: '86400s' };
    await server.send('PATCH', `/${SECRET}?updateMask=versionDestroyTtl`, changed);
    await store.addToken(aToken());
    await store.destroyVersion(SANDBOX, 1);
    expect(await store.listVersions(SANDBOX)).toMatchObject([{ version: 1, destroyed: true }]);
    expect(await store.readToken(SANDBOX, 1)).toEqual({ status: 'destroyed' });
  });

  it.each([
    { what: 'reading', work: (on: SessionStore) => on.load(SANDBOX) },
    { what: 'writing', work: (on: SessionStore) => on.replace(SANDBOX, '"etag"', NEW_RECORD) },
    { what: 'adding a token', work: (on: SessionStore) => on.addToken(aToken()) },
    { what: 'listing', work: (on: SessionStore) => on.listVersions(SANDBOX) },
  ])('a deleted secret is named with what to do: $what', async ({ work }) => {
    await server.send('DELETE', `/${SECRET}`);
    const error = await failureOf(work(store));
    expect(error).toMatchObject({ code: 'STORE_MISSING', retryable: false });
    expect(error.message).toContain(`"${SECRET}" does not exist`);
    expect(error.message).toContain('infra/gcp');
  });

  it('a deleted app secret is named as well', async () => {
    await server.send('DELETE', '/token-cadence-app');
    expect((await failureOf(store.loadService())).message).toContain('"token-cadence-app"');
  });
});

describe('metadata that lag an hour behind', () => {
  it('do not hide a token that was stored a second ago', async () => {
    const first = await store.addToken(aToken({ generation: 1 }));
    const { tag } = await store.load(SANDBOX);
    await store.replace(SANDBOX, tag, anActiveRecord({ generation: 1, version: first }));
    server.moment.now += 2 * HOUR_MS;
    server.standIn.setLag(HOUR_MS);

    const loaded = await store.load(SANDBOX);
    const version = await store.addToken(aToken({ generation: 2 }));
    const moved = anActiveRecord({ generation: 2, version });
    expect(await store.replace(SANDBOX, loaded.tag, moved)).toMatchObject({ ok: true });
    server.moment.now += 1_000;

    const reader = server.store();
    const seen = await reader.load(SANDBOX);
    expect(seen.record.version).toBe(first);
    expect((await readNewestToken(reader, SANDBOX, seen.record.version))?.version).toBe(version);
  });

  it('make another writer lose once, never overwrite, and then see what is there', async () => {
    server.moment.now += 2 * HOUR_MS;
    const { tag } = await store.load(SANDBOX);
    await store.replace(SANDBOX, tag, anActiveRecord({ generation: 2 }));
    server.standIn.setLag(HOUR_MS);
    const another = server.store();
    const stale = await another.load(SANDBOX);
    expect(stale.record).toEqual(NEW_RECORD);
    expect(await another.replace(SANDBOX, stale.tag, anActiveRecord())).toMatchObject({
      reason: 'conflict',
    });
    const { record, tag: fresh } = await another.load(SANDBOX);
    expect(record.generation).toBe(2);
    const next = anActiveRecord({ generation: 3 });
    expect(await another.replace(SANDBOX, fresh, next)).toMatchObject({ ok: true });
    server.standIn.setLag(0);
    expect((await server.store().load(SANDBOX)).record.generation).toBe(3);
  });

  it('do not make a writer forget its own last write', async () => {
    server.moment.now += 2 * HOUR_MS;
    server.standIn.setLag(HOUR_MS);
    for (const generation of [1, 2, 3]) {
      const { tag } = await store.load(SANDBOX);
      expect(await store.replace(SANDBOX, tag, anActiveRecord({ generation }))).toMatchObject({
        ok: true,
      });
    }
    expect((await store.load(SANDBOX)).record.generation).toBe(3);
    expect(server.methods().filter((method) => method === 'updateSecret')).toHaveLength(3);
  });

  it('are read through a write where an old record would decide for good, which changes nothing', async () => {
    await server.send('PATCH', '/etrade-sandbox-session?updateMask=labels', {
      labels: { owner: 'me' },
    });
    const { tag } = await store.load(SANDBOX);
    await store.replace(SANDBOX, tag, anActiveRecord({ generation: 1 }));
    server.moment.now += 2 * HOUR_MS;
    const before = await store.load(SANDBOX);
    await store.replace(SANDBOX, before.tag, anActiveRecord({ generation: 2 }));
    server.standIn.setLag(HOUR_MS);
    const another = server.store();
    expect((await another.load(SANDBOX)).record.generation).toBe(1);
    const fresh = await another.loadFresh(SANDBOX);
    expect(fresh.record).toEqual(anActiveRecord({ generation: 2 }));
    expect((await another.load(SANDBOX)).record.generation).toBe(2);
    server.standIn.setLag(0);
    const json = await (await server.send('GET', '/etrade-sandbox-session')).json();
    expect(json).toMatchObject({ labels: { owner: 'me' } });
  });

  it('let two writers on old copies both end, one after the other', async () => {
    server.moment.now += 2 * HOUR_MS;
    server.standIn.setLag(HOUR_MS);
    const systems = [server.store(), server.store()].map((each) => ({
      store: each,
      wait: async () => {},
      random: systemRandom,
    })) as unknown as readonly System[];
    for (let round = 1; round <= 4; round += 1) {
      await Promise.all(
        systems.map((system) =>
          updateSession(system, SANDBOX, (record) => ({
            next: { ...record, generation: record.generation + 1 },
          })),
        ),
      );
    }
    server.standIn.setLag(0);
    expect((await server.store().load(SANDBOX)).record.generation).toBe(8);
  });
});

/** A process of its own that has `secrets`, an access to the stand-in or to Google, and runs `script`. */
async function inProcess(
  script: string,
  env: Record<string, string>,
  options = "project: 'nowhere'",
): Promise<{ stdout: string; stderr: string }> {
  const prelude = `
    import { systemClock, systemRandom, systemWait } from './functions/clock.ts';
    import { createSecretAccess } from './functions/storage/secret-access.ts';
    const none = () => {};
    const log = { debug: none, info: none, warn: none, error: none, with: () => log };
    const parts = { clock: systemClock, wait: systemWait, random: systemRandom, log };
    const secrets = createSecretAccess({ ...parts, ${options} });
    const say = (error) => console.log(error.name, error.code, error.message);
  `;
  return promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', prelude + script],
    { env: { HOME: '/nonexistent', ...env } },
  );
}

describe('credentials', () => {
  it('that are missing are a clean error, and the process lives on', async () => {
    const { stdout } = await inProcess(
      `await secrets.get('a-session').catch(say);
       await secrets.addVersion('a-session', 'x').catch(say);
       await systemWait(50);
       console.log('alive');`,
      { METADATA_SERVER_DETECTION: 'none' },
    );
    const [first, second, last] = stdout.trim().split('\n');
    expect(first).toMatch(/^StoreError STORE_DENIED No Google credentials were found/);
    expect(second).toBe(first);
    expect(last).toBe('alive');
  });

  it.each([
    { what: 'to be found', env: {}, timeouts: '{ openMs: 300 }' },
    {
      what: 'a token',
      env: { METADATA_SERVER_DETECTION: 'assume-present' },
      timeouts: '{ attemptMs: 300 }',
    },
  ])('that hang are not waited for: $what', async ({ env, timeouts }) => {
    const hanging = createServer(() => {});
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      hanging.closeAllConnections();
      hanging.close();
    });
    const { port } = hanging.address() as AddressInfo;
    const { stdout } = await inProcess(
      `await import('@google-cloud/secret-manager');
       const startedAt = performance.now();
       await secrets.addVersion('a-session', 'x').catch(say);
       console.log(performance.now() - startedAt < 2_000 ? 'in time' : 'late');
       process.exit();`,
      { ...env, GCE_METADATA_HOST: `127.0.0.1:${port}` },
      `project: 'nowhere', timeouts: ${timeouts}`,
    );
    expect(stdout).toMatch(/^StoreError STORE_UNAVAILABLE .*DEADLINE_EXCEEDED.*\nin time\n$/);
  });
});

describe("Google's own debug log", () => {
  it('shows no payload, even when somebody has switched it on', async () => {
    const { stdout, stderr } = await inProcess(
      `await secrets.addVersion('${SECRET}', 'canary-payload');
       console.log((await secrets.readVersion('${SECRET}', 1)).text);`,
      { GOOGLE_SDK_NODE_LOGGING: 'all' },
      `project: '${PROJECT}', endpoint: '${server.url}'`,
    );
    expect(stdout.trim()).toBe('canary-payload');
    expect(stderr).not.toContain('payload');
  });
});
