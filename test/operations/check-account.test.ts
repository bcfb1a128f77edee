import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { readStatus } from '../../functions/operations/read-status.ts';
import { sessionsDue } from '../../functions/operations/sessions-due.ts';
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
    expect(world.told()).toEqual(['signed-in', 'signed-in', 'signed-in']);
  });

  it('leaves a trace in the status, and a message that the sign-in is saved', async () => {
    const world = await signedIn();
    world.broker().failNext('probe', TIMEOUT, { times: 2 });
    await world.signIn();
    const { sessions } = await readStatus(world.system);
    expect(sessions).toMatchObject([
      { generation: 1, state: 'active', unconfirmed: { generation: 2 }, needsSignIn: false },
    ]);
    expect(world.messages.at(-1)?.html).toContain('Saved, not confirmed by the broker yet.');
    expect(world.messages.at(-1)?.html).not.toContain('✅');
    await checkHealth(world.system);
    expect((await readStatus(world.system)).sessions).toMatchObject([
      { generation: 2, unconfirmed: null },
    ]);
    expect(world.messages.at(-1)?.html).toContain('✅ E*TRADE sandbox: Signed in. Valid until');
  });

  it('is said of a first sign-in, too, and the ✅ follows the check that proves it', async () => {
    const world = createTestSystem();
    world.broker().failNext('probe', TIMEOUT);
    await world.signIn();
    expect((await readStatus(world.system)).sessions).toMatchObject([
      { state: 'unknown', unconfirmed: { generation: 1 } },
    ]);
    expect(world.messages.map(({ html }) => html.includes('✅'))).toEqual([false]);
    await checkHealth(world.system);
    await checkHealth(world.system);
    expect(world.messages.map(({ html }) => html.includes('✅'))).toEqual([false, true]);
    expect((await readStatus(world.system)).sessions).toMatchObject([{ unconfirmed: null }]);
  });

  it('asks nobody to sign in again before its first check, and everybody after it came to nothing', async () => {
    const world = await signedIn();
    world.clock.set('2026-03-10T08:20-04:00');
    world.broker().failNext('probe', TIMEOUT, { times: 10 });
    await world.signIn();
    const isAskedFor = async () => [
      (await sessionsDue(world.system)).length,
      (await readStatus(world.system)).sessions[0]?.needsSignIn,
    ];
    expect(await isAskedFor()).toEqual([0, false]);
    world.clock.set('2026-03-10T08:35-04:00');
    expect(await isAskedFor()).toEqual([1, true]);
  });

  it('is not taken for a lost PIN, however long the broker is silent', async () => {
    const world = await signedIn();
    world.broker().failNext('probe', TIMEOUT, { times: 4 });
    await world.signIn();
    world.clock.advance(3 * MINUTE_MS);
    const report = await checkHealth(world.system);
    expect(report.sessions).toMatchObject([{ adopted: null, outcome: 'failed' }]);
    expect(world.told()).toEqual(['signed-in', 'signed-in']);
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
    expect(world.told()).toEqual(['signed-in', 'signed-in', 'sign-in-needed foreign-account']);
  });

  it('keeps the pointer where it is while its list cannot be read, and says so', async () => {
    const world = await signedIn();
    world.broker().signInAs(FOREIGN_ACCOUNTS);
    world.broker().hideAccounts(true);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 2, follow: 'adopting' });
    world.clock.advance(3 * MINUTE_MS);
    const report = await checkHealth(world.system);
    expect(report.sessions).toMatchObject([{ adopted: null }]);
    expect(await world.record()).toMatchObject({ generation: 1, version: 1, proof: 'proven' });
    expect(
      world.logged().filter((event) => event === 'account-not-checked').length,
    ).toBeGreaterThan(2);
    world.broker().hideAccounts(false);
    await checkHealth(world.system);
    expect(await world.record()).toMatchObject({ generation: 1, version: 1 });
    expect(world.messages[1]?.notice).toMatchObject({ generation: 2, proven: false });
    expect(world.told()).toEqual(['signed-in', 'signed-in', 'sign-in-needed foreign-account']);
  });

  it('binds nothing while its list cannot be read; the first that can be read does', async () => {
    const world = createTestSystem();
    world.broker().hideAccounts(true);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1, follow: 'told' });
    expect(await world.record()).toMatchObject({ proof: 'proven', account: null });
    expect(world.logged()).toContain('account-not-checked');
    world.broker().hideAccounts(false);
    await checkHealth(world.system);
    expect(await world.record()).toMatchObject({ account: ACCOUNTS.map(hashAccount).sort() });
  });

  it('is not meant by a list that is empty: nothing is said', async () => {
    const world = createTestSystem();
    world.broker().signInAs([]);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1 });
    expect(world.logged()).not.toContain('account-not-checked');
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
