import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { noteLinkOpened, sendLink } from '../../functions/operations/send-link.ts';
import {
  createTestSystem,
  messengerDown,
  messengerRefuses,
  storeDown,
  type TestSystem,
} from '../fixtures/system.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';

/** Sunday: nothing else is told. */
const quietWorld = () => createTestSystem({ startsAt: '2026-03-15T09:00-04:00' });

describe('a new link', () => {
  it('goes to the chat, and only there', async () => {
    const world = quietWorld();
    expect(await sendLink(world.system, 'anyone')).toEqual({ ok: true });
    expect(world.messages).toMatchObject([
      { notice: { kind: 'link' }, buttons: ['https://pin.example.com/go/dashboard'] },
    ]);
  });

  it('is sent once a minute', async () => {
    const world = quietWorld();
    await sendLink(world.system, 'anyone');
    const sentAt = world.clock.now();
    const retryAt = sentAt + MINUTE_MS;
    world.clock.advance(MINUTE_MS - 1);
    expect(await sendLink(world.system, 'anyone')).toEqual({
      ok: false,
      reason: 'too-soon',
      retryAt,
      sentAt,
    });
    world.clock.advance(1);
    expect(await sendLink(world.system, 'anyone')).toEqual({ ok: true });
    expect(world.told()).toEqual(['link', 'link']);
  });

  it('is sent once when it is asked for twice at once', async () => {
    const world = quietWorld();
    const results = await Promise.all([
      sendLink(world.system, 'anyone'),
      sendLink(world.system, 'anyone'),
    ]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false]);
    expect(world.told()).toEqual(['link']);
  });

  it.each([
    { name: 'is down', error: messengerDown() },
    { name: 'refuses', error: messengerRefuses() },
  ])('is not delivered when the messenger $name, and the caller hears it', async ({ error }) => {
    const world = quietWorld();
    world.steps.fail('deliver', error);
    expect(await sendLink(world.system, 'anyone')).toEqual({ ok: false, reason: 'not-delivered' });
  });

  it.each([
    { minutes: 10, told: ['link'] },
    { minutes: 11, told: [] },
  ])(
    'that could not be sent is worth sending for ten minutes ($minutes)',
    async ({ minutes, told }) => {
      const world = quietWorld();
      world.steps.fail('deliver', messengerDown());
      await sendLink(world.system, 'anyone');
      world.steps.mend();
      world.clock.advance(minutes * MINUTE_MS);
      await checkHealth(world.system);
      expect(world.told()).toEqual(told);
    },
  );

  it('is a failure when the record cannot be written', async () => {
    const world = quietWorld();
    world.steps.fail('store.replaceService', storeDown());
    await expect(sendLink(world.system, 'anyone')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });
});

describe('links that nobody opens', () => {
  const WAITS = [1, 2, 5, 15, 60, 60, 60];

  /** Asks until a link is sent; minutes waited. */
  async function minutesUntilSent(world: TestSystem): Promise<number> {
    for (let minutes = 0; minutes <= 60; minutes += 1) {
      const asked = await sendLink(world.system, 'anyone');
      if (asked.ok) return minutes;
      world.clock.advance(MINUTE_MS);
    }
    throw new Error('no link in an hour');
  }

  it('come after 1, 2, 5, 15 and 60 minutes, without a sound from the second on', async () => {
    const world = quietWorld();
    await sendLink(world.system, 'anyone');
    const waited: number[] = [];
    for (const _ of WAITS) waited.push(await minutesUntilSent(world));
    expect(waited).toEqual(WAITS);
    const silent = world.messages.map(({ notice }) => notice.kind === 'link' && notice.silent);
    expect(silent).toEqual([undefined, ...WAITS.map(() => true)]);
  });

  it('say when the last one went to the chat', async () => {
    const world = quietWorld();
    await sendLink(world.system, 'anyone');
    world.clock.advance(MINUTE_MS);
    const sentAt = world.clock.now();
    await sendLink(world.system, 'anyone');
    world.clock.advance(90_000);
    expect(await sendLink(world.system, 'anyone')).toEqual({
      ok: false,
      reason: 'too-soon',
      sentAt,
      retryAt: sentAt + 2 * MINUTE_MS,
    });
  });

  it('hold no device that has had one, and it is heard', async () => {
    const world = quietWorld();
    await sendLink(world.system, 'anyone');
    for (const _ of [1, 2, 3, 4]) await minutesUntilSent(world);
    expect(await sendLink(world.system, 'anyone')).toMatchObject({ reason: 'too-soon' });
    expect(await sendLink(world.system, 'known')).toEqual({ ok: true });
    expect(world.messages.at(-1)?.notice).toEqual({ kind: 'link' });
    const sentAt = world.clock.now();
    expect(await sendLink(world.system, 'known')).toEqual({
      ok: false,
      reason: 'too-soon',
      sentAt,
      retryAt: sentAt + MINUTE_MS,
    });
    world.clock.advance(MINUTE_MS);
    expect(await sendLink(world.system, 'known')).toEqual({ ok: true });
  });

  it('come as the first did once one is opened', async () => {
    const world = quietWorld();
    await sendLink(world.system, 'anyone');
    for (const _ of [1, 2, 3]) await minutesUntilSent(world);
    await noteLinkOpened(world.system);
    expect(await minutesUntilSent(world)).toBe(1);
    expect(world.messages.at(-1)?.notice).toEqual({ kind: 'link' });
    expect(await minutesUntilSent(world)).toBe(1);
    expect(world.messages.at(-1)?.notice).toEqual({ kind: 'link', silent: true });
  });

  it('hold nobody when the last one has ended', async () => {
    const world = createTestSystem({ startsAt: '2026-03-15T22:00-04:00' });
    await sendLink(world.system, 'anyone');
    for (const _ of [1, 2, 3, 4]) await minutesUntilSent(world);
    world.clock.set('2026-03-15T23:30-04:00');
    expect(await minutesUntilSent(world)).toBe(0);
    expect(await sendLink(world.system, 'anyone')).toMatchObject({
      retryAt: Date.parse('2026-03-16T00:00:00-04:00'),
    });
  });

  it('that Telegram did not take do not count, and nothing is said of them', async () => {
    const world = quietWorld();
    world.steps.fail('deliver', messengerDown());
    for (const _ of [1, 2, 3]) {
      expect(await sendLink(world.system, 'anyone')).toMatchObject({ reason: 'not-delivered' });
      expect(await sendLink(world.system, 'anyone')).toMatchObject({
        reason: 'too-soon',
        sentAt: null,
      });
      world.clock.advance(MINUTE_MS);
    }
    expect((await world.service()).unopenedLinks).toBe(0);
  });

  it('are no reason to keep somebody out: a store that fails at the opening is logged', async () => {
    const world = quietWorld();
    await sendLink(world.system, 'anyone');
    world.steps.fail('store.replaceService', storeDown());
    await noteLinkOpened(world.system);
    expect(world.logged()).toContain('link-opened-not-noted');
  });

  it('cost a link that is opened no write once that is noted', async () => {
    const world = quietWorld();
    await sendLink(world.system, 'anyone');
    await noteLinkOpened(world.system);
    const before = world.steps.effects().length;
    await noteLinkOpened(world.system);
    expect(world.steps.effects()).toHaveLength(before);
  });
});
