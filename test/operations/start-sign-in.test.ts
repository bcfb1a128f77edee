import { describe, expect, it } from 'vitest';
import { startSignIn } from '../../functions/operations/start-sign-in.ts';
import { brokerFailure, TIMEOUT } from '../fixtures/fake-broker.ts';
import { createTestSystem, storeDown } from '../fixtures/system.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';

const KEY = 'etrade-sandbox';

describe('opening a sign-in', () => {
  it('gives the broker’s address and what the browser must remember, and writes nothing', async () => {
    const world = createTestSystem();
    const started = await startSignIn(world.system, world.session());
    expect(started).toMatchObject({
      ok: true,
      authorizeUrl: expect.stringMatching(/^https:\/\/us\.etrade\.com\//),
      signIn: { startedAt: world.clock.now(), expiresAt: world.clock.now() + 5 * MINUTE_MS },
    });
    expect(world.steps.taken).toEqual([`store.load ${KEY}`, `broker.begin ${KEY}`]);
  });

  it.each([
    { name: 'a timeout', failure: TIMEOUT },
    { name: 'a refused consumer key', failure: brokerFailure('configuration') },
    { name: 'a refused timestamp', failure: brokerFailure('clock') },
  ])('says what the broker said: $name', async ({ failure }) => {
    const world = createTestSystem();
    world.broker().failNext('begin', failure);
    const started = await startSignIn(world.system, world.session());
    expect(started).toEqual({ ok: false, reason: 'broker', failure });
    expect(world.logged()).toEqual(['sign-in-not-started']);
  });

  it('logs neither request token nor address', async () => {
    const world = createTestSystem();
    await startSignIn(world.system, world.session());
    expect(world.logged()).toEqual(['sign-in-started']);
    expect(world.logLines.join()).not.toMatch(/canary|us\.etrade\.com/);
  });

  it('is a failure when the record cannot be read: nobody knows how many PINs were wrong', async () => {
    const world = createTestSystem();
    world.steps.fail('store.load', storeDown());
    await expect(startSignIn(world.system, world.session())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(world.broker().calls.begin).toBe(0);
  });
});
