import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { revokeSession } from '../../functions/operations/revoke-session.ts';
import { brokerFailure, TIMEOUT } from '../fixtures/fake-broker.ts';
import { MIDNIGHT } from '../fixtures/records.ts';
import { signedIn } from '../fixtures/sign-in.ts';
import { createTestSystem, eventsDown, type TestSystem } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

const KEY = 'etrade-sandbox';

const signOut = (world: TestSystem) => revokeSession(world.system, world.session());

async function liveVersions(world: TestSystem): Promise<number> {
  const versions = await world.store.listVersions(world.session().key);
  return versions.filter(({ destroyed }) => !destroyed).length;
}

describe('signing out', () => {
  it('revokes at the broker, forgets, then destroys', async () => {
    const world = await signedIn();
    expect(await signOut(world)).toEqual({ ok: true, revokedAtBroker: true });
    expect(world.steps.effects()).toEqual([
      `broker.revoke ${KEY}`,
      `store.replace ${KEY}`,
      `store.destroyVersion ${KEY} 1`,
    ]);
    expect(await world.record()).toMatchObject({ generation: 1, version: null, hardEndsAt: null });
    expect(world.broker().liveTokens()).toBe(0);
  });

  it('keeps the bound account, and the next sign-in gets the next generation', async () => {
    const world = await signedIn();
    const { account } = await world.record();
    await signOut(world);
    expect((await world.record()).account).toEqual(account);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 2 });
    expect(await world.record()).toMatchObject({ version: 2 });
  });

  it.each(['sign-in-needed', 'renewable'] as const)(
    'is no less done when the broker no longer knows the token (%s)',
    async (reason) => {
      const world = await signedIn();
      world.broker().failNext('revoke', brokerFailure(reason));
      expect(await signOut(world)).toEqual({ ok: true, revokedAtBroker: false });
      expect((await world.record()).version).toBeNull();
    },
  );

  it('keeps everything when the broker cannot be reached, to be tried again', async () => {
    const world = await signedIn();
    world.broker().failNext('revoke', TIMEOUT);
    expect(await signOut(world)).toEqual({ ok: false, reason: 'broker', failure: TIMEOUT });
    expect(await world.record()).toMatchObject({ version: 1 });
    expect(await liveVersions(world)).toBe(1);
    expect(await signOut(world)).toMatchObject({ ok: true });
  });

  it('does not ask the broker about a token that has ended', async () => {
    const world = await signedIn();
    world.clock.advance(MIDNIGHT - world.clock.now());
    expect(await signOut(world)).toEqual({ ok: true, revokedAtBroker: false });
    expect(world.broker().calls.revoke).toBe(0);
  });

  it('says when there is nothing to sign out of', async () => {
    const world = createTestSystem();
    expect(await signOut(world)).toEqual({ ok: false, reason: 'no-token' });
    expect(world.steps.effects()).toEqual([]);
  });

  it('takes a token along that waits to be adopted: nothing comes back to life', async () => {
    const world = await signedIn();
    world.broker().failNext('probe', TIMEOUT, { times: 2 });
    expect(await world.signIn()).toMatchObject({ follow: 'adopting' });
    expect(await signOut(world)).toEqual({ ok: false, reason: 'in-progress' });
    world.clock.advance(3 * MINUTE_MS);
    await signOut(world);
    await checkHealth(world.system);
    expect(await world.record()).toMatchObject({ generation: 1, version: null });
    expect(world.broker().liveTokens()).toBe(0);
    expect(await liveVersions(world)).toBe(0);
  });

  it('takes superseded tokens along', async () => {
    const world = await signedIn();
    await world.signIn();
    await signOut(world);
    expect(world.broker().liveTokens()).toBe(0);
    expect(await liveVersions(world)).toBe(0);
  });

  it('takes back an event that nobody has heard of', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', eventsDown());
    await world.signIn();
    await signOut(world);
    world.steps.mend();
    await checkHealth(world.system);
    expect(world.published).toEqual([]);
  });

  it('is not undone by a later run', async () => {
    const world = await signedIn();
    await signOut(world);
    world.clock.advance(2 * HOUR_MS);
    await checkHealth(world.system);
    expect((await world.record()).version).toBeNull();
  });
});
