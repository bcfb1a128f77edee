/** The real operations on the real client: how many remote writes they cost, and what a race leaves. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settleSession } from '../../functions/operations/settle-session.ts';
import { readNewestToken } from '../../functions/storage/session-store.ts';
import { type SecretManagerServer, startSecretManager } from '../fixtures/secret-manager.ts';
import { createTestSystem, type TestSystem } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

const SECRET = 'etrade-sandbox-session';
const WRITES = ['addSecretVersion', 'updateSecret'];

let server: SecretManagerServer;
let world: TestSystem;

beforeEach(async () => {
  server = await startSecretManager();
  world = createTestSystem({
    store: ({ clock, random }) => {
      server.follow(clock);
      return server.store({ clock, random, wait: async (ms) => world.clock.wait(ms) });
    },
  });
  await server.createSecret(SECRET);
  await server.createSecret('token-cadence-app');
});

afterEach(async () => {
  await server.close();
});

const writes = () =>
  server.calls
    .filter(({ secret, method }) => secret === SECRET && WRITES.includes(method))
    .map(({ method, status }) => `${method} ${status}`);

const enabledVersions = async () => {
  const listed = await world.store.listVersions(world.session().key);
  return listed.filter(({ destroyed }) => !destroyed).map(({ version }) => version);
};

describe('a sign-in', () => {
  it('costs four remote writes on its secret, not more', async () => {
    expect(await world.signIn()).toMatchObject({ ok: true, follow: 'told' });
    expect(writes()).toEqual([
      'updateSecret 200',
      'addSecretVersion 200',
      'updateSecret 200',
      'updateSecret 200',
    ]);
  });

  it('passes the quota of two writes a second by waiting', async () => {
    server.standIn.setQuotas(true);
    expect(await world.signIn()).toMatchObject({ ok: true });
    expect((await world.record()).generation).toBe(1);
    expect(writes().filter((write) => write.endsWith(' 200'))).toHaveLength(4);
  });

  it('is not begun when the store is not writable: the PIN stays unspent', async () => {
    server.standIn.deny({ method: 'updateSecret' });
    expect(await world.signIn()).toMatchObject({ ok: false, reason: 'store-unavailable' });
    expect(world.broker().calls.complete).toBe(0);
  });

  it('keeps its token when every answer to a write is lost', async () => {
    server.standIn.setFault({ dropAnswer: true, method: 'updateSecret' });
    expect(await world.signIn()).toMatchObject({ ok: true });
    server.standIn.setFault(null);
    expect(await world.record()).toMatchObject({ generation: 1, version: 1, pending: null });
  });

  it('adds its token again when the answer was lost, and the double goes an hour later', async () => {
    server.standIn.setFault({ dropAnswer: true, method: 'addSecretVersion', times: 1 });
    expect(await world.signIn()).toMatchObject({ ok: true });
    expect(await world.record()).toMatchObject({ version: 2 });
    expect(await enabledVersions()).toEqual([1, 2]);
    world.clock.advance(HOUR_MS + MINUTE_MS);
    await settleSession(world.system, world.session(), { prune: true });
    expect(await enabledVersions()).toEqual([2]);
  });
});

describe('two functions at once', () => {
  it('store two tokens: one is pointed at, the newest, and nothing is left over', async () => {
    const other = world.restarted();
    const results = await Promise.all([world.signIn(), other.signIn()]);
    expect(results.filter(({ ok }) => ok)).not.toHaveLength(0);
    world.clock.advance(MINUTE_MS);
    const record = await world.record();
    expect(record).toMatchObject({ pending: null, undelivered: [] });

    world.clock.advance(HOUR_MS + MINUTE_MS);
    await settleSession(world.system, world.session(), { prune: true });
    const settled = await world.record();
    expect(await enabledVersions()).toEqual([settled.version]);
    const newest = await readNewestToken(world.store, world.session().key, settled.version);
    expect(newest?.token.generation).toBe(settled.generation);
  });
});

describe('a record that somebody removed by hand', () => {
  it('is begun anew after the last token, so that workers take the next one', async () => {
    await world.signIn();
    world.clock.advance(24 * HOUR_MS);
    await world.signIn();
    await server.send('PATCH', `/${SECRET}?updateMask=annotations`, { annotations: {} });
    world.clock.advance(24 * HOUR_MS);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 3, follow: 'told' });
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2, 3]);
  });
});

describe('with metadata an hour old', () => {
  it('a worker finds the token of a sign-in that happened a minute ago', async () => {
    world.clock.advance(2 * HOUR_MS);
    await world.signIn();
    const { version } = await world.record();
    world.clock.advance(MINUTE_MS);
    server.standIn.setLag(HOUR_MS);
    // Another instance, which has written nothing itself.
    const worker = server.store();
    const seen = (await worker.load(world.session().key)).record;
    expect(seen.version).toBeNull();
    const { key } = world.session();
    expect((await readNewestToken(worker, key, seen.version))?.version).toBe(version);
  });
});
