/**
 * Workers' reports over HTTP, to and from the local run's hub.
 *
 * For runs on one machine. Bounded in time, tried once: a report that is lost is followed by the next one.
 * Sent by `worker/`, collected by health-check and keep-alive.
 */

import * as z from 'zod';
import { EventError } from '../errors.ts';
import { hubAddress } from './local.ts';
import { decodeWorkerReport, encodeWorkerReport } from './report-message.ts';
import type { ReportCollector, ReportSender } from './worker-reports.ts';

export type LocalReportsOptions = {
  /** The hub's address for events, that of the publisher. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  /** @default 3000 */
  readonly timeoutMs?: number;
};

const pulledSchema = z.object({
  receivedMessages: z.array(
    z.object({ ackId: z.string(), message: z.object({ data: z.base64() }) }),
  ),
});

/** Somebody's own receiver of events keeps no reports. */
const EMPTY = { receivedMessages: [] };

export function createLocalReportSender(options: LocalReportsOptions): ReportSender {
  return {
    async send(report) {
      const { attributes, data } = encodeWorkerReport(report);
      const message = { attributes, data: Buffer.from(data, 'utf8').toString('base64') };
      await post(options, 'reports', { message });
    },
    async close() {},
  };
}

export function createLocalReportCollector(options: LocalReportsOptions): ReportCollector {
  return {
    async collect(withinMs = options.timeoutMs ?? 3000) {
      const bounded = { ...options, timeoutMs: withinMs };
      const answer = pulledSchema.safeParse(await post(bounded, 'reports/pull', {}, EMPTY));
      if (!answer.success) throw unavailable('answered nonsense to');
      const { receivedMessages } = answer.data;
      const decoded = receivedMessages.map(({ message }) =>
        decodeWorkerReport(Buffer.from(message.data, 'base64')),
      );
      const reports = decoded.flatMap((each) => (each.ok ? [each.report] : []));
      const ackIds = receivedMessages.map(({ ackId }) => ackId);
      return {
        reports,
        unreadable: decoded.length - reports.length,
        async acknowledge() {
          if (ackIds.length > 0) await post(options, 'reports/acknowledge', { ackIds });
        },
      };
    },
  };
}

/** @param absent what it means that there is no such address; without it that is a failure */
async function post(
  options: LocalReportsOptions,
  path: string,
  body: object,
  absent?: unknown,
): Promise<unknown> {
  const { url, timeoutMs = 3000 } = options;
  let response: Response;
  let text: string;
  try {
    response = await options.fetch(hubAddress(url, path), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (error) {
    throw unavailable('could not be reached for', error);
  }
  if (response.status === 404 && absent !== undefined) return absent;
  if (!response.ok) throw unavailable(`answered ${response.status} to`);
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function unavailable(what: string, cause?: unknown): EventError {
  return new EventError(`The event service ${what} workers' reports`, {
    code: 'EVENTS_UNAVAILABLE',
    retryable: true,
    cause,
  });
}
