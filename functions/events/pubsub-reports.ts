/**
 * Workers' reports over Pub/Sub: sent to a topic, collected from one pull subscription.
 *
 * Bounded in time; never creates topic or subscription. The client is loaded and made once, on first use.
 * Sent by `worker/`, collected by health-check and keep-alive.
 */

import type { PubSub, Topic } from '@google-cloud/pubsub';
import * as z from 'zod';
import { EventError } from '../errors.ts';
import type { WorkerHeartbeat } from '../lifecycle/worker-report.ts';
import { openPubsub, type PubsubEndpoint, within } from './pubsub-client.ts';
import { collectError, isNoAnswer, publishError, statusOf } from './pubsub-failure.ts';
import { decodeWorkerReport, encodeWorkerReport } from './report-message.ts';
import type { ReportCollector, ReportSender } from './worker-reports.ts';

export type PubsubReportSenderOptions = {
  /** Id of the Google Cloud project. */
  readonly project: string;
  /** @default "worker-reports" */
  readonly topic?: string;
  /** How long one report may take, loading the client not included. @default 3000 */
  readonly timeoutMs?: number;
  /** Another endpoint than Google's; the client itself obeys `PUBSUB_EMULATOR_HOST`. */
  readonly client?: PubsubEndpoint;
};

export type PubsubReportCollectorOptions = {
  readonly project: string;
  /** @default "worker-reports-health" */
  readonly subscription?: string;
  /** How long one collection may take; one that finds nothing takes as long. @default 2000 */
  readonly timeoutMs?: number;
  readonly client?: PubsubEndpoint;
};

export type PubsubReportCollector = ReportCollector & {
  /** Ends the connection, so that a process can end. A later collection makes a new one. */
  readonly close: () => Promise<void>;
};

/** In one collection: three reports each of more than a hundred workers. */
const REPORTS_MAX = 500;

/** Once something came, more comes at once or not at all. */
const FURTHER_WITHIN_MS = 300;

/** Between the end of a hurried pull and its caller's patience. */
const HURRY_MARGIN_MS = 100;

const WORKER = { message: "a worker's report", caller: "the worker's service account" };

/** @see https://docs.cloud.google.com/pubsub/docs/publisher */
export function createPubsubReportSender(options: PubsubReportSenderOptions): ReportSender {
  const { project, topic = 'worker-reports', timeoutMs = 3000 } = options;
  const connection = createConnection(options);
  let opened: { readonly pubsub: PubSub; readonly topic: Topic } | null = null;

  return {
    async send(report: WorkerHeartbeat) {
      const { attributes, data } = encodeWorkerReport(report);
      try {
        await connection.use(timeoutMs, async (pubsub) => {
          if (opened?.pubsub !== pubsub) {
            const batching = { maxMessages: 1 };
            const gaxOpts = { timeout: timeoutMs };
            opened = { pubsub, topic: pubsub.topic(topic, { batching, gaxOpts }) };
          }
          await opened.topic.publishMessage({ attributes, data: Buffer.from(data, 'utf8') });
        });
      } catch (thrown) {
        throw thrown instanceof EventError
          ? thrown
          : publishError(thrown, { project, topic }, timeoutMs, WORKER);
      }
    },
    close: connection.close,
  };
}

const pulledSchema = z.object({
  receivedMessages: z
    .array(
      z.object({
        ackId: z.string(),
        message: z.object({ data: z.union([z.instanceof(Uint8Array), z.string()]).nullish() }),
      }),
    )
    .nullish(),
});

type Pulled = { readonly ackId: string; readonly data: Uint8Array | string };

/** @see https://docs.cloud.google.com/pubsub/docs/pull#unary_pull */
export function createPubsubReportCollector(
  options: PubsubReportCollectorOptions,
): PubsubReportCollector {
  const { project, subscription = 'worker-reports-health', timeoutMs = 2000 } = options;
  const name = `projects/${project}/subscriptions/${subscription}`;
  const connection = createConnection(options);
  const inOurWords = (thrown: unknown) =>
    collectError(thrown, { project, subscription }, timeoutMs);

  return {
    async collect(withinMs) {
      let pulled: readonly Pulled[];
      try {
        pulled = await connection.use(withinMs ?? timeoutMs * 2, (pubsub) =>
          pullAll(pubsub, withinMs),
        );
      } catch (thrown) {
        throw inOurWords(thrown);
      }
      const decoded = pulled.map(({ data }) => decodeWorkerReport(data));
      const reports = decoded.flatMap((each) => (each.ok ? [each.report] : []));
      return {
        reports,
        unreadable: decoded.length - reports.length,
        acknowledge: () => acknowledge(pulled.map(({ ackId }) => ackId)),
      };
    },
    close: connection.close,
  };

  /** One answer seldom holds all that waits, so it is asked until nothing comes. */
  async function pullAll(pubsub: PubSub, withinMs?: number): Promise<readonly Pulled[]> {
    const all: Pulled[] = [];
    // In a hurry the first answer is all: what else waits comes to the next caller.
    if (withinMs !== undefined)
      return pullOnce(pubsub, REPORTS_MAX, true, withinMs - HURRY_MARGIN_MS);
    while (all.length < REPORTS_MAX) {
      const further = await pullOnce(pubsub, REPORTS_MAX - all.length, all.length === 0);
      if (further.length === 0) break;
      all.push(...further);
    }
    return all;
  }

  /** The service answers when there is something; nothing within the deadline means that nothing waits. */
  async function pullOnce(
    pubsub: PubSub,
    maxMessages: number,
    isFirst: boolean,
    hurryMs?: number,
  ): Promise<readonly Pulled[]> {
    const timeout = hurryMs ?? (isFirst ? timeoutMs : FURTHER_WITHIN_MS);
    try {
      const answer = await call(pubsub, 'pull', { subscription: name, maxMessages }, timeout);
      const { receivedMessages } = pulledSchema.parse(answer);
      return (receivedMessages ?? []).map(({ ackId, message }) => ({
        ackId,
        data: message.data ?? '',
      }));
    } catch (thrown) {
      const isSilent = statusOf(thrown) === 'DEADLINE_EXCEEDED';
      if (isSilent && (hurryMs !== undefined || (await isThere(pubsub, isFirst)))) return [];
      if (!isFirst && isNoAnswer(thrown)) return [];
      throw thrown;
    }
  }

  /** Silence of an empty subscription, or of a dead line? Acknowledging nothing known is answered at once. */
  async function isThere(pubsub: PubSub, isFirst: boolean): Promise<boolean> {
    if (!isFirst) return true;
    try {
      await call(pubsub, 'acknowledge', { subscription: name, ackIds: ['none'] }, timeoutMs / 2);
      return true;
    } catch (thrown) {
      return statusOf(thrown) === 'INVALID_ARGUMENT';
    }
  }

  async function acknowledge(ackIds: readonly string[]): Promise<void> {
    if (ackIds.length === 0) return;
    try {
      await connection.use(timeoutMs, (pubsub) =>
        call(pubsub, 'acknowledge', { subscription: name, ackIds }, timeoutMs),
      );
    } catch (thrown) {
      throw inOurWords(thrown);
    }
  }
}

function call(pubsub: PubSub, method: string, reqOpts: object, timeout: number): Promise<unknown> {
  const gaxOpts = { timeout, retry: null };
  const config = { client: 'SubscriberClient', method, reqOpts, gaxOpts } as const;
  return within(
    timeout + 200,
    () =>
      new Promise((resolve, reject) => {
        pubsub.request<unknown>(config, (error, answer) => {
          if (error === null) resolve(answer);
          else reject(error);
        });
      }),
  );
}

/** One client for many calls, made anew after a call that had no answer. */
function createConnection(options: { readonly project: string; readonly client?: PubsubEndpoint }) {
  let opened: Promise<PubSub> | null = null;

  async function discard(used: Promise<PubSub>): Promise<void> {
    if (opened === used) opened = null;
    await used.then((pubsub) => pubsub.close()).catch(() => {});
  }

  return {
    async use<T>(timeoutMs: number, work: (pubsub: PubSub) => Promise<T>): Promise<T> {
      const { PubSub: Client } = await import('@google-cloud/pubsub');
      opened ??= openPubsub(Client, options.project, options.client);
      const used = opened;
      try {
        return await within(timeoutMs, async () => work(await used));
      } catch (thrown) {
        if (thrown instanceof EventError || isNoAnswer(thrown)) void discard(used);
        throw thrown;
      }
    },
    async close(): Promise<void> {
      if (opened !== null) await discard(opened);
    },
  };
}
