/**
 * The refresh of a token that may be good once: who does it, what is stored, what is left when the one who
 * does it dies, and what two, five and fifty at the same moment come to.
 */

import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { keepAlive } from '../../functions/keep-alive.ts';
import { NEW_RECORD } from '../../functions/lifecycle/session.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { renewSessions } from '../../functions/operations/renew-sessions.ts';
import { revokeSession } from '../../functions/operations/revoke-session.ts';
import type { System } from '../../functions/operations/system.ts';
import type { SessionStore } from '../../functions/storage/session-store.ts';
import { brokerFailure, TIMEOUT } from '../fixtures/fake-broker.ts';
import { createRefreshingBroker, type RefreshingBroker } from '../fixtures/refreshing-broker.ts';
import { SCHWAB, TRADESTATION } from '../fixtures/rules.ts';
import { type SecretManagerServer, startSecretManager } from '../fixtures/secret-manager.ts';
import { Killed, type Phase } from '../fixtures/steps.ts';
import { createTestSystem, eventsDown, storeDown, type TestSystem } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

const KEY = 'tradestation-sandbox';

/** Virtual milliseconds to a real one, where many contend. */
const FASTER = 10;

const WHEN_ROTATING = {
  ...TRADESTATION,
  hardEnd: { kind: 'age-when-rotating', ms: 24 * HOUR_MS },
} as const;

type World = { readonly world: TestSystem; readonly broker: RefreshingBroker };

/** Signed in at 08:31; at 08:46 the token would not last until the next run. */
async function signedIn(
  options: Partial<Parameters<typeof createRefreshingBroker>[0]> = {},
): Promise<World> {
  let broker: RefreshingBroker | null = null;
  const world = createTestSystem({
    sessions: [{ key: KEY }],
    brokers: {
      broker: (_key, { clock }) => {
        broker = createRefreshingBroker({ clock, ...options });
        return broker;
      },
      approve: () => 'code-of-the-redirect',
    },
  });
  await world.signIn();
  if (broker === null) throw new Error('no broker was made');
  world.clock.advance(15 * MINUTE_MS);
  world.steps.forget();
  return { world, broker };
}

const run = (world: TestSystem) => renewSessions(world.system, null);
const actionsOf = async (world: TestSystem) =>
  (await run(world)).outcomes.map(({ action, reason }) => `${action}: ${reason}`);

describe('keep-alive refreshes', () => {
  it('stores the new token as the next generation, tells workers, and proves it', async () => {
    const { world } = await signedIn();
    const before = await world.record();
    expect((await run(world)).outcomes).toEqual([
      { session: KEY, action: 'renewed', reason: 'access-ends-soon', delivered: true },
    ]);
    const record = await world.record();
    expect(record).toMatchObject({
      generation: before.generation + 1,
      proof: 'proven',
      lease: null,
      signedInAt: before.signedInAt,
      hardEndsAt: before.hardEndsAt,
      undelivered: [],
    });
    expect(record.accessExpiresAt).toBe(world.clock.now() + 20 * MINUTE_MS);
    expect(world.published.map(({ reason, generation }) => `${reason} ${generation}`)).toEqual([
      'sign-in 1',
      'refreshed 2',
    ]);
    expect(world.told()).toEqual(['signed-in']);
  });

  it('writes four times and no more: lease, pointer, delivery, proof', async () => {
    const { world } = await signedIn();
    await run(world);
    const writes = world.steps.effects().filter((step) => step.startsWith(`store.replace ${KEY}`));
    expect(writes).toHaveLength(4);
  });

  it('goes on for a whole day, and a rotating key ends a day after the sign-in whatever was refreshed', async () => {
    const { world, broker } = await signedIn({ rotating: true, rules: WHEN_ROTATING });
    const { signedInAt } = await world.record();
    const end = (signedInAt ?? 0) + 24 * HOUR_MS;
    expect((await world.record()).hardEndsAt).toBeNull();
    while (world.clock.now() < end - 15 * MINUTE_MS) {
      expect((await run(world)).failures).toBe(0);
      expect(await world.record()).toMatchObject({ hardEndsAt: end, proof: 'proven' });
      world.clock.advance(15 * MINUTE_MS);
    }
    expect(broker.calls.renew).toBeGreaterThan(90);
    world.clock.advance(15 * MINUTE_MS);
    expect(await actionsOf(world)).toEqual(['sign-in-needed: expired']);
  });

  it('goes on without end where the refresh token does not rotate', async () => {
    const { world } = await signedIn({ rules: WHEN_ROTATING });
    for (let quarters = 0; quarters < 4 * 26; quarters += 1) {
      expect((await run(world)).failures).toBe(0);
      world.clock.advance(15 * MINUTE_MS);
    }
    expect(await world.record()).toMatchObject({ hardEndsAt: null, proof: 'proven' });
  });

  it('keeps few versions: an hour after its successor each is destroyed', async () => {
    const { world } = await signedIn({ rotating: true, rules: SCHWAB });
    for (let quarters = 0; quarters < 40; quarters += 1) {
      await run(world);
      await checkHealth(world.system);
      world.clock.advance(15 * MINUTE_MS);
    }
    const versions = await world.store.listVersions(world.session().key);
    expect(versions.length).toBeGreaterThan(15);
    expect(versions.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(6);
  });

  it('keeps few versions over a weekend, when no health-check comes', async () => {
    const { world } = await signedIn({ rotating: true, rules: SCHWAB });
    for (let quarters = 0; quarters < 4 * 24 * 2; quarters += 1) {
      await run(world);
      world.clock.advance(15 * MINUTE_MS);
    }
    const versions = await world.store.listVersions(world.session().key);
    expect(versions.length).toBeGreaterThan(150);
    expect(versions.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(9);
    expect(await world.record()).toMatchObject({ proof: 'proven' });
  });

  it('is asked by a worker whose token was refused before its time', async () => {
    const { world, broker } = await signedIn();
    await run(world);
    broker.endAccess();
    const report = await renewSessions(world.system, world.session().key, 'now');
    expect(report.outcomes[0]).toMatchObject({ action: 'renewed', delivered: true });
    expect(await world.record()).toMatchObject({ generation: 3, proof: 'proven' });
  });
});

describe('a refresh that brings nothing', () => {
  it('asks a person when the refresh token is refused', async () => {
    const { world, broker } = await signedIn();
    broker.failNextRefresh(brokerFailure('sign-in-needed', { problem: 'invalid_grant' }));
    expect(await actionsOf(world)).toEqual(['sign-in-needed: invalid_grant']);
    expect(await world.record()).toMatchObject({ proof: 'rejected', lease: null });
    expect(world.told()).toEqual(['signed-in', 'sign-in-needed token-rejected']);
  });

  it.each([
    { name: 'bad weather', failure: brokerFailure('transient') },
    { name: 'no answer', failure: TIMEOUT },
    { name: 'a wrong consumer key', failure: brokerFailure('configuration') },
  ])('gives the lease back after $name, and the next run goes on', async ({ failure }) => {
    const { world, broker } = await signedIn();
    broker.failNextRefresh(failure);
    expect(await actionsOf(world)).toEqual([`failed: ${failure.problem}`]);
    expect(await world.record()).toMatchObject({ generation: 1, lease: null });
    world.clock.advance(MINUTE_MS);
    expect(await actionsOf(world)).toEqual(['renewed: access-ends-soon']);
  });

  it('is repeated soon where the token ends before the next run, and only there', async () => {
    const post = (system: System) =>
      keepAlive(
        new Request('https://keep-alive.example/', {
          method: 'POST',
          headers: { 'x-cloudscheduler': 'true' },
        }),
        system,
      );
    const { world, broker } = await signedIn();
    broker.failNextRefresh(TIMEOUT);
    expect((await post(world.system)).status).toBe(503);
    expect((await post(world.system)).status).toBe(200);
    expect(await world.record()).toMatchObject({ generation: 2, proof: 'proven' });

    const schwab = await signedIn({ rules: SCHWAB });
    schwab.broker.failNextRefresh(TIMEOUT);
    expect((await post(schwab.world.system)).status).toBe(200);
  });

  it('spends nothing while the store is down', async () => {
    const { world, broker } = await signedIn();
    world.steps.fail('store.replace', storeDown(), { times: 99 });
    expect(await actionsOf(world)).toEqual(['failed: STORE_UNAVAILABLE']);
    expect(broker.calls.renew).toBe(0);
  });

  it('says what is lost when the store goes down after the broker has answered', async () => {
    const { world, broker } = await signedIn({ rotating: true });
    world.steps.fail('store.addToken', storeDown(), { times: 99 });
    expect(await actionsOf(world)).toEqual(['failed: refreshed-not-saved']);
    world.steps.mend();
    world.clock.advance(2 * MINUTE_MS);
    expect(await actionsOf(world)).toEqual(['sign-in-needed: invalid_grant']);
    expect(broker.calls.renew).toBe(2);
    expect(world.logged()).toContain('refresh-interrupted');
  });

  it('never replaces the token of a sign-in that came in between', async () => {
    const { world, broker } = await signedIn();
    broker.onRefresh(async () => {
      broker.onRefresh(async () => {});
      await world.signIn();
    });
    await run(world);
    const record = await world.record();
    expect(record.signedInAt).toBe(world.clock.now());
    world.clock.advance(2 * HOUR_MS);
    await checkHealth(world.system);
    expect((await world.record()).signedInAt).toBe(record.signedInAt);
  });

  it('does not bring back a session that was signed out meanwhile', async () => {
    const { world, broker } = await signedIn();
    broker.onRefresh(async () => {
      await revokeSession(world.system, world.session());
    });
    await run(world);
    await checkHealth(world.system);
    expect(await world.record()).toMatchObject({ version: null, generation: 1 });
  });

  it.each(['store.addToken', 'store.replace'])(
    'signs out whatever a refresh stores meanwhile (%s)',
    async (step) => {
      const { world } = await signedIn({ rotating: true, rules: SCHWAB });
      const other = world.restarted();
      const held = other.steps.hold('store.listVersions');
      const signingOut = revokeSession(other.system, other.session());
      await held.reached;
      const late = world.restarted();
      const writing = late.steps.hold(step);
      const refreshing = run(late);
      await writing.reached;
      const reading = other.steps.hold('store.readToken');
      held.release();
      await reading.reached;
      writing.release();
      await refreshing;
      reading.release();
      expect(await signingOut).toMatchObject({ ok: true });
      world.clock.advance(2 * HOUR_MS);
      await checkHealth(world.system);
      expect(await world.record()).toMatchObject({ version: null });
      const versions = await world.store.listVersions(world.session().key);
      expect(versions.filter(({ destroyed }) => !destroyed)).toEqual([]);
    },
  );

  it('does not ask for a sign-in while somebody makes the one that ended the old token', async () => {
    const { world } = await signedIn({ rules: SCHWAB });
    const other = world.restarted();
    const storing = other.steps.hold('store.addToken');
    const signingIn = other.signIn();
    await storing.reached;
    expect(await actionsOf(world)).toEqual(['sign-in-needed: invalid_grant']);
    expect(world.told()).toEqual(['signed-in']);
    storing.release();
    expect(await signingIn).toMatchObject({ ok: true });
    world.clock.advance(15 * MINUTE_MS);
    await run(world);
    expect(world.told()).toEqual(['signed-in', 'signed-in']);
    expect(await world.record()).toMatchObject({ proof: 'proven' });
  });

  it('asks for it in the next run when that sign-in came to nothing', async () => {
    const { world } = await signedIn({ rules: SCHWAB });
    const other = world.restarted();
    const glancing = other.steps.hold('broker.probe');
    const signingIn = other.signIn().catch(() => null);
    await glancing.reached;
    await run(world);
    other.steps.killAt(0, 'before');
    glancing.release();
    await signingIn;
    world.clock.advance(15 * MINUTE_MS);
    await run(world);
    expect(world.told()).toContain('sign-in-needed token-rejected');
  });

  it('goes on for days while the event service is away, and tells of the newest token then', async () => {
    const { world } = await signedIn({ rotating: true, rules: SCHWAB });
    world.steps.fail('publish', eventsDown());
    for (let quarters = 0; quarters < 4 * 24 * 3; quarters += 1) {
      expect((await run(world)).failures).toBe(0);
      world.clock.advance(15 * MINUTE_MS);
    }
    world.steps.mend();
    await run(world);
    const { generation, undelivered } = await world.record();
    expect(undelivered).toEqual([]);
    expect(world.published.at(-1)).toMatchObject({ reason: 'refreshed', generation });
  });

  it('says whose token it is, found out after the sign-in, with what comes of it', async () => {
    let broker: RefreshingBroker | null = null;
    const world = createTestSystem({
      sessions: [{ key: KEY }],
      brokers: {
        broker: (_key, { clock }) => {
          broker = createRefreshingBroker({ clock, rotating: true });
          return { ...broker, glance: async () => TIMEOUT };
        },
        approve: () => 'code-of-the-redirect',
      },
    });
    await world.signIn();
    await renewSessions(world.system, null);
    expect((await world.record()).account).not.toBeNull();
    world.clock.advance(15 * MINUTE_MS);
    await run(world);
    const { version, account } = await world.record();
    const read = await world.store.readToken(world.session().key, version ?? 0);
    expect(read).toMatchObject({ token: { generation: 2, account } });
  });

  it('shows no token and no code in logs, messages or events', async () => {
    const { world, broker } = await signedIn({ rotating: true });
    await run(world);
    world.clock.advance(15 * MINUTE_MS);
    broker.failNextRefresh(brokerFailure('sign-in-needed'));
    await run(world);
    const told = world.messages.map(({ html }) => html).join();
    const shown = `${world.logLines.join()}${JSON.stringify(world.published)}${told}`;
    expect(shown).not.toContain('canary');
  });
});

/** What is left when the process ends at a step, and what the next runs make of it. */
type End = 'goes on' | 'adopted' | 'sign-in';

describe('the one who refreshes dies', () => {
  const STEPS: readonly (readonly [step: string, before: End, after: End])[] = [
    [`store.replace ${KEY}`, 'goes on', 'goes on'],
    [`broker.renew ${KEY}`, 'goes on', 'sign-in'],
    [`store.addToken ${KEY}`, 'sign-in', 'adopted'],
    [`store.replace ${KEY}`, 'adopted', 'adopted'],
  ];

  const cases = STEPS.flatMap(([step, before, after], number) => [
    { step, number, phase: 'before' as Phase, end: before },
    { step, number, phase: 'after' as Phase, end: after },
  ]);

  it.each(cases)('$phase $step: $end', async ({ number, step, phase, end }) => {
    const plan = await signedIn({ rotating: true });
    await run(plan.world);
    const at = indexOfEffect(plan.world, number);
    const { world } = await signedIn({ rotating: true });
    world.steps.killAt(at, phase);
    await expect(run(world)).rejects.toThrow(Killed);
    expect(world.steps.taken.at(-1)).toBe(step);

    const next = world.restarted();
    const actions: string[] = [];
    for (let runs = 0; runs < 3; runs += 1) {
      actions.push(...(await actionsOf(next)));
      next.clock.advance(2 * MINUTE_MS);
    }
    const { proof } = await next.record();
    if (end === 'sign-in') {
      expect(actions).toContain('sign-in-needed: invalid_grant');
      expect(next.told()).toContain('sign-in-needed token-rejected');
    } else {
      expect(proof).toBe('proven');
      expect(actions.join()).not.toContain('sign-in');
      expect(next.published.at(-1)).toMatchObject({ reason: 'refreshed' });
      expect((await next.record()).undelivered).toEqual([]);
    }
  });

  it('is waited for as long as its lease lasts, and no longer', async () => {
    const plan = await signedIn();
    await run(plan.world);
    const { world: killed, broker } = await signedIn();
    killed.steps.killAt(indexOfEffect(plan.world, 1), 'before');
    await expect(run(killed)).rejects.toThrow(Killed);
    const world = killed.restarted();
    expect(await actionsOf(world)).toEqual(['none: refresh-in-progress']);
    expect(broker.calls.renew).toBe(0);
    world.clock.advance(MINUTE_MS);
    expect(await actionsOf(world)).toEqual(['renewed: access-ends-soon']);
  });
});

/** The number, among all steps, of the `number`th that acts in a refresh. */
function indexOfEffect(world: TestSystem, number: number): number {
  const acts = /^(store\.(replace|addToken) tradestation|broker\.renew)/;
  const places = world.steps.taken.flatMap((step, index) => (acts.test(step) ? [index] : []));
  return places[number] ?? -1;
}

describe('many at the same moment', () => {
  let manager: SecretManagerServer | null = null;
  afterEach(async () => {
    await manager?.close();
    manager = null;
  });

  it.each([2, 5, 50])(
    '%i contenders on two stores: one refresh reaches the broker',
    async (count) => {
      const { broker, actions, nextRefresh } = await contend(count, (store) => store);
      expect(broker.calls.renew).toBe(1);
      // Those that come a moment later find the new token and need nothing, or probe it.
      expect(actions).toContain('renewed');
      expect(actions).not.toContain('sign-in-needed');
      expect(await nextRefresh()).toBe('renewed');
    },
  );

  it('without the lease several reach it, and a rotating sign-in is dead', async () => {
    const { broker, nextRefresh } = await contend(50, withoutLease);
    expect(broker.calls.renew).toBeGreaterThan(1);
    expect(await nextRefresh()).toBe('sign-in-needed');
  });

  /** All ask at once, half of them through each store, as two instances of a function do. */
  async function contend(count: number, change: (store: SessionStore) => SessionStore) {
    manager = await startSecretManager();
    const { store } = manager;
    let broker: RefreshingBroker | null = null;
    let now = (): number => 0;
    const world = createTestSystem({
      sessions: [{ key: KEY }],
      store: () => store({ createMissing: true }),
      brokers: {
        broker: (_key, { clock }) => {
          now = clock;
          broker = createRefreshingBroker({ clock: () => now(), rotating: true });
          // It takes its time, as brokers do.
          broker.onRefresh(() => setTimeout(1_000 / FASTER));
          return broker;
        },
        approve: () => 'code-of-the-redirect',
      },
    });
    manager.follow(() => now());
    await world.signIn();
    world.clock.advance(15 * MINUTE_MS);
    // From here on ten times as fast as real time, for all of them.
    const startsAt = world.clock.now();
    const began = performance.now();
    now = () => Math.floor(startsAt + (performance.now() - began) * FASTER);
    const wait: System['wait'] = (ms) => setTimeout(ms / FASTER);
    const stores = [store({ wait }), store({ wait })].map(change);
    const contenders = Array.from({ length: count }, (_, index): System => {
      const mine = stores[index % stores.length] ?? store();
      return { ...world.system, store: mine, wait, clock: now };
    });
    const reports = await Promise.all(
      contenders.map((system) => renewSessions(system, world.session().key)),
    );
    if (broker === null) throw new Error('no broker was made');
    return {
      broker: broker as RefreshingBroker,
      actions: reports.flatMap(({ outcomes }) => outcomes.map(({ action }) => action)),
      /** What keep-alive's next run does, a quarter of an hour later. */
      nextRefresh: async () => {
        const later = now() + 15 * MINUTE_MS;
        now = () => later;
        const system = { ...world.system, store: store(), clock: now };
        return (await renewSessions(system, null)).outcomes[0]?.action;
      },
    };
  }
});

/** A store that knows of no lease, whoever takes it. */
function withoutLease(store: SessionStore): SessionStore {
  const blind: SessionStore['load'] = async (session) => {
    const { record, tag } = await store.load(session);
    return { record: { ...record, lease: NEW_RECORD.lease }, tag };
  };
  return {
    ...store,
    load: blind,
    loadFresh: blind,
  };
}
