import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { readStatus } from '../../functions/operations/read-status.ts';
import { forceKeepAlive, renewSessions } from '../../functions/operations/renew-sessions.ts';
import { brokerFailure, TIMEOUT } from '../fixtures/fake-broker.ts';
import { ny, sessionKey } from '../fixtures/records.ts';
import { Killed } from '../fixtures/steps.ts';
import { createTestSystem, messengerDown, storeDown, type TestSystem } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

const KEY = 'etrade-sandbox';
const QUARTER_MS = 15 * MINUTE_MS;

/** Signed in at 08:31; the clock stands at `time`. */
async function signedInUntil(time: string): Promise<TestSystem> {
  const world = createTestSystem();
  await world.signIn();
  world.clock.set(`2026-03-09T${time}-04:00`);
  world.steps.forget();
  return world;
}

const run = (world: TestSystem) => renewSessions(world.system, null);

async function outcomeOf(world: TestSystem) {
  const { outcomes } = await run(world);
  return outcomes[0];
}

describe('keep-alive', () => {
  it.each([
    {
      name: 'nobody has signed in',
      time: null,
      action: 'sign-in-needed',
      reason: 'never-signed-in',
    },
    { name: 'the token lasts until the next run', time: '10:00', action: 'none', reason: 'fresh' },
    {
      name: 'it would go idle before the next run',
      time: '10:15',
      action: 'probed',
      reason: 'idle-soon',
    },
    { name: 'it has gone idle', time: '10:31', action: 'renewed', reason: 'inactive' },
    {
      name: 'it is idle, ten minutes before midnight',
      time: '23:50',
      action: 'renewed',
      reason: 'inactive',
    },
  ])('does what is needed and says why: $name', async ({ time, action, reason }) => {
    const world = time === null ? createTestSystem() : await signedInUntil(time);
    expect(await outcomeOf(world)).toEqual({ session: KEY, action, reason, delivered: true });
  });

  it('asks for a sign-in after midnight, and does not call the broker', async () => {
    const world = await signedInUntil('09:00');
    world.clock.set('2026-03-10T00:00-04:00');
    expect(await outcomeOf(world)).toMatchObject({ action: 'sign-in-needed', reason: 'expired' });
    expect(world.steps.effects()).toEqual(['store.replaceService']);
  });

  it('keeps a session usable all day without ever letting it go idle', async () => {
    const world = await signedInUntil('08:45');
    while (world.clock.now() < ny('23:45')) {
      expect(await outcomeOf(world)).toMatchObject({
        action: expect.stringMatching(/^(none|probed)$/),
      });
      world.clock.advance(QUARTER_MS);
    }
    expect(world.broker().calls).toMatchObject({ renew: 0, probe: 9 });
    expect((await world.record()).counts).toEqual({
      unauthorized: 0,
      renewals: 0,
      failuresInARow: 0,
    });
  });
});

describe('an idle token', () => {
  it('is renewed, and the renewal counts once a probe has proven it', async () => {
    const world = await signedInUntil('10:41');
    await run(world);
    expect(world.steps.effects().slice(0, 2)).toEqual([
      `broker.renew ${KEY}`,
      `broker.probe ${KEY}`,
    ]);
    expect(await world.record()).toMatchObject({
      generation: 1,
      proof: 'proven',
      lastRenewedAt: ny('10:41'),
      lastSuccessAt: ny('10:41'),
      counts: { renewals: 1, unauthorized: 0 },
    });
  });

  it('that only the broker knows to be idle is found by the probe: 401, renew, probe', async () => {
    const world = await signedInUntil('10:15');
    world.broker().failNext('probe', brokerFailure('renewable'));
    expect(await outcomeOf(world)).toMatchObject({ action: 'renewed', reason: 'idle-soon' });
    expect(world.steps.effects().slice(0, 3)).toEqual([
      `broker.probe ${KEY}`,
      `broker.renew ${KEY}`,
      `broker.probe ${KEY}`,
    ]);
    expect((await world.record()).counts).toMatchObject({ unauthorized: 1, renewals: 1 });
  });

  it('is no new token: no version, no generation, no event, no message', async () => {
    const world = await signedInUntil('10:41');
    await run(world);
    expect(await world.record()).toMatchObject({ generation: 1, version: 1 });
    expect(world.published).toHaveLength(1);
    expect(world.told()).toEqual(['signed-in']);
  });

  it('stays unproven when the probe after the renewal gets no answer: unknown fails closed', async () => {
    const world = await signedInUntil('10:41');
    world.broker().failNext('probe', TIMEOUT);
    expect(await outcomeOf(world)).toMatchObject({ action: 'failed', reason: 'timeout' });
    const { sessions } = await readStatus(world.system);
    expect(sessions).toMatchObject([
      {
        state: 'unknown',
        apiValidated: false,
        coverage: { untilClose: false, limitedBy: 'unproven' },
      },
    ]);
    world.clock.advance(QUARTER_MS);
    expect(await outcomeOf(world)).toMatchObject({ action: 'probed', reason: 'unproven' });
  });
});

describe('a token that the broker refuses', () => {
  it('is not renewed twice: people are asked at once, and once', async () => {
    const world = await signedInUntil('10:41');
    world.broker().rejectTokens();
    expect(await outcomeOf(world)).toMatchObject({
      action: 'sign-in-needed',
      reason: 'token_rejected',
    });
    expect(world.told()).toEqual(['signed-in', 'sign-in-needed token-rejected']);
    for (let run = 0; run < 4; run += 1) {
      world.clock.advance(QUARTER_MS);
      expect(await outcomeOf(world)).toMatchObject({
        action: 'sign-in-needed',
        reason: 'rejected',
      });
    }
    expect(world.broker().calls.renew).toBe(1);
    expect(world.told()).toHaveLength(2);
  });

  it('asks at any hour, also in the night', async () => {
    const world = await signedInUntil('22:41');
    world.broker().rejectTokens();
    await run(world);
    expect(world.told()).toContain('sign-in-needed token-rejected');
  });

  it('asks nobody who has signed in before the message got through', async () => {
    const world = await signedInUntil('10:41');
    world.broker().rejectTokens();
    world.steps.fail('deliver', messengerDown());
    await run(world);
    world.clock.advance(QUARTER_MS);
    await world.signIn();
    world.steps.mend();
    world.clock.advance(QUARTER_MS);
    await run(world);
    expect(world.told()).toEqual(['signed-in', 'signed-in']);
  });

  it('asks again for the next token', async () => {
    const world = await signedInUntil('10:41');
    world.broker().rejectTokens();
    await run(world);
    await world.signIn();
    world.clock.advance(2 * HOUR_MS);
    world.broker().rejectTokens();
    await run(world);
    const asked = world.told().filter((kind) => kind === 'sign-in-needed token-rejected');
    expect(asked).toHaveLength(2);
  });

  it('is told by the next run when this one could not save what it had to say', async () => {
    const world = await signedInUntil('10:41');
    world.broker().rejectTokens();
    world.steps.fail('store.replaceService', storeDown());
    await run(world);
    expect((await world.record()).proof).toBe('rejected');
    expect(world.told()).toEqual(['signed-in']);
    world.steps.mend();
    await run(world);
    expect(world.told()).toEqual(['signed-in', 'sign-in-needed token-rejected']);
  });

  it('is told when two functions find it at the same moment: once', async () => {
    const world = await signedInUntil('10:45');
    world.broker().rejectTokens();
    await Promise.all([run(world), checkHealth(world.system)]);
    expect(world.told()).toEqual(['signed-in', 'sign-in-needed token-rejected']);
  });

  it('is one whose stored version is gone', async () => {
    const world = await signedInUntil('10:41');
    await world.store.destroyVersion(sessionKey(KEY), 1);
    expect(await outcomeOf(world)).toMatchObject({
      action: 'sign-in-needed',
      reason: 'token-missing',
    });
    expect(world.broker().calls.renew).toBe(0);
    expect(world.told()).toContain('sign-in-needed token-rejected');
  });
});

describe('transient failures', () => {
  const failing = brokerFailure('transient');

  /** Runs every 15 minutes with the broker down; the kinds of messages told after each run. */
  async function failedRuns(world: TestSystem, count: number): Promise<string[][]> {
    const told: string[][] = [];
    for (let n = 0; n < count; n += 1) {
      const before = world.told().length;
      await run(world);
      told.push(world.told().slice(before));
      world.clock.advance(QUARTER_MS);
    }
    return told;
  }

  it('warn at the third in a row, once, and give the all-clear once', async () => {
    const world = await signedInUntil('10:15');
    world.broker().failAll(failing);
    expect(await failedRuns(world, 6)).toEqual([[], [], ['failing transient'], [], [], []]);
    world.broker().failAll(null);
    expect(await failedRuns(world, 3)).toEqual([['recovered'], [], []]);
    expect((await world.service()).warnings).toEqual([]);
  });

  it('two in a row warn nobody, and there is no all-clear', async () => {
    const world = await signedInUntil('10:15');
    world.broker().failAll(failing);
    await failedRuns(world, 2);
    world.broker().failAll(null);
    await failedRuns(world, 2);
    expect(world.told()).toEqual(['signed-in']);
    expect((await world.service()).notices).toHaveLength(1);
    expect(world.logged()).not.toContain('notice-not-saved');
    expect((await world.record()).counts.failuresInARow).toBe(0);
  });

  it('warn again when they come again after a success', async () => {
    const world = await signedInUntil('10:15');
    for (let round = 0; round < 2; round += 1) {
      world.broker().failAll(failing);
      await failedRuns(world, 3);
      world.broker().failAll(null);
      await failedRuns(world, 1);
      world.clock.advance(HOUR_MS + 3 * QUARTER_MS);
    }
    const rounds = ['failing transient', 'recovered'];
    expect(world.told()).toEqual(['signed-in', ...rounds, ...rounds]);
  });

  it('end with the success message of a sign-in: no all-clear besides', async () => {
    const world = await signedInUntil('10:15');
    world.broker().failAll(failing);
    await failedRuns(world, 3);
    world.broker().failAll(null);
    await world.signIn();
    await failedRuns(world, 1);
    expect(world.told()).toEqual(['signed-in', 'failing transient', 'signed-in']);
  });

  it('never ask a human to sign in', async () => {
    const world = await signedInUntil('10:41');
    world.broker().failAll(failing);
    await failedRuns(world, 8);
    expect(world.told()).toEqual(['signed-in', 'failing transient']);
  });

  it('are counted in the record of keep-alive, and forgotten with the next good run', async () => {
    const world = await signedInUntil('10:15');
    world.broker().failAll(failing);
    await failedRuns(world, 2);
    expect((await world.service()).keepAlive).toMatchObject({
      lastOutcome: 'failing',
      consecutiveFailures: 2,
      lastRunAt: ny('10:30'),
    });
    world.broker().failAll(null);
    await failedRuns(world, 1);
    expect((await world.service()).keepAlive).toMatchObject({
      lastOutcome: 'ok',
      consecutiveFailures: 0,
      lastRunAt: ny('10:45'),
    });
  });
});

describe('failures that trying again does not mend', () => {
  it.each(['configuration', 'clock'] as const)(
    'warn at once, without asking for a sign-in: %s',
    async (reason) => {
      const world = await signedInUntil('10:15');
      world.broker().failAll(brokerFailure(reason));
      await run(world);
      world.clock.advance(QUARTER_MS);
      await run(world);
      expect(world.told()).toEqual(['signed-in', `failing ${reason}`]);
      expect((await world.record()).proof).toBe('proven');
      world.broker().failAll(null);
      world.clock.advance(QUARTER_MS);
      await run(world);
      expect(world.told().at(-1)).toBe('recovered');
    },
  );

  it('warn once for each reason, however they take turns, with one all-clear', async () => {
    const world = await signedInUntil('10:15');
    for (const reason of ['configuration', 'clock', 'configuration', 'clock'] as const) {
      world.broker().failAll(brokerFailure(reason));
      await run(world);
      world.clock.advance(QUARTER_MS);
    }
    world.broker().failAll(null);
    await run(world);
    expect(world.told()).toEqual([
      'signed-in',
      'failing configuration',
      'failing clock',
      'recovered',
    ]);
  });

  it('warn once when two functions find them at the same moment', async () => {
    const world = await signedInUntil('10:15');
    world.broker().failAll(brokerFailure('configuration'));
    await Promise.all([run(world), checkHealth(world.system)]);
    expect(world.told()).toEqual(['signed-in', 'failing configuration']);
  });

  it('are dropped when they have passed before the messenger was back', async () => {
    const world = await signedInUntil('10:15');
    world.steps.fail('deliver', messengerDown());
    world.broker().failAll(brokerFailure('configuration'));
    await run(world);
    world.broker().failAll(null);
    world.clock.advance(QUARTER_MS);
    await run(world);
    world.steps.mend();
    world.clock.advance(QUARTER_MS);
    await run(world);
    expect(world.told()).toEqual(['signed-in', 'recovered']);
  });
});

describe('several sessions', () => {
  const sessions = [
    { key: 'etrade-prod' },
    { key: 'etrade-prod-ira' },
    { key: KEY, required: false },
  ];

  async function allSignedIn(): Promise<TestSystem> {
    const world = createTestSystem({ sessions });
    for (const { key } of sessions) await world.signIn(key);
    world.clock.set('2026-03-09T10:41-04:00');
    return world;
  }

  it('are each looked after when one broker fails', async () => {
    const world = await allSignedIn();
    world.broker('etrade-prod-ira').failAll(TIMEOUT);
    const { outcomes, failures } = await run(world);
    expect(outcomes.map(({ session, action }) => [session, action])).toEqual([
      ['etrade-prod', 'renewed'],
      ['etrade-prod-ira', 'failed'],
      [KEY, 'renewed'],
    ]);
    expect(failures).toBe(1);
  });

  it('are each looked after when one record cannot be read', async () => {
    const world = await allSignedIn();
    world.steps.fail('store.load etrade-prod-ira', storeDown());
    const { outcomes } = await run(world);
    expect(outcomes).toMatchObject([
      { action: 'renewed' },
      { action: 'failed', reason: 'STORE_UNAVAILABLE', delivered: false },
      { action: 'renewed' },
    ]);
  });

  it('are each looked after when something unexpected breaks for one', async () => {
    const world = await allSignedIn();
    const ira = world.session('etrade-prod-ira');
    const system = {
      ...world.system,
      sessions: world.system.sessions.map((session) =>
        session === ira ? { ...ira, broker: { ...ira.broker, renew: broken } } : session,
      ),
    };
    const { outcomes } = await renewSessions(system, null);
    expect(outcomes).toMatchObject([
      { action: 'renewed' },
      { action: 'failed', reason: 'unexpected' },
      { action: 'renewed' },
    ]);
  });
});

async function broken(): Promise<never> {
  throw new TypeError('not a function');
}

describe('a worker’s call for one session', () => {
  it('renews that session alone and leaves the counters of keep-alive as they are', async () => {
    const world = createTestSystem({ sessions: [{ key: 'etrade-prod' }, { key: KEY }] });
    await world.signIn('etrade-prod');
    await world.signIn(KEY);
    world.clock.set('2026-03-09T10:41-04:00');
    const before = (await world.service()).keepAlive;
    const { outcomes } = await renewSessions(world.system, sessionKey('etrade-prod'));
    expect(outcomes).toMatchObject([{ session: 'etrade-prod', action: 'renewed' }]);
    expect(world.broker(KEY).calls.renew).toBe(0);
    expect((await world.service()).keepAlive).toEqual(before);
  });
});

describe('workers’ calls for one session', () => {
  const asked = (world: TestSystem) => renewSessions(world.system, sessionKey(KEY), 'now', true);
  const brokerCalls = (world: TestSystem) =>
    world.steps.taken.filter((step) => step.startsWith('broker.')).length;

  it('reach the broker once a minute, however many there are', async () => {
    const world = await signedInUntil('10:00');
    expect((await asked(world)).outcomes).toMatchObject([{ action: 'probed', reason: 'fresh' }]);
    const once = brokerCalls(world);
    expect(once).toBeGreaterThan(0);
    const others = await Promise.all(Array.from({ length: 5 }, () => asked(world)));
    expect(others.flatMap(({ outcomes }) => outcomes)).toEqual(
      others.map(() => ({
        session: KEY,
        action: 'none',
        reason: 'asked-a-minute-ago',
        delivered: true,
      })),
    );
    world.clock.advance(MINUTE_MS - 1);
    await asked(world);
    expect(brokerCalls(world)).toBe(once);
    world.clock.advance(1);
    expect((await asked(world)).outcomes).toMatchObject([{ action: 'probed' }]);
    expect(brokerCalls(world)).toBe(2 * once);
  });

  it('reach it once a minute also when it does not answer', async () => {
    const world = await signedInUntil('10:00');
    world.broker(KEY).failAll(TIMEOUT);
    expect((await asked(world)).outcomes).toMatchObject([{ action: 'failed' }]);
    expect((await asked(world)).outcomes).toMatchObject([{ action: 'none' }]);
  });

  it('hear at once that only a sign-in helps', async () => {
    const world = await signedInUntil('10:00');
    await asked(world);
    world.clock.set('2026-03-10T00:00-04:00');
    expect((await asked(world)).outcomes).toMatchObject([{ action: 'sign-in-needed' }]);
  });

  it('do not hold up the scheduler or a person', async () => {
    const world = await signedInUntil('10:31');
    await asked(world);
    expect(await forceKeepAlive(world.system)).toMatchObject({
      ok: true,
      report: { outcomes: [{ action: 'probed' }] },
    });
  });
});

describe('"renew now"', () => {
  it('makes a call with a token that would not need one, once a minute', async () => {
    const world = await signedInUntil('09:00');
    expect(await forceKeepAlive(world.system)).toMatchObject({
      ok: true,
      report: { failures: 0, outcomes: [{ action: 'probed', reason: 'fresh' }] },
    });
    world.clock.advance(MINUTE_MS - 1);
    expect(await forceKeepAlive(world.system)).toEqual({
      ok: false,
      reason: 'too-soon',
      retryAt: ny('09:01'),
    });
    world.clock.advance(1);
    expect(await forceKeepAlive(world.system)).toMatchObject({ ok: true });
    expect(world.broker().calls.probe).toBe(3);
  });

  it('acts once when two people press it at once', async () => {
    const world = await signedInUntil('09:00');
    const results = await Promise.all([forceKeepAlive(world.system), forceKeepAlive(world.system)]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false]);
  });

  it('does nothing for a session that only a sign-in helps', async () => {
    const world = createTestSystem();
    expect(await forceKeepAlive(world.system)).toMatchObject({
      ok: true,
      report: { outcomes: [{ action: 'sign-in-needed' }] },
    });
    expect(world.broker().calls.probe).toBe(0);
  });
});

describe('a run that is killed', () => {
  it('leaves the events of a sign-in to the next run, which tells workers before it asks the broker', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', new Killed());
    await expect(world.signIn()).rejects.toThrow(Killed);
    const next = world.restarted();
    next.clock.set('2026-03-09T10:41-04:00');
    await run(next);
    const effects = next.steps.effects();
    expect(effects.indexOf(`publish ${KEY} 1`)).toBeLessThan(
      effects.indexOf(`broker.renew ${KEY}`),
    );
    expect(next.told()).toEqual(['signed-in']);
  });
});
