import { describe, expect, it } from 'vitest';
import { deliverEvents } from '../../functions/operations/deliver-events.ts';
import { sendAlerts } from '../../functions/operations/send-alerts.ts';
import { createTestSystem, eventsDown, storeDown, type TestSystem } from '../fixtures/system.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';

const KEY = 'etrade-sandbox';

/** Two sign-ins that nobody could tell workers of. */
async function undelivered(): Promise<TestSystem> {
  const world = createTestSystem();
  world.steps.fail('publish', eventsDown());
  await world.signIn();
  world.clock.advance(MINUTE_MS);
  await world.signIn();
  world.steps.mend();
  world.steps.forget();
  return world;
}

const deliver = (world: TestSystem) => deliverEvents(world.system, world.session());

describe('saved events', () => {
  it('are published in order and cleared by one write', async () => {
    const world = await undelivered();
    expect(await deliver(world)).toEqual({ delivered: true, problem: null });
    expect(world.steps.effects()).toEqual([
      `publish ${KEY} 1`,
      `publish ${KEY} 2`,
      `store.replace ${KEY}`,
    ]);
    expect((await world.record()).undelivered).toEqual([]);
  });

  it('need nothing when there are none', async () => {
    const world = createTestSystem();
    expect(await deliver(world)).toEqual({ delivered: true, problem: null });
    expect(world.steps.taken).toEqual([`store.load ${KEY}`]);
  });

  it('that the service does not take stay saved, those before them do not', async () => {
    const world = await undelivered();
    world.steps.fail(`publish ${KEY} 2`, eventsDown());
    expect(await deliver(world)).toEqual({
      delivered: false,
      problem: 'The event service does not answer',
    });
    expect((await world.record()).undelivered).toMatchObject([{ generation: 2 }]);
  });

  it('are published again when the mark could not be saved: at least once', async () => {
    const world = await undelivered();
    world.steps.fail(`store.replace ${KEY}`, storeDown(), { times: 1 });
    expect(await deliver(world)).toMatchObject({ delivered: false });
    await deliver(world);
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2, 1, 2]);
    expect((await world.record()).undelivered).toEqual([]);
  });

  it('of a sign-in stay saved until its message is saved, too: the next run tells people', async () => {
    const world = createTestSystem();
    world.steps.fail('store.replaceService', storeDown());
    expect(await world.signIn()).toMatchObject({ ok: true, follow: 'queued' });
    expect(await deliver(world)).toEqual({
      delivered: false,
      problem: 'The success message could not be saved',
    });
    expect((await world.record()).undelivered).toMatchObject([{ generation: 1 }]);
    world.steps.mend();
    expect(await deliver(world)).toEqual({ delivered: true, problem: null });
    expect(world.told()).toEqual(['signed-in']);
    expect((await world.record()).undelivered).toEqual([]);
  });

  it('of a sign-in leave one line with the minutes since people were asked', async () => {
    const world = createTestSystem();
    await sendAlerts(world.system);
    world.clock.advance(12.5 * MINUTE_MS);
    await world.signIn();
    await deliver(world);
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    const lines = world.logLines.filter((line) => line.includes('"event":"signed-in"'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        fields: { minutesSinceAsked: 12.5 },
        'logging.googleapis.com/labels': { session: KEY },
      },
      { fields: { minutesSinceAsked: null } },
    ]);
  });

  it('of a newer sign-in are not cleared with the older ones', async () => {
    const world = await undelivered();
    const publish = world.steps.hold(`publish ${KEY} 2`);
    const delivering = deliver(world);
    await publish.reached;
    world.clock.advance(MINUTE_MS);
    const { key } = world.session();
    const { record, tag } = await world.store.load(key);
    const [event] = record.undelivered;
    if (event === undefined) throw new Error('nothing waits');
    const third = { ...event, generation: 3, version: 3 };
    await world.store.replace(key, tag, { ...record, undelivered: [...record.undelivered, third] });
    publish.release();
    await delivering;
    expect((await world.record()).undelivered).toMatchObject([{ generation: 3 }]);
  });
});
