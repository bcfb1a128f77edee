/**
 * Publishes events to a Pub/Sub topic through Google's own client, bounded in time.
 *
 * At least once: a publish that ended with our deadline may still have arrived, and the next run sends
 * the event again. No ordering key: one failed publish would block the key. Never creates the topic.
 * The client is loaded and made once, on first use. Used in the cloud and by the local run with emulators.
 */

import type { PubSub, Topic } from '@google-cloud/pubsub';
import { EventError } from '../errors.ts';
import type { TokenRenewed } from '../lifecycle/events.ts';
import type { EventPublisher } from './event-publisher.ts';
import { encodeTokenRenewed } from './message.ts';
import { openPubsub, type PubsubEndpoint, within } from './pubsub-client.ts';
import { publishError } from './pubsub-failure.ts';

export type PubsubPublisherOptions = {
  /** Id of the Google Cloud project. */
  readonly project: string;
  /** @default "token-renewed" */
  readonly topic?: string;
  /**
   * How long one publish may take, finding credentials and retries included, loading the client not.
   * @default 3000
   */
  readonly timeoutMs?: number;
  /** @default `projects/<project>/secrets/<session>-session/versions/<version>` */
  readonly secretVersionName?: (event: TokenRenewed) => string;
  /** Another endpoint than Google's; the client itself obeys `PUBSUB_EMULATOR_HOST`. */
  readonly client?: PubsubEndpoint;
};

export type PubsubPublisher = EventPublisher & {
  /** Ends the connection, so that a process can end. A later publish makes a new one. */
  readonly close: () => Promise<void>;
};

type Connection = { readonly pubsub: PubSub; readonly topic: Topic };

/** @see https://docs.cloud.google.com/pubsub/docs/publisher */
export function createPubsubPublisher(options: PubsubPublisherOptions): PubsubPublisher {
  const { project, topic = 'token-renewed', timeoutMs = 3000 } = options;
  const secretVersionName =
    options.secretVersionName ??
    ((event) => `projects/${project}/secrets/${event.session}-session/versions/${event.version}`);
  let opened: Promise<Connection> | null = null;

  return {
    async publish(event) {
      const { attributes, data } = encodeTokenRenewed(event, secretVersionName(event));
      const { PubSub: Client } = await import('@google-cloud/pubsub');
      opened ??= connect(Client);
      const used = opened;
      try {
        await within(timeoutMs, async () => {
          const connection = await used;
          await connection.topic.publishMessage({ attributes, data: Buffer.from(data, 'utf8') });
        });
      } catch (thrown) {
        const error =
          thrown instanceof EventError
            ? thrown
            : publishError(thrown, { project, topic }, timeoutMs);
        if (error.code === 'EVENTS_UNAVAILABLE') void discard(used);
        throw error;
      }
    },
    async close() {
      if (opened !== null) await discard(opened);
    },
  };

  async function connect(Client: typeof PubSub): Promise<Connection> {
    const pubsub = await openPubsub(Client, project, options.client);
    return {
      pubsub,
      topic: pubsub.topic(topic, { batching: { maxMessages: 1 }, gaxOpts: { timeout: timeoutMs } }),
    };
  }

  /** The next publish connects anew: a connection that died silently would fail for many minutes. */
  async function discard(used: Promise<Connection>): Promise<void> {
    if (opened === used) opened = null;
    await used.then(({ pubsub }) => pubsub.close()).catch(() => {});
  }
}
