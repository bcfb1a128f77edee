/**
 * The doors to time and chance: the current moment, waiting, random bytes.
 *
 * The only file of `functions/` that reads the system clock. Everything else receives a `Clock`, a
 * `Wait` or a `Random`, so that tests and the local run can move time and repeat a day exactly.
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** The current moment in epoch milliseconds. */
export type Clock = () => number;

/** Resolves after `ms` milliseconds. */
export type Wait = (ms: number) => Promise<void>;

/** `size` random bytes, good enough for nonces and keys. */
export type Random = (size: number) => Uint8Array;

export const systemClock: Clock = () => Date.now();

export const systemWait: Wait = async (ms) => {
  await sleep(ms);
};

export const systemRandom: Random = (size) => randomBytes(size);
