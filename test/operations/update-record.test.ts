import { describe, expect, it } from 'vitest';
import { CONFLICTS_ALLOWED } from '../../functions/lifecycle/limits.ts';
import type { SessionRecord } from '../../functions/lifecycle/session.ts';
import { updateSession } from '../../functions/operations/update-record.ts';
import { createTestSystem, storeDown, type TestSystem } from '../fixtures/system.ts';

const counted = (record: SessionRecord): { next: SessionRecord } => ({
  next: { ...record, attempts: [...record.attempts, record.attempts.length] },
});

const update = (world: TestSystem, change = counted) =>
  updateSession(world.system, world.session().key, change);

/** A world in which others replace the record before each of our first `times` writes. */
function contended(times: number): TestSystem {
  const world = createTestSystem();
  const { key } = world.session();
  let left = times;
  const { system } = world;
  const store = {
    ...system.store,
    replace: async (...args: Parameters<typeof system.store.replace>) => {
      if (left > 0) {
        left -= 1;
        const { record, tag } = await world.store.load(key);
        await world.store.replace(key, tag, counted(record).next);
      }
      return system.store.replace(...args);
    },
  };
  return { ...world, system: { ...system, store } };
}

describe('a change of a record', () => {
  it('is written once, and answers the record before and after', async () => {
    const world = createTestSystem();
    const updated = await update(world);
    expect(updated).toMatchObject({
      ok: true,
      before: { attempts: [] },
      record: { attempts: [0] },
    });
    expect(world.steps.effects()).toHaveLength(1);
  });

  it('that changes nothing is not written', async () => {
    const world = createTestSystem();
    await update(world, (record) => ({ next: record }));
    expect(world.steps.effects()).toEqual([]);
  });

  it('that stops answers why, and writes nothing', async () => {
    const world = createTestSystem();
    const stopped = await updateSession(world.system, world.session().key, () => ({ stop: 'no' }));
    expect(stopped).toEqual({ ok: false, stopped: 'no' });
    expect(world.steps.effects()).toEqual([]);
  });

  it.each([1, CONFLICTS_ALLOWED])(
    'after %i lost races is decided again on what others wrote',
    async (times) => {
      const world = contended(times);
      const before = world.clock.now();
      expect(await update(world)).toMatchObject({ ok: true, before: { attempts: range(times) } });
      expect((await world.record()).attempts).toEqual(range(times + 1));
      expect(world.clock.now()).toBeGreaterThan(before);
    },
  );

  it('that loses every race gives up and says so', async () => {
    const world = contended(CONFLICTS_ALLOWED + 1);
    await expect(update(world)).rejects.toMatchObject({ code: 'STORE_CONTENDED', retryable: true });
  });

  it('made by several at once is made by all', async () => {
    const world = createTestSystem();
    await Promise.all([update(world), update(world), update(world)]);
    expect((await world.record()).attempts).toEqual([0, 1, 2]);
  });

  it('fails as the store fails, without another try', async () => {
    const world = createTestSystem();
    world.steps.fail('store.replace', storeDown());
    await expect(update(world)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(world.steps.effects()).toHaveLength(1);
  });
});

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
