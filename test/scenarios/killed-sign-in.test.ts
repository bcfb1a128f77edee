/**
 * A sign-in whose process is killed hard after its first remote step, then after its second, and so on
 * until one gets through: whatever the broker gave is used or reported, and the next try always works.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overview } from '../../infra/local/control-client.ts';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';

const SESSION = 'etrade-sandbox';

/** A sign-in takes about twenty remote steps; far more means that it never gets through. */
const MOST_STEPS = 40;

type Try = {
  readonly step: number;
  readonly wasKilled: boolean;
  /** The broker gave a token for the PIN. */
  readonly wasSpent: boolean;
  readonly generations: number;
  readonly newEvents: readonly unknown[];
  readonly messages: readonly string[];
  readonly worker: Overview['workers'][number] | undefined;
  readonly state: string;
};

let running: RunningSystem;
const tries: Try[] = [];

async function signInKilledAfter(step: number): Promise<Try> {
  const { control, system } = running;
  const person = running.newPerson();
  const before = await control.overview();
  const { generation } = await running.session();
  const tokensBefore = issuedTokens();
  await person.open(await running.newestLink());
  await person.start(SESSION);
  const pin = await person.approve(SESSION);
  await control.setFaults({ 'pin-exchange': { crashAfterStep: step } });
  const page = await person.paste(SESSION, pin);
  await control.setFaults({ 'pin-exchange': null });
  // After two minutes an attempt counts as lost and a message's claim has lapsed; the next run is at
  // most fifteen minutes later.
  await control.advance('PT18M');
  const after = await control.overview();
  const session = await running.session();
  return {
    step,
    wasKilled: page.status === 502,
    wasSpent: issuedTokens() > tokensBefore,
    generations: session.generation - generation,
    newEvents: after.events.slice(before.events.length).map(({ data }) => data),
    messages: after.messages.slice(before.messages.length).map(({ text }) => text),
    worker: after.workers[0],
    state: session.state,
  };

  function issuedTokens(): number {
    const tokens = system.brokerStats()?.accessTokens;
    return Object.values(tokens ?? {}).reduce<number>((sum, count) => sum + count, 0);
  }
}

const saved = (): Try[] => tries.filter(({ generations }) => generations === 1);

beforeAll(async () => {
  running = await startRunningSystem({ startAt: '2026-03-09T09:31:00-04:00' });
  await running.system.invite();
  for (let step = 1; step <= MOST_STEPS; step += 1) {
    const attempt = await signInKilledAfter(step);
    tries.push(attempt);
    if (!attempt.wasKilled) break;
  }
}, 240_000);

afterAll(() => running?.stop());

describe('a sign-in killed after each of its steps', () => {
  it('gets through in the end, after several kills', () => {
    expect(tries.at(-1)).toMatchObject({ wasKilled: false, generations: 1, state: 'active' });
    expect(tries.length).toBeGreaterThan(6);
  });

  it('was killed before the PIN was spent, between spending and saving, and after saving', () => {
    const killed = tries.filter(({ wasKilled }) => wasKilled);
    expect(killed.some(({ wasSpent }) => !wasSpent)).toBe(true);
    expect(killed.some(({ wasSpent, generations }) => wasSpent && generations === 0)).toBe(true);
    expect(killed.some(({ wasSpent, generations }) => wasSpent && generations === 1)).toBe(true);
  });

  it('never makes more than one generation of one PIN, and none of no token', () => {
    for (const { step, wasSpent, generations } of tries) {
      expect({ step, generations }).toEqual({ step, generations: wasSpent ? generations : 0 });
      expect(generations).toBeLessThanOrEqual(1);
    }
  });

  it('saved, is active and reaches the workers', () => {
    for (const { step, state, newEvents, worker } of saved()) {
      expect({ step, state }).toEqual({ step, state: 'active' });
      expect({ step, told: newEvents.length > 0 }).toEqual({ step, told: true });
      expect(worker).toMatchObject({ lastCall: { status: 200 }, problem: null });
    }
  });

  it('saved, is told to the person: twice only where it died between Telegram and the mark', () => {
    const times = saved().map(
      ({ messages }) => messages.filter((text) => text.includes('✅')).length,
    );
    expect(Math.min(...times)).toBe(1);
    expect(Math.max(...times)).toBeLessThanOrEqual(2);
    expect(times.at(-1)).toBe(1);
  });

  it('lost between spending and saving, asks for another sign-in', () => {
    for (const { step, wasSpent, generations, messages } of tries) {
      if (!wasSpent || generations > 0) continue;
      const asked = messages.some((text) => text.includes('nothing was saved'));
      expect({ step, asked }).toEqual({ step, asked: true });
    }
  });
});
