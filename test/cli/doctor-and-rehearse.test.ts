/** `doctor` and `rehearse` as a person or a script meets them. */

import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../functions/errors.ts';
import { renewSessions } from '../../functions/operations/renew-sessions.ts';
import { aChecks } from '../fixtures/checks.ts';
import { runCommand } from '../fixtures/command-line.ts';
import { brokerFailure } from '../fixtures/fake-broker.ts';
import { createTestSystem, eventsDown, type TestSystem } from '../fixtures/system.ts';

describe('doctor', () => {
  it('exits with 0 when all is well, and only then', async () => {
    const world = await aGoodMorning();
    const well = await runCommand(world, ['doctor'], { checks: aChecks() });
    expect(well).toMatchObject({ code: 0, notes: expect.stringContaining('All is well.') });
    world.broker().failAll(brokerFailure('configuration'));
    const ill = await runCommand(world, ['doctor'], { checks: aChecks() });
    expect(ill.code).toBe(1);
    expect(ill.out).toMatch(/✗ broker etrade-sandbox +E\*TRADE refuses the consumer key/);
    expect(ill.out).toMatch(/→ check "ETRADE_SANDBOX_CONSUMER"/);
    expect(ill.notes).toContain('Begin with "broker etrade-sandbox"');
  });

  it('names every wrong setting at once, each with what belongs there', async () => {
    const problems = [
      '"PUBLIC_URL" is missing: the address people open',
      '"ALERT_AT" is not a time',
    ];
    const ran = await runCommand(createTestSystem(), ['doctor'], {
      composeSystem: () => {
        throw new ConfigError(problems);
      },
    });
    expect(ran.code).toBe(2);
    expect(ran.out).toMatch(
      /✗ configuration +"PUBLIC_URL" is missing\n.*→ the address people open/,
    );
    expect(ran.out).toMatch(/✗ configuration +"ALERT_AT" is not a time/);
  });

  it('is one JSON document with --json', async () => {
    const events = { ...aChecks().events, check: () => Promise.reject(eventsDown()) };
    const checks = aChecks({ events });
    const ran = await runCommand(await aGoodMorning(), ['doctor', '--json'], { checks });
    const document: unknown = JSON.parse(ran.out);
    expect(document).toMatchObject({
      verdict: 'broken',
      findings: expect.arrayContaining([
        expect.objectContaining({ check: 'events', verdict: 'broken' }),
        expect.objectContaining({ check: 'messenger', verdict: 'ok', fix: null }),
      ]),
    });
    expect(ran.code).toBe(1);
  });
});

describe('rehearse', () => {
  it('says that nothing would have failed, and how long it took', async () => {
    const ran = await runCommand(createTestSystem(), ['rehearse', 'etrade-sandbox'], {
      checks: aChecks(),
    });
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/✓ event +\d+ ms +published as a rehearsal/);
    expect(ran.out).toContain('Nothing would have failed.');
  });

  it('names what would have failed', async () => {
    const events = { ...aChecks().events, rehearse: () => Promise.reject(eventsDown()) };
    const ran = await runCommand(createTestSystem(), ['rehearse', 'etrade-sandbox'], {
      checks: aChecks({ events }),
    });
    expect(ran.code).toBe(1);
    expect(ran.out).toContain("This morning's sign-in would have failed at: event.");
  });

  it('refuses a prod session and does nothing', async () => {
    const world = createTestSystem({ sessions: [{ key: 'etrade-prod' }] });
    const ran = await runCommand(world, ['rehearse', 'etrade-prod'], { checks: aChecks() });
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(world.steps.taken).toEqual([]);
  });

  it('with a person signs in for real afterwards', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, ['rehearse', 'etrade-sandbox', '--with-sign-in'], {
      checks: aChecks(),
      types: [() => world.broker().approve()],
    });
    expect(ran.code).toBe(0);
    expect(await world.record()).toMatchObject({ generation: 1 });
  });
});

async function aGoodMorning(): Promise<TestSystem> {
  const world = createTestSystem();
  await world.signIn();
  await renewSessions(world.system, null);
  return world;
}
