import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { opened, post } from '../fixtures/sign-in.ts';
import { createTestSystem, storeDenied, storeDown } from '../fixtures/system.ts';
import { MINUTE_MS, SECOND_MS } from '../fixtures/test-clock.ts';

const KEY = 'etrade-sandbox';
const CLAIM = `store.replace ${KEY}`;

describe('a store in trouble', () => {
  it.each([
    { name: 'does not answer', error: storeDown() },
    { name: 'refuses', error: storeDenied() },
  ])('keeps the PIN unspent when it $name before', async ({ error }) => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    world.steps.fail(CLAIM, error);
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason: 'store-unavailable' });
    expect(world.broker().calls.complete).toBe(0);
    world.steps.mend();
    expect(await post(world, signIn, pin)).toMatchObject({ ok: true, generation: 1 });
  });

  it('is tried again for as long as it may take, and the token is not lost', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    world.steps.fail('store.addToken', storeDown(), { times: 4 });
    expect(await post(world, signIn, pin)).toMatchObject({
      ok: true,
      generation: 1,
      follow: 'told',
    });
    expect(world.steps.taken.filter((step) => step.startsWith('store.addToken'))).toHaveLength(5);
    expect(world.logged().filter((event) => event === 'token-not-stored')).toHaveLength(4);
  });

  it('costs the PIN when it stays silent after: said once, within the deadline, and not a wrong PIN', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const began = world.clock.now();
    world.steps.fail('store.addToken', storeDown());
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason: 'spent-not-saved' });
    expect(world.clock.now() - began).toBeLessThanOrEqual(20 * SECOND_MS);
    expect(world.told()).toEqual(['sign-in-needed pin-spent-nothing-saved']);
    expect(await world.record()).toMatchObject({
      generation: 0,
      attempts: [],
      pending: null,
      lastSignIn: { outcome: 'store-failed' },
    });
    world.clock.advance(3 * MINUTE_MS);
    await checkHealth(world.system);
    expect(world.told()).toHaveLength(1);
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason: 'spent-not-saved' });
  });

  it('gives up at once on a refusal: waiting would change nothing', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    world.steps.fail('store.addToken', storeDenied());
    const began = world.clock.now();
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason: 'spent-not-saved' });
    expect(world.clock.now()).toBe(began);
  });

  it('is said to have lost the PIN also when it is wholly gone by then, once it is back', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const exchange = world.steps.hold('broker.complete');
    const answer = post(world, signIn, pin);
    await exchange.reached;
    world.steps.fail('store.', storeDown());
    exchange.release();
    expect(await answer).toEqual({ ok: false, reason: 'spent-not-saved' });
    expect(world.told()).toEqual([]);
    world.steps.mend();
    world.clock.advance(3 * MINUTE_MS);
    await checkHealth(world.system);
    await checkHealth(world.system);
    expect(world.told()).toEqual(['sign-in-needed pin-spent-nothing-saved']);
  });

  it('that loses its answer after adding the token keeps one current version', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    world.steps.fail('store.addToken', storeDown(), { times: 1, phase: 'after' });
    expect(await post(world, signIn, pin)).toMatchObject({ ok: true, generation: 1 });
    expect(await world.record()).toMatchObject({ generation: 1, version: 2 });
    await checkHealth(world.system);
    expect(world.published).toMatchObject([{ generation: 1, version: 2 }]);
  });

  it('that cannot move the pointer has saved the token: the next health check switches to it', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const probe = world.steps.hold('broker.probe');
    const answer = post(world, signIn, pin);
    await probe.reached;
    world.steps.fail(`store.replace ${KEY}`, storeDown());
    probe.release();
    expect(await answer).toMatchObject({ ok: true, generation: 1, follow: 'adopting' });
    expect(world.published).toEqual([]);
    world.steps.mend();
    await checkHealth(world.system);
    expect(await world.record()).toMatchObject({ generation: 1, version: 1, pending: null });
    expect(world.published).toMatchObject([{ generation: 1, version: 1 }]);
    expect(world.told()).toEqual(['signed-in']);
  });

  it('that moved the pointer and lost its answer still tells workers and people, once', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const probe = world.steps.hold('broker.probe');
    const answer = post(world, signIn, pin);
    await probe.reached;
    world.steps.fail(`store.replace ${KEY}`, storeDown(), { times: 1, phase: 'after' });
    probe.release();
    expect(await answer).toMatchObject({ ok: true, generation: 1, follow: 'adopting' });
    await checkHealth(world.system);
    expect(world.published).toMatchObject([{ generation: 1, version: 1 }]);
    expect(world.told()).toEqual(['signed-in']);
  });
});
