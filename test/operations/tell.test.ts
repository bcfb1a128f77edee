import { describe, expect, it } from 'vitest';
import { NOTICE_CLAIM_MS } from '../../functions/lifecycle/limits.ts';
import { type NewNotice, tell } from '../../functions/operations/tell.ts';
import { sessionKey } from '../fixtures/records.ts';
import { Killed } from '../fixtures/steps.ts';
import {
  createTestSystem,
  messengerDown,
  messengerRefuses,
  storeDown,
  type TestSystem,
} from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

const KEY = sessionKey('etrade-sandbox');

/** Sunday: the ladder is silent. */
const quietWorld = () => createTestSystem({ startsAt: '2026-03-15T09:00-04:00' });

const about = (id: string): NewNotice => ({
  id,
  notice: { kind: 'recovered', session: KEY, after: MINUTE_MS },
});

async function deliveriesOf(world: TestSystem) {
  const { notices } = await world.service();
  return notices.map(({ id, delivery, tries }) => [id, delivery.state, tries]);
}

describe('a notice', () => {
  it('is saved and claimed before it is sent, and marked after', async () => {
    const world = quietWorld();
    const sending = world.steps.hold('deliver');
    const telling = tell(world.system, [about('a')]);
    await sending.reached;
    expect((await world.service()).notices).toMatchObject([
      { id: 'a', delivery: { state: 'sending', until: world.clock.now() + NOTICE_CLAIM_MS } },
    ]);
    sending.release();
    expect(await telling).toMatchObject({ sent: 1, waiting: 0 });
    expect(await deliveriesOf(world)).toEqual([['a', 'sent', 1]]);
  });

  it('with a known id is the same fact: it is told once', async () => {
    const world = quietWorld();
    await tell(world.system, [about('a')]);
    expect(await tell(world.system, [about('a')])).toMatchObject({ sent: 0, waiting: 0 });
    expect(world.told()).toHaveLength(1);
  });

  it('told by three at once is sent once', async () => {
    const world = quietWorld();
    const sending = world.steps.hold('deliver');
    const first = tell(world.system, [about('a')]);
    await sending.reached;
    // For the others it waits: only the sender knows what becomes of it.
    expect(await tell(world.system, [about('a')])).toMatchObject({ sent: 0, waiting: 1 });
    expect(await tell(world.system, [about('a')])).toMatchObject({ sent: 0, waiting: 1 });
    sending.release();
    expect(await first).toMatchObject({ sent: 1, waiting: 0 });
    expect(world.told()).toHaveLength(1);
  });

  it('that waits goes out with the next one, whoever tells it, oldest first', async () => {
    const world = quietWorld();
    world.steps.fail('deliver', messengerDown(), { times: 1 });
    await tell(world.system, [about('a')]);
    world.clock.advance(MINUTE_MS);
    expect(await tell(world.system, [about('b')])).toMatchObject({ sent: 2, waiting: 0 });
    expect(await deliveriesOf(world)).toEqual([
      ['a', 'sent', 2],
      ['b', 'sent', 1],
    ]);
  });

  it('is not tried for a minute after a failure, nor before the messenger allows it', async () => {
    const world = quietWorld();
    world.steps.fail('deliver', messengerDown(3 * MINUTE_MS), { times: 1 });
    await tell(world.system, [about('a')]);
    world.clock.advance(3 * MINUTE_MS - 1);
    expect(await tell(world.system, [])).toMatchObject({ sent: 0, waiting: 1 });
    world.clock.advance(1);
    expect(await tell(world.system, [])).toMatchObject({ sent: 1, waiting: 0 });
  });

  it('whose mark could not be saved is sent again when the claim has lapsed, and logged', async () => {
    const world = quietWorld();
    const sending = world.steps.hold('deliver');
    const telling = tell(world.system, [about('a')]);
    await sending.reached;
    world.steps.fail('store.replaceService', storeDown(), { times: 1 });
    sending.release();
    expect(await telling).toMatchObject({ sent: 1, waiting: 0 });
    expect(world.logged()).toContain('notice-not-marked');
    world.clock.advance(NOTICE_CLAIM_MS);
    await tell(world.system, []);
    expect(world.told()).toHaveLength(2);
  });

  it('that could not be saved is not sent: nobody would know that it was', async () => {
    const world = quietWorld();
    world.steps.fail('store.replaceService', storeDown());
    expect(await tell(world.system, [about('a')])).toEqual({ saved: false, sent: 0, waiting: 1 });
    expect(world.told()).toEqual([]);
    expect(world.logged()).toEqual(['notice-not-saved']);
  });

  it('of a function that was killed waits until its claim lapses, then the next run sends it', async () => {
    const world = quietWorld();
    world.steps.fail('deliver', new Killed());
    await expect(tell(world.system, [about('a')])).rejects.toThrow(Killed);
    const next = world.restarted();
    next.clock.advance(NOTICE_CLAIM_MS - 1);
    expect(await tell(next.system, [])).toMatchObject({ sent: 0, waiting: 1 });
    next.clock.advance(1);
    expect(await tell(next.system, [])).toMatchObject({ sent: 1, waiting: 0 });
  });

  it('is forgotten two days after it was settled', async () => {
    const world = quietWorld();
    await tell(world.system, [about('a')]);
    world.clock.advance(48 * HOUR_MS);
    await tell(world.system, []);
    expect(await deliveriesOf(world)).toEqual([]);
  });
});

describe('a messenger that is down', () => {
  it('is tried once a call, not once a message: a person may be waiting', async () => {
    const world = quietWorld();
    world.steps.fail('deliver', messengerDown());
    const notices = ['a', 'b', 'c'].map(about);
    expect(await tell(world.system, notices)).toMatchObject({ sent: 0, waiting: 3 });
    expect(world.steps.taken.filter((step) => step.startsWith('deliver'))).toHaveLength(1);
    world.steps.mend();
    world.clock.advance(MINUTE_MS);
    expect(await tell(world.system, [])).toMatchObject({ sent: 3, waiting: 0 });
  });

  it('that refuses one message gets the others', async () => {
    const world = quietWorld();
    world.steps.fail('deliver', messengerRefuses(), { times: 1 });
    expect(await tell(world.system, ['a', 'b'].map(about))).toMatchObject({ sent: 1, waiting: 0 });
    expect(await deliveriesOf(world)).toEqual([
      ['a', 'refused', 1],
      ['b', 'sent', 1],
    ]);
  });
});
