import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { ACCOUNTS, brokerFailure, FOREIGN_ACCOUNTS, TIMEOUT } from '../fixtures/fake-broker.ts';
import { signedIn } from '../fixtures/sign-in.ts';
import { createTestSystem, hashAccount } from '../fixtures/system.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';

const KEY = 'etrade-sandbox';

describe('somebody else’s account', () => {
  it('is refused and revoked, said once, and the old token stays', async () => {
    const world = await signedIn();
    const before = await world.record();
    world.broker().signInAs(FOREIGN_ACCOUNTS);
    expect(await world.signIn()).toEqual({ ok: false, reason: 'foreign-account' });
    expect(world.broker().calls.revoke).toBe(1);
    expect(await world.record()).toMatchObject({
      generation: 1,
      version: 1,
      account: before.account,
      proof: 'proven',
      pending: null,
      attempts: [],
    });
    expect(await world.store.listVersions(world.session().key)).toHaveLength(1);
    expect(world.told()).toEqual(['signed-in', 'sign-in-needed foreign-account']);
    expect(world.published).toHaveLength(1);
    world.clock.advance(3 * MINUTE_MS);
    await checkHealth(world.system);
    expect(world.told()).toHaveLength(2);
  });

  it('is refused from the first sign-in on when configuration names the account', async () => {
    const world = createTestSystem({ sessions: [{ key: KEY, account: ['1234-5678'] }] });
    expect(await world.signIn()).toEqual({ ok: false, reason: 'foreign-account' });
    expect(await world.record()).toMatchObject({ generation: 0, version: null, account: null });
  });

  it('is not one that shares an account: people open and close accounts', async () => {
    const world = await signedIn();
    const bound = (await world.record()).account;
    world.broker().signInAs([...FOREIGN_ACCOUNTS, ACCOUNTS[1] ?? '']);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 2 });
    expect((await world.record()).account).toEqual(bound);
  });
});

describe('an account that the broker cannot be asked for', () => {
  it('is no hindrance to the first sign-in; the first probe binds it', async () => {
    const world = createTestSystem();
    world.broker().failNext('probe', TIMEOUT);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1, follow: 'told' });
    expect(await world.record()).toMatchObject({ proof: 'unproven', account: null });
    await checkHealth(world.system);
    expect(await world.record()).toMatchObject({
      proof: 'proven',
      account: ACCOUNTS.map(hashAccount).sort(),
    });
  });

  it('keeps the pointer where it is; the next health check compares and switches', async () => {
    const world = await signedIn();
    world.broker().failNext('probe', TIMEOUT, { times: 2 });
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 2, follow: 'adopting' });
    expect(await world.record()).toMatchObject({ generation: 1, version: 1 });
    expect(world.published).toHaveLength(1);
    await checkHealth(world.system);
    expect(await world.record()).toMatchObject({ generation: 2, version: 2, pending: null });
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2]);
    expect(world.told()).toEqual(['signed-in', 'signed-in']);
  });

  it('is not taken for a lost PIN, however long the broker is silent', async () => {
    const world = await signedIn();
    world.broker().failNext('probe', TIMEOUT, { times: 4 });
    await world.signIn();
    world.clock.advance(3 * MINUTE_MS);
    const report = await checkHealth(world.system);
    expect(report.sessions).toMatchObject([{ adopted: null, outcome: 'failed' }]);
    expect(world.told()).toEqual(['signed-in']);
    await checkHealth(world.system);
    expect(await world.record()).toMatchObject({ generation: 2 });
  });

  it('is discarded when it turns out to be foreign', async () => {
    const world = await signedIn();
    world.broker().signInAs(FOREIGN_ACCOUNTS);
    world.broker().failNext('probe', TIMEOUT, { times: 2 });
    expect(await world.signIn()).toMatchObject({ follow: 'adopting' });
    world.clock.advance(3 * MINUTE_MS);
    await checkHealth(world.system);
    await checkHealth(world.system);
    expect(await world.record()).toMatchObject({ generation: 1, version: 1, pending: null });
    expect(await world.store.readToken(world.session().key, 2)).toEqual({ status: 'destroyed' });
    expect(world.broker().calls.revoke).toBe(1);
    expect(world.told()).toEqual(['signed-in', 'sign-in-needed foreign-account']);
  });

  it('is looked at again when the broker does not know its new token at once', async () => {
    const world = createTestSystem();
    world.broker().failNext('probe', brokerFailure('sign-in-needed'));
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1 });
    expect(await world.record()).toMatchObject({ proof: 'proven' });
  });

  it('is a wrong setting when the broker refuses the token that it has just issued', async () => {
    const world = createTestSystem();
    world.broker().failNext('probe', brokerFailure('renewable'), { times: 2 });
    expect(await world.signIn()).toMatchObject({
      ok: false,
      reason: 'broker',
      failure: { reason: 'configuration', problem: 'token_expired' },
    });
    expect(await world.record()).toMatchObject({ generation: 0, attempts: [], pending: null });
  });
});
