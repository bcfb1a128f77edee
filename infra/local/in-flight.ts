/**
 * Counts what is under way in a process, so that the runner can wait until moved time has had its effect.
 *
 * Knows nothing of what it counts. Used by the process of the sample workers.
 */

import { setImmediate } from 'node:timers/promises';

export type InFlight = {
  readonly track: <T>(work: () => Promise<T>) => Promise<T>;
  /** Resolves once nothing is under way, and what ended last has begun nothing new. */
  readonly settled: () => Promise<void>;
};

export function createInFlight(): InFlight {
  const running = new Set<Promise<unknown>>();
  return {
    async track(work) {
      const promise = work();
      const ended = promise.then(
        () => {},
        () => {},
      );
      running.add(ended);
      void ended.then(() => running.delete(ended));
      return promise;
    },
    async settled() {
      for (let quiet = 0; quiet < 2; ) {
        await Promise.all(running);
        await setImmediate();
        quiet = running.size === 0 ? quiet + 1 : 0;
      }
    },
  };
}
