import { describe, expect, it } from 'vitest';
import { StoreError } from '../../functions/errors.ts';
import { settleSession } from '../../functions/operations/settle-session.ts';
import { brokerFailure, FOREIGN_ACCOUNTS, TIMEOUT } from '../fixtures/fake-broker.ts';
import { MIDNIGHT, ny } from '../fixtures/records.ts';
import { Killed } from '../fixtures/steps.ts';
import { createTestSystem, hashAccount, storeDown, type TestSystem } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';
import { aToken } from '../fixtures/tokens.ts';

const KEY = 'etrade-sandbox';

const settle = (world: TestSystem, options: { prune?: boolean } = {}) =>
  settleSession(world.system, world.session(), { prune: options.prune ?? false });

/** Somebody has signed in at 08:31; a minute later a sign-in stores its token and dies. */
async function interrupted(
  options: { account?: 'checked' | 'unchecked' } = {},
): Promise<TestSystem> {
  const world = createTestSystem();
  await world.signIn();
  world.clock.advance(MINUTE_MS);
  if (options.account === 'unchecked') world.broker().failNext('probe', TIMEOUT);
  world.steps.fail('store.addToken', new Killed(), { times: 1, phase: 'after' });
  await expect(world.signIn()).rejects.toThrow(Killed);
  return world.restarted();
}

describe('a token that was stored and never pointed at', () => {
  it('is adopted before the next PIN is spent, so that two tokens never share a generation', async () => {
    const world = await interrupted();
    world.clock.advance(3 * MINUTE_MS);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 3 });
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2, 3]);
  });

  it('is adopted, with its event', async () => {
    const world = await interrupted();
    expect(await settle(world)).toEqual({ adopted: 2, discarded: false, lost: false, pruned: [] });
    expect(await world.record()).toMatchObject({
      generation: 2,
      version: 2,
      pending: null,
      lastSignIn: { outcome: 'stored' },
      undelivered: [{ reason: 'sign-in', generation: 2, version: 2 }],
    });
  });

  it('is adopted without a broker call when its writer had checked the account', async () => {
    const world = await interrupted();
    const before = world.broker().calls.probe;
    await settle(world);
    expect(world.broker().calls.probe).toBe(before);
    expect((await world.record()).proof).toBe('unproven');
  });

  it('is adopted once the account is checked, when its writer had not', async () => {
    const world = await interrupted({ account: 'unchecked' });
    world.broker().failNext('probe', TIMEOUT);
    expect(await settle(world)).toMatchObject({ adopted: null, lost: false });
    expect(await settle(world)).toMatchObject({ adopted: 2 });
    expect((await world.record()).proof).toBe('proven');
  });

  it('is adopted once when two functions find it', async () => {
    const world = await interrupted();
    const settled = await Promise.all([settle(world), settle(world)]);
    expect(settled.filter(({ adopted }) => adopted === 2)).toHaveLength(1);
    expect((await world.record()).undelivered).toHaveLength(1);
  });

  it('is left alone past its hard end', async () => {
    const world = await interrupted();
    world.clock.advance(MIDNIGHT - world.clock.now());
    expect(await settle(world)).toMatchObject({ adopted: null });
    expect(await world.record()).toMatchObject({ generation: 1 });
  });

  it('is not taken while the broker refuses it; nothing is destroyed', async () => {
    const world = await interrupted({ account: 'unchecked' });
    world.broker().failNext('probe', brokerFailure('renewable'));
    expect(await settle(world)).toMatchObject({ adopted: null });
    const read = await world.store.readToken(world.session().key, 2);
    expect(read).toMatchObject({ status: 'found' });
  });

  it('of a foreign account is revoked, told and destroyed; the attempt is over', async () => {
    const world = await interrupted({ account: 'unchecked' });
    world.broker().failNext('probe', TIMEOUT, { times: 0 });
    await world.store.destroyVersion(world.session().key, 2);
    const foreign = aToken({ session: world.session().key, generation: 2, issuedAt: ny('08:32') });
    await world.store.addToken({ ...foreign, account: FOREIGN_ACCOUNTS.map(hashAccount) });
    world.clock.advance(3 * MINUTE_MS);
    expect(await settle(world)).toMatchObject({ adopted: null, lost: false });
    expect(await settle(world)).toMatchObject({ adopted: null, lost: false });
    expect(world.told()).toEqual(['signed-in', 'sign-in-needed foreign-account']);
    expect(await world.record()).toMatchObject({ generation: 1, pending: null });
    expect(await world.store.readToken(world.session().key, 3)).toEqual({ status: 'destroyed' });
  });

  it('is the newest of several, and the others stay behind', async () => {
    const world = createTestSystem();
    await world.signIn();
    const { key } = world.session();
    const account = (await world.record()).account;
    for (const issuedAt of [ny('08:32'), ny('08:34'), ny('08:33')]) {
      await world.store.addToken(aToken({ session: key, generation: 2, issuedAt, account }));
    }
    world.clock.set('2026-03-09T08:35-04:00');
    expect(await settle(world)).toMatchObject({ adopted: 2 });
    expect(await world.record()).toMatchObject({ version: 3, issuedAt: ny('08:34') });
  });

  it('and came second for its generation gets the next one', async () => {
    const world = createTestSystem();
    await world.signIn();
    const { key } = world.session();
    const account = (await world.record()).account;
    await world.store.addToken(
      aToken({ session: key, generation: 1, issuedAt: ny('08:34'), account }),
    );
    world.clock.set('2026-03-09T08:35-04:00');
    expect(await settle(world)).toMatchObject({ adopted: 2 });
    expect(await world.record()).toMatchObject({
      generation: 2,
      version: 3,
      issuedAt: ny('08:34'),
    });
    expect((await world.record()).undelivered).toMatchObject([{ generation: 2, version: 3 }]);
    expect(await settle(world)).toMatchObject({ adopted: null });
  });

  it('is not one that was signed out', async () => {
    const world = createTestSystem();
    await world.signIn();
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    const signedOut = { ...(await world.record()), version: null, issuedAt: null };
    const { tag } = await world.store.load(world.session().key);
    await world.store.replace(world.session().key, tag, signedOut);
    expect(await settle(world)).toMatchObject({ adopted: null });
    expect((await world.record()).version).toBeNull();
  });
});

describe('a version that does not read', () => {
  const unreadable = new StoreError('It does not read', {
    code: 'STORE_RECORD_INVALID',
    retryable: false,
  });

  it('does not keep the one behind it from being adopted', async () => {
    const world = await interrupted();
    const { key } = world.session();
    const account = (await world.record()).account;
    await world.store.addToken(
      aToken({ session: key, generation: 2, issuedAt: ny('08:33'), account }),
    );
    world.steps.fail(`store.readToken ${KEY} 2`, unreadable);
    expect(await settle(world)).toMatchObject({ adopted: 2 });
    expect((await world.record()).version).toBe(3);
    expect(world.logged()).toContain('version-unreadable');
  });

  it('is a failure when the store itself is in trouble', async () => {
    const world = await interrupted();
    world.steps.fail(`store.readToken ${KEY} 2`, storeDown());
    await expect(settle(world)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('a PIN that was spent for nothing', () => {
  /** A process that died with the PIN at the broker. */
  async function spent(): Promise<TestSystem> {
    const world = createTestSystem();
    world.steps.fail('broker.complete', new Killed(), { phase: 'after' });
    await expect(world.signIn()).rejects.toThrow(Killed);
    return world.restarted();
  }

  it.each([
    { ms: 2 * MINUTE_MS - 1, lost: false },
    { ms: 2 * MINUTE_MS, lost: true },
  ])('is given up after two minutes ($ms ms: $lost)', async ({ ms, lost }) => {
    const world = await spent();
    world.clock.advance(ms);
    expect((await settle(world)).lost).toBe(lost);
    expect(world.told()).toEqual(lost ? ['sign-in-needed pin-spent-nothing-saved'] : []);
  });

  it('is told once, whoever finds it, and does not count as a wrong PIN', async () => {
    const world = await spent();
    world.clock.advance(2 * MINUTE_MS);
    await Promise.all([settle(world), settle(world)]);
    await settle(world);
    expect(world.told()).toEqual(['sign-in-needed pin-spent-nothing-saved']);
    expect(await world.record()).toMatchObject({
      pending: null,
      attempts: [],
      lastSignIn: { outcome: 'lost' },
    });
  });

  it('is told when the run that finds it dies before writing it off: once', async () => {
    const world = await spent();
    world.clock.advance(2 * MINUTE_MS);
    world.steps.fail('store.replace etrade', new Killed());
    await expect(settle(world)).rejects.toThrow(Killed);
    const next = world.restarted();
    expect((await settle(next)).lost).toBe(true);
    expect(next.told()).toEqual(['sign-in-needed pin-spent-nothing-saved']);
  });

  it('is no news to whoever has signed in since', async () => {
    const world = await spent();
    world.clock.advance(2 * MINUTE_MS);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1 });
    expect(await settle(world)).toMatchObject({ lost: false });
    expect(world.told()).toEqual(['signed-in']);
  });
});

describe('pruning', () => {
  async function versionsOf(world: TestSystem): Promise<string> {
    const versions = await world.store.listVersions(world.session().key);
    return versions.map(({ destroyed }) => (destroyed ? 'x' : 'o')).join('');
  }

  async function twoSignIns(): Promise<TestSystem> {
    const world = createTestSystem();
    await world.signIn();
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    return world;
  }

  it.each([
    { ms: HOUR_MS - 1, left: 'oo' },
    { ms: HOUR_MS, left: 'xo' },
  ])('destroys what was superseded an hour ago, not before ($left)', async ({ ms, left }) => {
    const world = await twoSignIns();
    world.clock.advance(ms);
    await settle(world, { prune: true });
    expect(await versionsOf(world)).toBe(left);
  });

  it('never destroys the current version, however old', async () => {
    const world = createTestSystem();
    await world.signIn();
    world.clock.advance(72 * HOUR_MS);
    expect(await settle(world, { prune: true })).toMatchObject({ pruned: [] });
    expect(await versionsOf(world)).toBe('o');
  });

  it('happens only when asked for', async () => {
    const world = await twoSignIns();
    world.clock.advance(2 * HOUR_MS);
    await settle(world, { prune: false });
    expect(await versionsOf(world)).toBe('oo');
  });

  it('names what it destroyed, once', async () => {
    const world = await twoSignIns();
    world.clock.advance(HOUR_MS);
    expect((await settle(world, { prune: true })).pruned).toEqual([1]);
    expect((await settle(world, { prune: true })).pruned).toEqual([]);
  });

  it('spares a token issued later than the current one, wherever it stands', async () => {
    const world = await interrupted({ account: 'unchecked' });
    world.broker().failAll(TIMEOUT);
    world.clock.advance(2 * HOUR_MS);
    expect(await settle(world, { prune: true })).toEqual({
      adopted: null,
      discarded: false,
      lost: false,
      pruned: [],
    });
    expect(await versionsOf(world)).toBe('oo');
  });

  it('destroys an unreadable version behind the pointer, and leaves one past it', async () => {
    const world = await twoSignIns();
    const { key } = world.session();
    await world.store.addToken(aToken({ session: key, generation: 9, issuedAt: ny('08:00') }));
    const unreadable = Object.assign(storeDown(), {
      code: 'STORE_RECORD_INVALID',
      retryable: false,
    });
    world.steps.fail(`store.readToken ${KEY} 1`, unreadable);
    world.steps.fail(`store.readToken ${KEY} 3`, unreadable);
    world.clock.advance(HOUR_MS);
    await settle(world, { prune: true });
    expect(await versionsOf(world)).toBe('xoo');
  });
});
