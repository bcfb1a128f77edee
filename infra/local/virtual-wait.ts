/**
 * Waiting by the virtual clock: long pauses end when the runner has moved time past them, short ones take as
 * long as they say.
 *
 * Looks at the clock when it is woken and a few times a second. Used by the process of the sample workers.
 */

import { type Clock, systemWait, type Wait } from '../../functions/clock.ts';

/** Pauses between two tries of a call belong to the network, and end too soon to be looked at now and then. */
const SHORT_MS = 1_000;

const LOOK_EVERY_MS = 250;

export type VirtualWait = {
  readonly wait: Wait;
  /** Ends every pause whose time has come. */
  readonly wake: () => void;
  readonly close: () => void;
};

/** @param options.isStill nothing wakes while this says so, whatever the clock shows */
export function createVirtualWait(options: {
  readonly clock: Clock;
  readonly isStill: () => boolean;
}): VirtualWait {
  const { clock, isStill } = options;
  const sleepers = new Set<{ readonly until: number; readonly wakeUp: () => void }>();
  const timer = setInterval(wake, LOOK_EVERY_MS);

  function wake(): void {
    if (sleepers.size === 0 || isStill()) return;
    const now = clock();
    for (const sleeper of [...sleepers]) if (now >= sleeper.until) sleeper.wakeUp();
  }

  return {
    wake,
    close: () => clearInterval(timer),
    wait(ms, signal) {
      if (ms < SHORT_MS) return systemWait(ms, signal);
      if (signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const sleeper = {
          until: clock() + ms,
          wakeUp() {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wakeUp);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wakeUp, { once: true });
      });
    },
  };
}
