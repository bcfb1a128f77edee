/**
 * Tells a worker's own code what has changed: `renewed`, `expired`, `failing`, `recovered`.
 *
 * A listener that throws is logged and never breaks us or the next listener. Used by `ledger.ts`.
 */

import type { Log } from '../logging/log.ts';
import type { WorkerEvents, WorkerSession } from './worker-session.ts';

type Listeners = { [E in keyof WorkerEvents]: Set<(news: WorkerEvents[E]) => unknown> };

export type News = {
  readonly on: WorkerSession['on'];
  readonly tell: <E extends keyof WorkerEvents>(event: E, news: WorkerEvents[E]) => void;
};

export function createNews(log: Log): News {
  const listeners: Listeners = {
    renewed: new Set(),
    expired: new Set(),
    failing: new Set(),
    recovered: new Set(),
  };
  const note = (event: string, error: unknown): void =>
    log.error('listener-failed', 'A listener of the worker failed.', error, { listener: event });

  return {
    on(event, listener) {
      // Of its own, so that one function may listen twice and be taken off once.
      const own = (news: WorkerEvents[typeof event]): unknown => listener(news);
      listeners[event].add(own);
      return () => void listeners[event].delete(own);
    },
    tell(event, news) {
      for (const listener of [...listeners[event]]) {
        try {
          // Listeners may be async, whatever their type says.
          Promise.resolve(listener(news)).catch((error: unknown) => note(event, error));
        } catch (error) {
          note(event, error);
        }
      }
    },
  };
}
