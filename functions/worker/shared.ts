/**
 * One piece of work at a time for each thing that is worked on: who asks meanwhile gets the same outcome.
 *
 * Holds nothing once the work is done. Used by `recovery.ts`.
 */

/** @returns runs `work`, or joins the run for the same `key` that is under way */
export function createShared<K, T>(): (key: K, work: () => Promise<T>) => Promise<T> {
  const running = new Map<K, Promise<T>>();
  return (key, work) => {
    const before = running.get(key);
    if (before !== undefined) return before;
    const run = work().finally(() => running.delete(key));
    running.set(key, run);
    return run;
  };
}
