import { describe, expect, it } from 'vitest';
import type { OpenSignIn } from '../../functions/brokers/broker.ts';
import { PIN_ATTEMPTS_ALLOWED, PIN_MAX_LENGTH } from '../../functions/lifecycle/limits.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import {
  type CompleteResult,
  completeSignIn,
} from '../../functions/operations/complete-sign-in.ts';
import { startSignIn } from '../../functions/operations/start-sign-in.ts';
import { Secret } from '../../functions/secret.ts';
import { ACCOUNTS, brokerFailure, FOREIGN_ACCOUNTS, TIMEOUT } from '../fixtures/fake-broker.ts';
import { MIDNIGHT, ny } from '../fixtures/records.ts';
import {
  createTestSystem,
  eventsDown,
  hashAccount,
  messengerDown,
  messengerRefuses,
  storeDenied,
  storeDown,
  type TestSystem,
} from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../fixtures/test-clock.ts';

const KEY = 'etrade-sandbox';
const CLAIM = `store.replace ${KEY}`;
const TOLD = ['store.replaceService', 'deliver signed-in', 'store.replaceService'];

/** A sign-in that is open at the broker, and the PIN the person has read. */
async function opened(world: TestSystem): Promise<{ signIn: OpenSignIn; pin: string }> {
  const started = await startSignIn(world.system, world.session());
  if (!started.ok) throw new Error('the sign-in did not start');
  const pin = world.broker().approve();
  world.steps.forget();
  return { signIn: started.signIn, pin };
}

function post(
  world: TestSystem,
  signIn: OpenSignIn | null,
  pin: string,
  exempt = false,
): Promise<CompleteResult> {
  const verifier = new Secret(pin);
  return completeSignIn(world.system, world.session(), { signIn, verifier, exempt });
}

/** A world in which somebody has signed in at 08:31, and it is a minute later. */
async function signedIn(): Promise<TestSystem> {
  const world = createTestSystem();
  expect(await world.signIn()).toMatchObject({ ok: true, generation: 1 });
  world.clock.advance(MINUTE_MS);
  return world;
}

describe('a sign-in', () => {
  it('spends the PIN once, stores, points, tells workers and people: four writes on the session', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const result = await post(world, signIn, pin);
    expect(result).toEqual({ ok: true, generation: 1, hardEndsAt: MIDNIGHT, follow: 'told' });
    expect(world.steps.effects()).toEqual([
      CLAIM,
      `broker.complete ${KEY}`,
      `broker.probe ${KEY}`,
      `store.addToken ${KEY}`,
      `store.replace ${KEY}`,
      `publish ${KEY} 1`,
      ...TOLD,
      `store.replace ${KEY}`,
    ]);
  });

  it('leaves a proven record, bound to the account, with nothing open', async () => {
    const world = await signedIn();
    expect(await world.record()).toMatchObject({
      generation: 1,
      version: 1,
      account: ACCOUNTS.map(hashAccount).sort(),
      signedInAt: ny('08:31'),
      issuedAt: ny('08:31'),
      hardEndsAt: MIDNIGHT,
      proof: 'proven',
      pending: null,
      attempts: [],
      undelivered: [],
      lastSignIn: { outcome: 'stored' },
    });
    expect(await world.store.readToken(world.session().key, 1)).toMatchObject({
      status: 'found',
      token: { generation: 1, account: ACCOUNTS.map(hashAccount).sort() },
    });
  });

  it('tells workers which version, and people once, with no word of the token', async () => {
    const world = await signedIn();
    expect(world.published).toMatchObject([
      { type: 'token-renewed', reason: 'sign-in', session: KEY, generation: 1, version: 1 },
    ]);
    expect(world.told()).toEqual(['signed-in']);
    expect(JSON.stringify([world.published, world.messages, world.logLines])).not.toMatch(/canary/);
  });

  it('gives the next sign-in the next generation and the next version', async () => {
    const world = await signedIn();
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 2 });
    expect(await world.record()).toMatchObject({ generation: 2, version: 2 });
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2]);
    expect(world.told()).toEqual(['signed-in', 'signed-in']);
  });

  it('trims what a paste brings along', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    expect(await post(world, signIn, `  ${pin}\n`)).toMatchObject({ ok: true });
    expect(world.broker().verifiers).toEqual([pin]);
  });
});

describe('a PIN that is never sent', () => {
  it.each([
    { name: 'empty', pin: '', reason: 'verifier-empty' },
    { name: 'only blanks', pin: ' \t\n', reason: 'verifier-empty' },
    {
      name: 'one character too long',
      pin: 'A'.repeat(PIN_MAX_LENGTH + 1),
      reason: 'verifier-too-long',
    },
  ])('is refused before anything is written: $name', async ({ pin, reason }) => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason });
    expect(world.steps.taken).toEqual([]);
  });

  it('may be as long as the limit', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    const result = await post(world, signIn, 'A'.repeat(PIN_MAX_LENGTH));
    expect(result).toMatchObject({ reason: 'pin-rejected' });
  });

  it('is refused when this browser has opened no sign-in', async () => {
    const world = createTestSystem();
    expect(await post(world, null, 'H92GX')).toEqual({ ok: false, reason: 'no-open-sign-in' });
    expect(world.steps.taken).toEqual([]);
  });

  it.each([
    { name: 'the last millisecond of five minutes is good', ms: 5 * MINUTE_MS - 1, ok: true },
    { name: 'five minutes are over', ms: 5 * MINUTE_MS, ok: false },
  ])('belongs to a request token older than five minutes: $name', async ({ ms, ok }) => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    world.clock.advance(ms);
    const result = await post(world, signIn, pin);
    expect(result).toMatchObject(ok ? { ok } : { ok, reason: 'sign-in-expired' });
    expect(world.steps.effects()).toHaveLength(ok ? 10 : 0);
  });
});

describe('a wrong PIN', () => {
  it('is rejected, counted, and says how many are left', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    const result = await post(world, signIn, 'WRONG');
    expect(result).toEqual({
      ok: false,
      reason: 'pin-rejected',
      attemptsLeft: PIN_ATTEMPTS_ALLOWED - 1,
    });
    expect(world.steps.effects()).toEqual([
      CLAIM,
      `broker.complete ${KEY}`,
      `store.replace ${KEY}`,
    ]);
    expect(await world.record()).toMatchObject({ generation: 0, version: null, pending: null });
    expect(world.told()).toEqual([]);
  });

  it('is sent as typed, and once more in capitals when it had lower case', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const typed = pin.toLowerCase();
    expect(await post(world, signIn, typed)).toMatchObject({ ok: true, generation: 1 });
    expect(world.broker().verifiers).toEqual([typed, pin]);
  });

  it('counts once, however it was written', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    const left = PIN_ATTEMPTS_ALLOWED - 1;
    expect(await post(world, signIn, 'wrong')).toMatchObject({ attemptsLeft: left });
    expect(world.broker().verifiers).toEqual(['wrong', 'WRONG']);
  });

  it('in capitals is not sent again', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    await post(world, signIn, 'WRONG1');
    expect(world.broker().verifiers).toEqual(['WRONG1']);
  });

  it('is not sent in capitals when the broker failed for another reason', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    world.broker().failNext('complete', TIMEOUT);
    expect(await post(world, signIn, pin.toLowerCase())).toMatchObject({ reason: 'broker' });
    expect(world.broker().calls.complete).toBe(1);
  });

  it('posted again answers the same without asking the broker', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    const first = await post(world, signIn, 'WRONG');
    expect(await post(world, signIn, 'WRONG')).toEqual(first);
    expect(world.broker().calls.complete).toBe(1);
  });
});

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
    world.broker().failNext('probe', TIMEOUT);
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
    world.broker().failNext('probe', TIMEOUT, { times: 3 });
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
    world.broker().failNext('probe', TIMEOUT);
    expect(await world.signIn()).toMatchObject({ follow: 'adopting' });
    world.clock.advance(3 * MINUTE_MS);
    await checkHealth(world.system);
    await checkHealth(world.system);
    expect(await world.record()).toMatchObject({ generation: 1, version: 1, pending: null });
    expect(await world.store.readToken(world.session().key, 2)).toEqual({ status: 'destroyed' });
    expect(world.broker().calls.revoke).toBe(1);
    expect(world.told()).toEqual(['signed-in', 'sign-in-needed foreign-account']);
  });

  it('is a wrong setting when the broker refuses the token that it has just issued', async () => {
    const world = createTestSystem();
    world.broker().failNext('probe', brokerFailure('renewable'));
    expect(await world.signIn()).toMatchObject({
      ok: false,
      reason: 'broker',
      failure: { reason: 'configuration', problem: 'token_expired' },
    });
    expect(await world.record()).toMatchObject({ generation: 0, attempts: [], pending: null });
  });
});

describe('a broker in trouble', () => {
  it.each([
    { name: 'no answer in time', failure: TIMEOUT },
    { name: 'HTTP 500', failure: brokerFailure('transient') },
    {
      name: 'a rate limit',
      failure: brokerFailure('transient', { problem: 'rate-limited', status: 429 }),
    },
    { name: 'consumer_key_rejected', failure: brokerFailure('configuration') },
    { name: 'timestamp_refused', failure: brokerFailure('clock', { skewMs: 400_000 }) },
  ])('is reported as it is, with nothing left open: $name', async ({ failure }) => {
    const world = await signedIn();
    const { signIn, pin } = await opened(world);
    world.broker().failNext('complete', failure);
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason: 'broker', failure });
    expect(world.broker().calls.complete).toBe(2);
    expect(await world.record()).toMatchObject({
      generation: 1,
      version: 1,
      pending: null,
      lastSignIn: { outcome: 'broker-failed' },
    });
    world.clock.advance(3 * MINUTE_MS);
    await checkHealth(world.system);
    expect(world.told()).toEqual(['signed-in']);
  });

  it('does not get the same PIN twice: what it did with the first is not known', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    world.broker().failNext('complete', TIMEOUT, { phase: 'after' });
    await post(world, signIn, pin);
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason: 'sign-in-expired' });
    expect(world.broker().calls.complete).toBe(1);
  });
});

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

describe('an event service that is down', () => {
  it('does not fail a sign-in: the next run delivers the event, exactly once', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', eventsDown());
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1, follow: 'queued' });
    expect(await world.record()).toMatchObject({ undelivered: [{ generation: 1, version: 1 }] });
    expect(world.told()).toEqual(['signed-in']);
    const report = await checkHealth(world.system);
    expect(report.problems).toEqual([
      `${KEY}: 1 event(s) not delivered to workers yet: the event service does not answer.`,
    ]);
    world.steps.mend();
    await checkHealth(world.system);
    await checkHealth(world.system);
    expect(world.published).toMatchObject([{ generation: 1, version: 1 }]);
    expect(world.told()).toEqual(['signed-in']);
  });

  it('gets the events of two sign-ins in order, each once', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', eventsDown());
    await world.signIn();
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    world.steps.mend();
    await checkHealth(world.system);
    await checkHealth(world.system);
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2]);
    expect((await world.record()).undelivered).toEqual([]);
  });

  it('keeps only what it has not taken', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', eventsDown());
    await world.signIn();
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    world.steps.mend();
    world.steps.fail(`publish ${KEY} 2`, eventsDown(), { times: 1 });
    await checkHealth(world.system);
    expect((await world.record()).undelivered).toMatchObject([{ generation: 2 }]);
    await checkHealth(world.system);
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2]);
  });

  it('never hears of a token before the record points at it', async () => {
    const world = createTestSystem();
    const publish = world.steps.hold('publish');
    const answer = world.signIn();
    await publish.reached;
    expect(await world.record()).toMatchObject({ generation: 1, version: 1 });
    publish.release();
    await answer;
  });
});

describe('a messenger in trouble', () => {
  it.each([
    { name: 'is down', error: messengerDown() },
    { name: 'asks for patience', error: messengerDown(5 * MINUTE_MS) },
    { name: 'refuses', error: messengerRefuses() },
  ])('never fails a sign-in: it $name', async ({ error }) => {
    const world = createTestSystem();
    world.steps.fail('deliver', error);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1, follow: 'told' });
    expect((await world.record()).undelivered).toEqual([]);
    expect(world.published).toHaveLength(1);
  });

  it('gets the success later, when it is back', async () => {
    const world = createTestSystem();
    world.steps.fail('deliver', messengerDown());
    await world.signIn();
    world.steps.mend();
    world.clock.advance(MINUTE_MS);
    await checkHealth(world.system);
    await checkHealth(world.system);
    expect(world.told()).toEqual(['signed-in']);
  });

  it('is no hindrance when even the record of messages cannot be written', async () => {
    const world = createTestSystem();
    world.steps.fail('store.replaceService', storeDown());
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1, follow: 'told' });
    expect((await world.record()).undelivered).toEqual([]);
  });
});
