/** Waiting by the virtual clock, and knowing when nothing is under way any more. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInFlight } from '../../infra/local/in-flight.ts';
import { createVirtualWait, type VirtualWait } from '../../infra/local/virtual-wait.ts';

const MINUTE_MS = 60_000;

let now: number;
let isStill: boolean;
let sleep: VirtualWait;

beforeEach(() => {
  now = 1_000_000;
  isStill = false;
  sleep = createVirtualWait({ clock: () => now, isStill: () => isStill });
});

afterEach(() => sleep.close());

/** Whether it has ended by itself. */
async function isOver(waiting: Promise<void>): Promise<boolean> {
  const later = Promise.resolve().then(() => 'later');
  return (await Promise.race([waiting.then(() => 'over'), later])) === 'over';
}

describe('a long pause', () => {
  it('ends when time has been moved past it, not a millisecond before', async () => {
    const waiting = sleep.wait(MINUTE_MS);
    now += MINUTE_MS - 1;
    sleep.wake();
    expect(await isOver(waiting)).toBe(false);
    now += 1;
    sleep.wake();
    await waiting;
  });

  it('goes on while everything is to stand still', async () => {
    const waiting = sleep.wait(MINUTE_MS);
    now += MINUTE_MS;
    isStill = true;
    sleep.wake();
    expect(await isOver(waiting)).toBe(false);
    isStill = false;
    sleep.wake();
    await waiting;
  });

  it.each(['before', 'after'])('ends when it is called off (%s it began)', async (when) => {
    const controller = new AbortController();
    if (when === 'before') controller.abort();
    const waiting = sleep.wait(MINUTE_MS, controller.signal);
    controller.abort();
    await waiting;
  });
});

describe('what is under way', () => {
  it('is waited for, and what it begins as well', async () => {
    const inFlight = createInFlight();
    const done: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = inFlight
      .track(() => promise)
      .then(() => inFlight.track(async () => void done.push('second')));
    const settled = inFlight.settled().then(() => done.push('settled'));
    resolve();
    await Promise.all([first, settled]);
    expect(done).toEqual(['second', 'settled']);
  });

  it('may fail', async () => {
    const inFlight = createInFlight();
    const failing = inFlight.track(async () => {
      throw new Error('away');
    });
    await expect(failing).rejects.toThrow('away');
    await inFlight.settled();
  });
});
