/** Twenty sessions are read one by one; more of them by one list, where the project allows it. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { readStatus } from '../../functions/operations/read-status.ts';
import { renewSessions } from '../../functions/operations/renew-sessions.ts';
import { type SecretManagerServer, startSecretManager } from '../fixtures/secret-manager.ts';
import { createTestSystem, type TestSystem } from '../fixtures/system.ts';

let server: SecretManagerServer;

beforeEach(async () => {
  server = await startSecretManager();
  await server.createSecret('token-cadence-app');
});

afterEach(() => server.close());

async function systemWith(count: number): Promise<TestSystem> {
  const keys = Array.from({ length: count }, (_, index) => `etrade-prod-a${index}`);
  for (const key of keys) await server.createSecret(`${key}-session`);
  const world = createTestSystem({
    sessions: keys.map((key) => ({ key })),
    store: ({ clock, random }) => {
      server.follow(clock);
      return server.store({ clock, random, wait: async () => {} });
    },
  });
  server.calls.length = 0;
  return world;
}

const count = (method: string): number =>
  server.methods().filter((called) => called === method).length;

describe('the status of many sessions', () => {
  it.each([
    { sessions: 20, lists: 0, gets: 21 },
    { sessions: 21, lists: 1, gets: 1 },
  ])(
    'reads $sessions records by $lists lists and $gets gets',
    async ({ sessions, lists, gets }) => {
      const world = await systemWith(sessions);
      const status = await readStatus(world.system);
      expect(status.sessions).toHaveLength(sessions);
      // The one get is for the record of messages.
      expect([count('listSecrets'), count('getSecret')]).toEqual([lists, gets]);
    },
  );

  it('turns every page of the list', async () => {
    const world = await systemWith(260);
    expect((await readStatus(world.system)).sessions).toHaveLength(260);
    expect([count('listSecrets'), count('getSecret')]).toEqual([2, 1]);
  });

  it('does without the permission to list, and says which one it is', async () => {
    const world = await systemWith(21);
    server.standIn.deny({ method: 'listSecrets' });
    expect((await readStatus(world.system)).sessions).toHaveLength(21);
    expect(count('getSecret')).toBe(22);
    expect(server.lines.map(({ event }) => event)).toContain('secrets-not-listed');
  });

  it('takes a listed record once: what is written afterwards is seen', async () => {
    const world = await systemWith(21);
    await readStatus(world.system);
    const key = 'etrade-prod-a3';
    expect(await world.signIn(key)).toMatchObject({ ok: true });
    const { sessions } = await readStatus(world.system);
    expect(sessions.find((session) => session.key === key)).toMatchObject({ generation: 1 });
  });
});

describe('a run over many sessions', () => {
  it('begins with the list, in keep-alive and in health-check', async () => {
    const world = await systemWith(21);
    await renewSessions(world.system, null);
    expect(count('listSecrets')).toBe(1);
    await checkHealth(world.system);
    // Once for the sessions; the ladder looks before it queues a message and again before it sends it.
    expect(count('listSecrets')).toBe(4);
  });

  it('does not list for the one session that a worker asks for', async () => {
    const world = await systemWith(21);
    await renewSessions(world.system, world.session('etrade-prod-a7').key);
    expect(count('listSecrets')).toBe(0);
  });
});
