import { describe, expect, it } from 'vitest';
import { PIN_ATTEMPTS_ALLOWED } from '../../functions/lifecycle/limits.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { startSignIn } from '../../functions/operations/start-sign-in.ts';
import { brokerFailure, TIMEOUT } from '../fixtures/fake-broker.ts';
import { MIDNIGHT } from '../fixtures/records.ts';
import { opened, post } from '../fixtures/sign-in.ts';
import { createTestSystem, storeDown, type TestSystem } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../fixtures/test-clock.ts';

const KEY = 'etrade-sandbox';

describe('ten wrong PINs in an hour', () => {
  async function wrongPins(world: TestSystem, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const { signIn } = await opened(world);
      expect(await post(world, signIn, `WRONG${n}`)).toMatchObject({
        reason: 'pin-rejected',
      });
      world.clock.advance(MINUTE_MS);
    }
  }

  it('close the door until the first of them is an hour old', async () => {
    const world = createTestSystem();
    const last = await opened(world);
    const began = world.clock.now();
    await wrongPins(world, PIN_ATTEMPTS_ALLOWED);
    const late = { ...last.signIn, expiresAt: world.clock.now() + HOUR_MS };
    const retryAt = began + HOUR_MS;
    expect(await post(world, late, last.pin)).toEqual({
      ok: false,
      reason: 'too-many-attempts',
      retryAt,
    });
    expect(world.broker().calls.complete).toBe(PIN_ATTEMPTS_ALLOWED);
    expect(await startSignIn(world.system, world.session())).toEqual({
      ok: false,
      reason: 'too-many-attempts',
      retryAt,
    });
    world.clock.advance(retryAt - world.clock.now());
    expect(await world.signIn()).toMatchObject({ ok: true });
  });

  it('do not stop the command line', async () => {
    const world = createTestSystem();
    await wrongPins(world, PIN_ATTEMPTS_ALLOWED);
    const started = await startSignIn(world.system, world.session(), { exempt: true });
    if (!started.ok) throw new Error('the command line was stopped');
    const { signIn } = started;
    const pin = world.broker().approve();
    expect(await post(world, signIn, pin)).toMatchObject({ reason: 'too-many-attempts' });
    expect(await post(world, signIn, pin, true)).toMatchObject({ ok: true, generation: 1 });
  });

  it.each([
    { name: 'a timeout', failure: TIMEOUT },
    {
      name: 'a rate limit',
      failure: brokerFailure('transient', { problem: 'rate-limited', status: 429 }),
    },
    { name: 'a refused consumer key', failure: brokerFailure('configuration') },
    { name: 'a refused timestamp', failure: brokerFailure('clock') },
  ])('are not counted by $name', async ({ failure }) => {
    const world = createTestSystem();
    for (let n = 0; n <= PIN_ATTEMPTS_ALLOWED; n += 1) {
      const { signIn, pin } = await opened(world);
      world.broker().failNext('complete', failure);
      expect(await post(world, signIn, pin)).toEqual({ ok: false, reason: 'broker', failure });
    }
    expect((await world.record()).attempts).toEqual([]);
    expect(await world.signIn()).toMatchObject({ ok: true });
  });

  it('are forgotten with a success', async () => {
    const world = createTestSystem();
    await wrongPins(world, PIN_ATTEMPTS_ALLOWED - 1);
    await world.signIn();
    const { signIn } = await opened(world);
    const left = PIN_ATTEMPTS_ALLOWED - 1;
    expect(await post(world, signIn, 'WRONG')).toMatchObject({ attemptsLeft: left });
  });
});

describe('one PIN posted twice at once', () => {
  it('is exchanged once, and both posts hear of the success', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const [first, second] = await Promise.all([post(world, signIn, pin), post(world, signIn, pin)]);
    expect(first).toEqual({ ok: true, generation: 1, hardEndsAt: MIDNIGHT, follow: 'told' });
    expect(second).toMatchObject({ ok: true, generation: 1, hardEndsAt: MIDNIGHT });
    expect(world.broker().calls.complete).toBe(1);
    expect(world.published).toHaveLength(1);
    expect(world.told()).toEqual(['signed-in']);
  });

  it('is exchanged once, and both posts hear of the rejection', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    const answers = await Promise.all([post(world, signIn, 'WRONG'), post(world, signIn, 'WRONG')]);
    const rejected = { ok: false, reason: 'pin-rejected', attemptsLeft: PIN_ATTEMPTS_ALLOWED - 1 };
    expect(answers).toEqual([rejected, rejected]);
    expect(world.broker().calls.complete).toBe(1);
  });

  it('makes the second wait no longer than a person would', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const exchange = world.steps.hold('broker.complete');
    const first = post(world, signIn, pin);
    await exchange.reached;
    const before = world.clock.now();
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason: 'in-progress' });
    expect(world.clock.now() - before).toBe(25.2 * SECOND_MS);
    exchange.release();
    expect(await first).toMatchObject({ ok: true, generation: 1 });
  });

  it('keeps the second waiting while the store does not answer', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const exchange = world.steps.hold('broker.complete');
    const first = post(world, signIn, pin);
    await exchange.reached;
    const second = post(world, signIn, pin);
    world.steps.fail(`store.load ${KEY}`, storeDown(), { times: 1 });
    exchange.release();
    // The one failed read may hit either post; neither loses the sign-in.
    expect([await first, await second]).toMatchObject([{ ok: true }, { ok: true }]);
  });
});

describe('another PIN while one is being exchanged', () => {
  it('is not sent', async () => {
    const world = createTestSystem();
    const one = await opened(world);
    const other = await opened(world);
    const answers = await Promise.all([
      post(world, one.signIn, one.pin),
      post(world, other.signIn, other.pin),
    ]);
    expect(answers).toMatchObject([
      { ok: true, generation: 1 },
      { ok: false, reason: 'in-progress' },
    ]);
    expect(world.broker().verifiers).toEqual([one.pin]);
  });

  it('may be sent two minutes later, when the first has surely died', async () => {
    const world = createTestSystem();
    const one = await opened(world);
    const first = world.steps.hold('broker.complete');
    const dying = post(world, one.signIn, one.pin);
    await first.reached;
    const other = await opened(world);
    world.clock.advance(2 * MINUTE_MS - 1);
    expect(await post(world, other.signIn, other.pin)).toMatchObject({ reason: 'in-progress' });
    world.clock.advance(1);
    expect(await post(world, other.signIn, other.pin)).toMatchObject({ ok: true, generation: 1 });
    first.release();
    await dying;
  });
});

describe('two sign-ins that overlap after all', () => {
  /** The first hangs at `step`, a second person signs in two minutes later, then the first goes on. */
  async function overlap(step: string) {
    const world = createTestSystem();
    const one = await opened(world);
    const held = world.steps.hold(step);
    const first = post(world, one.signIn, one.pin);
    await held.reached;
    world.clock.advance(2 * MINUTE_MS);
    const second = await world.signIn();
    world.clock.advance(SECOND_MS);
    held.release();
    return { world, first: await first, second };
  }

  it('give the later issued token the next generation, and it is the current one', async () => {
    const { world, first, second } = await overlap('broker.complete');
    expect(second).toMatchObject({ ok: true, generation: 1 });
    expect(first).toMatchObject({ ok: true, generation: 2 });
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2]);
    const { version, generation, issuedAt } = await world.record();
    expect({ generation, issuedAt }).toEqual({ generation: 2, issuedAt: world.clock.now() });
    const read = await world.store.readToken(world.session().key, version ?? 0);
    expect(read).toMatchObject({ token: { generation: 2, issuedAt: world.clock.now() } });
  });

  it('never move the pointer back to the token issued first', async () => {
    const { world, first, second } = await overlap('broker.probe');
    expect(second).toMatchObject({ ok: true, generation: 1 });
    expect(first).toMatchObject({ ok: true, generation: 1 });
    expect(world.published.map(({ generation }) => generation)).toEqual([1]);
    expect(world.told()).toEqual(['signed-in']);
    expect(await world.record()).toMatchObject({ generation: 1, version: 1 });
  });

  it.each(['broker.complete', 'broker.probe'])(
    'leave no orphan after an hour (%s)',
    async (step) => {
      const { world } = await overlap(step);
      world.clock.advance(HOUR_MS);
      await checkHealth(world.system);
      const { version } = await world.record();
      const versions = await world.store.listVersions(world.session().key);
      const kept = versions.filter(({ destroyed }) => !destroyed).map((info) => info.version);
      expect(kept).toEqual([version]);
    },
  );
});
