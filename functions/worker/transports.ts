/**
 * The channels between a worker and the service: events in, reports out.
 *
 * Google's Pub/Sub in the cloud, the local run's hub on one machine; made where no part is handed in.
 * Makes no call.
 */

import type { Wait } from '../clock.ts';
import { createLocalReportSender } from '../events/local-reports.ts';
import { createLocalSubscription } from '../events/local-subscription.ts';
import { createPubsubReportSender } from '../events/pubsub-reports.ts';
import { createPubsubSubscription } from '../events/pubsub-subscription.ts';
import type { TokenEvents } from '../events/token-events.ts';
import type { ReportSender } from '../events/worker-reports.ts';
import type { Log } from '../logging/log.ts';
import type { WorkerSettings } from './settings.ts';

export type Transports = { readonly events: TokenEvents; readonly reports: ReportSender };

export function createTransports(
  { events: settings, session, worker, instance: deployedAs }: WorkerSettings,
  given: Partial<Transports>,
  parts: {
    readonly instance: string;
    readonly fetch: typeof globalThis.fetch;
    readonly wait: Wait;
    readonly log: Log;
  },
): Transports {
  const { instance, fetch, wait, log } = parts;
  if (settings === null) {
    const { events, reports } = given;
    if (events !== undefined && reports !== undefined) return { events, reports };
    throw new TypeError('The settings name no channels, and none were handed in');
  }
  if (settings.kind === 'http') {
    const { url } = settings;
    return {
      events: given.events ?? createLocalSubscription({ url, session, fetch, log, wait }),
      reports: given.reports ?? createLocalReportSender({ url, fetch }),
    };
  }
  const { project, topic, reportsTopic } = settings;
  // Without a name of its own a process counts as the one instance that Terraform makes by default.
  if (deployedAs === null && given.events === undefined) {
    log.info(
      'events-of-main',
      'No "instance" was given, so events come through the subscription of "main". Where several processes do this, one of them hears each event, and the others find the token within 60 s.',
      { session },
    );
  }
  const who = { worker, instance, session, ...(deployedAs === null ? {} : { deployedAs }) };
  return {
    events: given.events ?? createPubsubSubscription({ project, topic, ...who, log, wait }),
    reports: given.reports ?? createPubsubReportSender({ project, topic: reportsTopic }),
  };
}
