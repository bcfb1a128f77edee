/**
 * The real parts of the system with the local run's faults around them.
 *
 * Adds no behaviour of its own without a fault. Network faults are not made here but by the simulators
 * and stand-ins that answer; here is the store's trouble and the count of steps. Used by `compose.ts`.
 */

import type { Wait } from '../../functions/clock.ts';
import { StoreError } from '../../functions/errors.ts';
import type { Notifier } from '../../functions/notifications/notifier.ts';
import type { SessionStore } from '../../functions/storage/session-store.ts';
import type { Faults } from './faults.ts';
import type { Steps } from './steps.ts';

export type FaultyOptions = {
  readonly faults: Faults;
  readonly steps: Steps;
  readonly wait: Wait;
};

export function withStoreFaults(store: SessionStore, options: FaultyOptions): SessionStore {
  const { faults, steps, wait } = options;

  async function call<T>(inner: () => Promise<T>): Promise<T> {
    const slowMs = faults.of('store')?.fault.slowMs ?? 0;
    if (slowMs > 0) await wait(slowMs);
    if (steps.storeFails()) {
      throw new StoreError('The store is unavailable (a fault of the local run)', {
        code: 'STORE_UNAVAILABLE',
        retryable: true,
      });
    }
    return counted(steps, inner);
  }

  return {
    load: (session) => call(() => store.load(session)),
    loadFresh: (session) => call(() => store.loadFresh(session)),
    prefetch: (sessions) => store.prefetch(sessions),
    replace: (session, tag, record) => call(() => store.replace(session, tag, record)),
    addToken: (token) => call(() => store.addToken(token)),
    readToken: (session, version) => call(() => store.readToken(session, version)),
    listVersions: (session) => call(() => store.listVersions(session)),
    destroyVersion: (session, version) => call(() => store.destroyVersion(session, version)),
    loadService: () => call(() => store.loadService()),
    replaceService: (tag, record) => call(() => store.replaceService(tag, record)),
  };
}

/** Counts broker calls and published events: everything that goes out by `fetch`. */
export function withFetchSteps(fetch: typeof globalThis.fetch, steps: Steps): typeof fetch {
  return (input, init) => counted(steps, () => fetch(input, init));
}

export function withNotifierSteps(notifier: Notifier, steps: Steps): Notifier {
  return { deliver: (notice, facts) => counted(steps, () => notifier.deliver(notice, facts)) };
}

/** A refused or lost call is a step too: the other side may have done its part. */
async function counted<T>(steps: Steps, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } finally {
    steps.finished();
  }
}
