/**
 * Ends a wait for work that goes on without us: when its time is up, or when a caller has had enough.
 *
 * Never ends the work itself, which others may share. Used by the whole room.
 */

import type { Wait } from '../clock.ts';

/** @throws what `late` makes after `ms`, or as soon as `closing` is aborted */
export async function within<T>(
  ms: number,
  work: Promise<T>,
  { wait, closing, late }: { wait: Wait; closing: AbortSignal; late: () => Error },
): Promise<T> {
  const done = new AbortController();
  const timeUp = wait(ms, AbortSignal.any([closing, done.signal])).then(() => {
    throw late();
  });
  try {
    return await Promise.race([work, timeUp]);
  } finally {
    done.abort();
  }
}

/** @throws the signal's reason as soon as it is aborted */
export function heeding<T>(signal: AbortSignal | null, work: Promise<T>): Promise<T> {
  if (signal === null) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
