/** What the scheduler hears from its three functions: 503 makes it call again, before the ladder's stage ends. */

import { describe, expect, it } from 'vitest';
import { healthCheck } from '../functions/health-check.ts';
import { keepAlive } from '../functions/keep-alive.ts';
import { morningAlert } from '../functions/morning-alert.ts';
import { TIMEOUT } from './fixtures/fake-broker.ts';
import { Killed } from './fixtures/steps.ts';
import { createTestSystem, messengerDown, storeDown, type TestSystem } from './fixtures/system.ts';
import { MINUTE_MS } from './fixtures/test-clock.ts';

const FUNCTIONS = { morningAlert, keepAlive, healthCheck };

/** The stage of 09:00, which nobody was told of. */
const atNine = () => createTestSystem({ startsAt: '2026-03-09T09:00-04:00' });

describe.each(Object.entries(FUNCTIONS))('%s', (_name, handler) => {
  async function statusOf(world: TestSystem): Promise<number> {
    const request = new Request('https://function.example.com/', { method: 'POST' });
    return (await handler(request, world.system)).status;
  }

  it('is done when people are told', async () => {
    const world = atNine();
    expect(await statusOf(world)).toBe(200);
    expect(world.told()).toEqual(['sign-in-due reminder']);
    expect(await statusOf(world)).toBe(200);
  });

  it('is called again when the messenger was down, and tells within the stage', async () => {
    const world = atNine();
    world.steps.fail('deliver', messengerDown(), { times: 1 });
    expect(await statusOf(world)).toBe(503);
    world.clock.advance(MINUTE_MS);
    expect(await statusOf(world)).toBe(200);
    expect(world.told()).toEqual(['sign-in-due reminder']);
  });

  it('is called again when the message could not be saved', async () => {
    const world = atNine();
    world.steps.fail('store.replaceService', storeDown());
    expect(await statusOf(world)).toBe(503);
    world.steps.mend();
    expect(await statusOf(world)).toBe(200);
    expect(world.told()).toEqual(['sign-in-due reminder']);
  });

  it('is called again while another holds the message, who may have died', async () => {
    const world = atNine();
    world.steps.fail('deliver', new Killed());
    await Promise.allSettled([statusOf(world)]);
    const next = world.restarted();
    expect(await statusOf(next)).toBe(503);
    next.clock.advance(MINUTE_MS);
    expect(await statusOf(next)).toBe(200);
    expect(next.told()).toEqual(['sign-in-due reminder']);
  });
});

describe('keep-alive, called by somebody else than the scheduler', () => {
  const call = (world: TestSystem, body: string, headers: Record<string, string> = {}) =>
    keepAlive(
      new Request('https://function.example.com/', { method: 'POST', body, headers }),
      world.system,
    );
  const asleep = async (): Promise<TestSystem> => {
    const world = createTestSystem();
    await world.signIn();
    world.clock.set('2026-03-09T10:45-04:00');
    world.broker().failAll(TIMEOUT);
    return world;
  };

  it.each(['', '{}', '{"session":"etrade-sandbox"}'])(
    'reaches the broker once a minute, and does not count as a run: %s',
    async (body) => {
      const world = await asleep();
      const before = world.broker().calls.renew + world.broker().calls.probe;
      for (let times = 0; times < 5; times += 1) await call(world, body);
      expect(world.broker().calls.renew + world.broker().calls.probe).toBe(before + 1);
      expect((await world.service()).keepAlive.lastRunAt).toBeNull();
      world.clock.advance(MINUTE_MS);
      await call(world, body);
      expect(world.broker().calls.renew + world.broker().calls.probe).toBe(before + 2);
    },
  );

  it('does not hold up the scheduler', async () => {
    const world = await asleep();
    await call(world, '');
    const { renew } = world.broker().calls;
    await call(world, '', { 'x-cloudscheduler': 'true' });
    expect(world.broker().calls.renew).toBe(renew + 1);
    expect((await world.service()).keepAlive.lastRunAt).toBe(world.clock.now());
  });
});

describe('keep-alive', () => {
  it.each([
    ['JSON that breaks off', '{"session":"CANARY', 'body-malformed'],
    ['a value that is no document', '"CANARY"', 'body-malformed'],
    ['a session that is not configured', '{"session":"CANARY-prod"}', 'session-unknown'],
  ])('refuses %s with a line in the log, and quotes nothing of it', async (_what, body, reason) => {
    const world = atNine();
    const request = new Request('https://function.example.com/', { method: 'POST', body });
    const answer = await keepAlive(request, world.system);
    expect([answer.status, await answer.json()]).toEqual([400, { error: reason }]);
    expect(world.logged()).toEqual(['call-refused']);
    expect(world.logLines.join('')).toContain(reason);
    expect(world.logLines.join('')).not.toContain('CANARY');
  });
});
