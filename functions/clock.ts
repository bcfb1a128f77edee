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

/** Resolves after `ms` milliseconds, or as soon as `signal` is aborted. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>;

/** `size` random bytes, good enough for nonces and keys. */
export type Random = (size: number) => Uint8Array;

export const systemClock: Clock = () => Date.now();

export const systemWait: Wait = async (ms, signal) => {
  if (signal === undefined) return sleep(ms);
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
};

export const systemRandom: Random = (size) => randomBytes(size);
