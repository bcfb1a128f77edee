/** What happens to PINs that come too late, in the wrong case, or whose answer is lost on the way. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OpenSignIn } from '../../functions/brokers/broker.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { completeSignIn } from '../../functions/operations/complete-sign-in.ts';
import { startSignIn } from '../../functions/operations/start-sign-in.ts';
import { Secret } from '../../functions/secret.ts';
import { type EtradeHost, startEtrade } from '../fixtures/etrade-host.ts';
import { createTestSystem, type TestSystem } from '../fixtures/system.ts';
import { MINUTE_MS, SECOND_MS } from '../fixtures/test-clock.ts';

describe('a PIN', () => {
  let etrade: EtradeHost;
  let world: TestSystem;

  beforeEach(async () => {
    etrade = await startEtrade();
    world = createTestSystem({ brokers: etrade });
  });

  afterEach(() => etrade.close());

  async function tap(): Promise<{ signIn: OpenSignIn; pin: string }> {
    const started = await startSignIn(world.system, world.session());
    if (!started.ok) throw new Error('the sign-in did not start');
    return { signIn: started.signIn, pin: etrade.approve(world.session().key) };
  }

  const paste = ({ signIn, pin }: { signIn: OpenSignIn; pin: string }) =>
    completeSignIn(world.system, world.session(), { signIn, verifier: new Secret(pin) });

  const exchanges = () => etrade.stats().calls['access_token'] ?? {};

  it('five minutes late is not sent; a fresh start in one tap works', async () => {
    const late = await tap();
    world.clock.advance(5 * MINUTE_MS);
    expect(await paste(late)).toEqual({ ok: false, reason: 'sign-in-expired' });
    expect(exchanges()).toEqual({});
    expect(await paste(await tap())).toMatchObject({ ok: true, generation: 1 });
  });

  it('in the last second is in time', async () => {
    const answer = await tap();
    world.clock.advance(5 * MINUTE_MS - SECOND_MS);
    expect(await paste(answer)).toMatchObject({ ok: true });
  });

  it('too late only by the broker’s clock is rejected there, and counts as a wrong one', async () => {
    const answer = await tap();
    world.clock.advance(4 * MINUTE_MS);
    etrade.follow(() => world.clock.now() + 2 * MINUTE_MS);
    expect(await paste(answer)).toMatchObject({
      ok: false,
      reason: 'pin-rejected',
      attemptsLeft: 9,
    });
    etrade.follow(world.clock.now);
    expect(await paste(await tap())).toMatchObject({ ok: true });
  });

  it('in lower case is taken, where a wrong try does not end the request token', async () => {
    etrade.setSwitch('wrongPinBurns', false);
    const { signIn, pin } = await tap();
    expect(await paste({ signIn, pin: pin.toLowerCase() })).toMatchObject({ ok: true });
    expect(exchanges()).toEqual({ '200': 1, '401': 1 });
  });

  it('in lower case costs a fresh start where a wrong try ends the request token', async () => {
    const { signIn, pin } = await tap();
    expect(await paste({ signIn, pin: pin.toLowerCase() })).toMatchObject({
      reason: 'pin-rejected',
    });
    expect(await paste({ signIn, pin })).toMatchObject({ reason: 'pin-rejected' });
    expect(await paste(await tap())).toMatchObject({ ok: true });
  });

  it('whose answer is lost is spent: it is not sent again, and nobody is blamed', async () => {
    const answer = await tap();
    etrade.setSwitch('faultOn', 'access_token');
    etrade.setSwitch('loseAnswer', true);
    expect(await paste(answer)).toMatchObject({
      ok: false,
      reason: 'broker',
      failure: { reason: 'transient', answered: false },
    });
    expect(await paste(answer)).toMatchObject({ ok: false, reason: 'sign-in-expired' });
    expect(exchanges()).toEqual({ cut: 1 });
    expect((await world.record()).attempts).toEqual([]);
    etrade.clearSwitches();
    expect(await paste(await tap())).toMatchObject({ ok: true, generation: 1 });
  });

  it('of another person does not bind their account to the session', async () => {
    await paste(await tap());
    etrade.setSwitch('signInAs', 'other');
    expect(await paste(await tap())).toEqual({ ok: false, reason: 'foreign-account' });
    expect(etrade.stats().accessTokens).toMatchObject({ active: 1, revoked: 1 });
    const report = await checkHealth(world.system);
    expect(report.sessions).toMatchObject([{ outcome: 'proven' }]);
    expect(world.told()).toEqual(['signed-in', 'sign-in-needed foreign-account']);
  });
});
