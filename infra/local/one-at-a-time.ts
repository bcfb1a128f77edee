/**
 * Runs one piece of work after the other, whatever became of the one before.
 *
 * In one process only. Used where time or a worker must not be in two places at once.
 */

export function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
}
