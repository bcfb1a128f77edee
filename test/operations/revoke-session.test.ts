import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { completeSignIn } from '../../functions/operations/complete-sign-in.ts';
import { revokeSession } from '../../functions/operations/revoke-session.ts';
import { Secret } from '../../functions/secret.ts';
import { brokerFailure, TIMEOUT } from '../fixtures/fake-broker.ts';
import { MIDNIGHT } from '../fixtures/records.ts';
import { opened, signedIn } from '../fixtures/sign-in.ts';
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

  it.each(['broker.complete', 'broker.probe', 'store.addToken', 'store.replace'])(
    'leaves a sign-in alone that begins meanwhile, wherever that is (%s)',
    async (step) => {
      const world = await signedIn();
      const revoking = world.steps.hold('broker.revoke');
      const signingOut = signOut(world);
      await revoking.reached;
      const other = world.restarted();
      const { signIn, pin } = await opened(other);
      const held = other.steps.hold(step);
      world.clock.advance(MINUTE_MS);
      const answer = { signIn, verifier: new Secret(pin) };
      const signingIn = completeSignIn(other.system, other.session(), answer);
      await held.reached;
      revoking.release();
      const result = await signingOut;
      held.release();
      expect(await signingIn).toMatchObject({ ok: true, generation: 2 });
      // Nothing was claimed yet at the last of the steps: that sign-out was first, and went through.
      expect(result.ok).toBe(step === 'store.replace');
      const record = await world.record();
      expect(record).toMatchObject({ generation: 2, undelivered: [] });
      const read = await world.store.readToken(world.session().key, record.version ?? 0);
      expect(read).toMatchObject({ status: 'found', token: { generation: 2 } });
    },
  );

  it('leaves a sign-in alone that has ended meanwhile', async () => {
    const world = await signedIn();
    const revoking = world.steps.hold('broker.revoke');
    const signingOut = signOut(world);
    await revoking.reached;
    world.clock.advance(MINUTE_MS);
    expect(await world.restarted().signIn()).toMatchObject({ ok: true, generation: 2 });
    revoking.release();
    expect(await signingOut).toEqual({ ok: false, reason: 'in-progress' });
    const record = await world.record();
    const read = await world.store.readToken(world.session().key, record.version ?? 0);
    expect(read).toMatchObject({ status: 'found', token: { generation: 2 } });
  });

  it('is no refusal by the broker that people are asked about', async () => {
    const world = await signedIn();
    world.clock.advance(HOUR_MS);
    const probing = world.steps.hold('broker.probe');
    const checking = checkHealth(world.system);
    await probing.reached;
    await signOut(world.restarted());
    probing.release();
    await checking;
    expect(world.told()).not.toContain('sign-in-needed token-rejected');
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
