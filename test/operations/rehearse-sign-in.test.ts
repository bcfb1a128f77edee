/** A rehearsal walks the whole way of a sign-in, disturbs nothing, and names the step that fails. */

import { describe, expect, it } from 'vitest';
import type { Checks } from '../../functions/operations/checks.ts';
import type { Finding } from '../../functions/operations/finding.ts';
import { rehearseSignIn } from '../../functions/operations/rehearse-sign-in.ts';
import { settleSession } from '../../functions/operations/settle-session.ts';
import { readNewestToken } from '../../functions/storage/session-store.ts';
import { aChecks, type Rehearsed } from '../fixtures/checks.ts';
import { brokerFailure } from '../fixtures/fake-broker.ts';
import {
  createTestSystem,
  eventsDown,
  messengerDown,
  storeDown,
  type TestSystem,
} from '../fixtures/system.ts';
import { HOUR_MS } from '../fixtures/test-clock.ts';

describe('a rehearsal', () => {
  it('goes the whole way, and says so to the chat and to the topic', async () => {
    const world = createTestSystem();
    const rehearsed: Rehearsed = { events: [], messages: [] };
    const findings = await rehearse(world, {}, rehearsed);
    expect(findings.map(({ check, verdict }) => `${check} ${verdict}`)).toEqual([
      'message ok',
      'page ok',
      'broker ok',
      'login page ok',
      'claim ok',
      'token ok',
      'event ok',
    ]);
    expect(rehearsed).toEqual({ events: ['etrade-sandbox'], messages: ['E*TRADE sandbox'] });
    expect(world.messages).toEqual([]);
    expect(world.published).toEqual([]);
  });

  it('leaves a session that is signed in exactly as it was', async () => {
    const world = createTestSystem();
    await world.signIn();
    const before = await world.record();
    await rehearse(world);
    expect(await world.record()).toEqual(before);
    expect(world.broker().calls.complete).toBe(1);
  });

  it('that dies before its version is destroyed leaves one that no reader takes, and the sweep destroys', async () => {
    const world = createTestSystem();
    await world.signIn();
    world.steps.fail('store.destroyVersion', storeDown());
    await rehearse(world);
    world.steps.mend();
    const { key } = world.session();
    const newest = await readNewestToken(world.store, key, 1, 1);
    expect(newest?.token.accessToken.reveal()).toBe('canary-access-token-etradesandbox-1');
    world.clock.advance(2 * HOUR_MS);
    const settled = await settleSession(world.system, world.session(), { prune: true });
    expect(settled).toMatchObject({ adopted: null, pruned: [2] });
  });

  it('that dies so before anybody has signed in brings no token into the world', async () => {
    const world = createTestSystem();
    world.steps.fail('store.destroyVersion', storeDown());
    await rehearse(world);
    world.steps.mend();
    expect(await readNewestToken(world.store, world.session().key, null)).toBeNull();
    await settleSession(world.system, world.session(), { prune: true });
    expect(await world.record()).toMatchObject({ generation: 0, version: null });
  });

  it('refuses a prod session before it does anything', async () => {
    const world = createTestSystem({ sessions: [{ key: 'etrade-prod' }] });
    const findings = await rehearse(world);
    expect(findings).toMatchObject([{ check: 'session', verdict: 'broken' }]);
    expect(world.steps.taken).toEqual([]);
  });

  const failures: readonly {
    readonly step: string;
    readonly plant: (world: TestSystem) => Partial<Checks>;
  }[] = [
    {
      step: 'message',
      plant: () => ({
        messenger: { ...aChecks().messenger, rehearse: () => Promise.reject(messengerDown()) },
      }),
    },
    {
      step: 'event',
      plant: () => ({
        events: { ...aChecks().events, rehearse: () => Promise.reject(eventsDown()) },
      }),
    },
    {
      step: 'claim',
      plant: ({ steps }) => {
        steps.fail('store.replace', storeDown());
        return {};
      },
    },
    {
      step: 'token',
      plant: ({ steps }) => {
        steps.fail('store.addToken', storeDown());
        return {};
      },
    },
  ];
  it.each(failures)('goes on after a failure at "$step", and names it', async ({ step, plant }) => {
    const world = createTestSystem();
    const findings = await rehearse(world, plant(world));
    expect(findings).toHaveLength(7);
    expect(findings.filter(({ verdict }) => verdict !== 'ok').map(({ check }) => check)).toEqual([
      step,
    ]);
  });

  it('names the broker, and the login page with it', async () => {
    const world = createTestSystem();
    world.broker().failNext('begin', brokerFailure('configuration'));
    const wrong = (await rehearse(world)).filter(({ verdict }) => verdict !== 'ok');
    expect(wrong.map(({ check }) => check)).toEqual(['broker', 'login page']);
  });

  it('names pages that do not take the link, without the link', async () => {
    const world = createTestSystem();
    const fetch = async () => new Response(null, { status: 502 });
    const page = (await rehearse(world, { fetch })).find(({ check }) => check === 'page');
    expect(page).toMatchObject({ verdict: 'broken', what: expect.stringContaining('502') });
    const down = () => Promise.reject(new TypeError('failed: https://pin.example.com/go/canary'));
    const findings = await rehearse(world, { fetch: down });
    expect(JSON.stringify(findings)).not.toContain('/go/');
  });
});

async function rehearse(
  world: TestSystem,
  changes: Partial<Checks> = {},
  rehearsed?: Rehearsed,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const checks = aChecks(changes, rehearsed);
  for await (const step of rehearseSignIn(world.system, checks, world.session())) {
    findings.push(...step.findings);
  }
  return findings;
}
