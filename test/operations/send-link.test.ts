import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { sendLink } from '../../functions/operations/send-link.ts';
import {
  createTestSystem,
  messengerDown,
  messengerRefuses,
  storeDown,
} from '../fixtures/system.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';

/** Sunday: nothing else is told. */
const quietWorld = () => createTestSystem({ startsAt: '2026-03-15T09:00-04:00' });

describe('a new link', () => {
  it('goes to the chat, and only there', async () => {
    const world = quietWorld();
    expect(await sendLink(world.system)).toEqual({ ok: true });
    expect(world.messages).toMatchObject([
      { notice: { kind: 'link' }, buttons: ['https://pin.example.com/go/dashboard'] },
    ]);
  });

  it('is sent once a minute', async () => {
    const world = quietWorld();
    await sendLink(world.system);
    const retryAt = world.clock.now() + MINUTE_MS;
    world.clock.advance(MINUTE_MS - 1);
    expect(await sendLink(world.system)).toEqual({ ok: false, reason: 'too-soon', retryAt });
    world.clock.advance(1);
    expect(await sendLink(world.system)).toEqual({ ok: true });
    expect(world.told()).toEqual(['link', 'link']);
  });

  it('is sent once when it is asked for twice at once', async () => {
    const world = quietWorld();
    const results = await Promise.all([sendLink(world.system), sendLink(world.system)]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false]);
    expect(world.told()).toEqual(['link']);
  });

  it.each([
    { name: 'is down', error: messengerDown() },
    { name: 'refuses', error: messengerRefuses() },
  ])('is not delivered when the messenger $name, and the caller hears it', async ({ error }) => {
    const world = quietWorld();
    world.steps.fail('deliver', error);
    expect(await sendLink(world.system)).toEqual({ ok: false, reason: 'not-delivered' });
  });

  it.each([
    { minutes: 10, told: ['link'] },
    { minutes: 11, told: [] },
  ])(
    'that could not be sent is worth sending for ten minutes ($minutes)',
    async ({ minutes, told }) => {
      const world = quietWorld();
      world.steps.fail('deliver', messengerDown());
      await sendLink(world.system);
      world.steps.mend();
      world.clock.advance(minutes * MINUTE_MS);
      await checkHealth(world.system);
      expect(world.told()).toEqual(told);
    },
  );

  it('is a failure when the record cannot be written', async () => {
    const world = quietWorld();
    world.steps.fail('store.replaceService', storeDown());
    await expect(sendLink(world.system)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
