/**
 * Counts the remote steps of one process and, when a fault says so, kills it right after one of them.
 *
 * A step is a finished store call, broker call, published event or delivered message. Counting starts
 * again with every new fault. Used by the wrapped parts of the local composition.
 */

import type { Faults, ProcessPart } from './faults.ts';

export type Steps = {
  /** Called when a remote call has finished, well or not. */
  readonly finished: () => void;
  /** Called before a store call: whether the fault wants it to fail. */
  readonly storeFails: () => boolean;
};

export type StepsOptions = {
  /** The part under which this process can be told to crash. */
  readonly part: ProcessPart;
  readonly faults: Faults;
  /** Ends this process at once, as a lost machine would: nothing after it runs. */
  readonly kill: () => void;
};

export function createSteps({ part, faults, kill }: StepsOptions): Steps {
  const remoteSteps = createCounter();
  const storeCalls = createCounter();
  return {
    finished() {
      const set = faults.of(part);
      if (set?.fault.crashAfterStep === undefined) return;
      if (remoteSteps.next(set.id) === set.fault.crashAfterStep) kill();
    },
    storeFails() {
      const set = faults.of('store');
      if (set === null) return false;
      const { down, downAfterStep } = set.fault;
      if (down === true) return true;
      return downAfterStep !== undefined && storeCalls.next(set.id) > downAfterStep;
    },
  };
}

/** Counts from 1 for as long as the same fault is set. */
function createCounter(): { readonly next: (id: number) => number } {
  let current = { id: Number.NaN, count: 0 };
  return {
    next(id) {
      current = { id, count: current.id === id ? current.count + 1 : 1 };
      return current.count;
    },
  };
}
