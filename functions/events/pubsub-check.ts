/**
 * Whether the Pub/Sub topic is there and takes events from this caller.
 *
 * A connection of its own for each question, closed after it. Asks for the permission first, since whoever
 * may publish need not be allowed to look at the topic. Made by `compose.ts` for the command line.
 */

import type { PubSub, Topic } from '@google-cloud/pubsub';
import { EventError } from '../errors.ts';
import type { EventCheck } from './event-check.ts';
import { openPubsub, type PubsubEndpoint, within } from './pubsub-client.ts';
import { publishError, statusOf } from './pubsub-failure.ts';
import { encodeRehearsal } from './rehearsal.ts';

export type PubsubCheckOptions = {
  readonly project: string;
  readonly topic: string;
  /** @default 5000 */
  readonly timeoutMs?: number;
  readonly client?: PubsubEndpoint;
};

const MAY_PUBLISH = 'pubsub.topics.publish';

export function createPubsubCheck(options: PubsubCheckOptions): EventCheck {
  const { project, topic: name, timeoutMs = 5_000 } = options;

  async function ask(work: (topic: Topic) => Promise<void>): Promise<void> {
    const { PubSub: Client } = await import('@google-cloud/pubsub');
    let pubsub: PubSub | null = null;
    try {
      pubsub = await openPubsub(Client, project, options.client);
      const topic = pubsub.topic(name, {
        batching: { maxMessages: 1 },
        gaxOpts: { timeout: timeoutMs },
      });
      await within(timeoutMs, () => work(topic));
    } catch (thrown) {
      if (thrown instanceof EventError) throw thrown;
      throw publishError(thrown, { project, topic: name }, timeoutMs);
    } finally {
      await pubsub?.close().catch(() => {});
    }
  }

  return {
    check: () =>
      ask(async (topic) => {
        if (await mayPublish(topic)) return;
        // For a topic that does not exist the answer is "no permission" as well: this tells them apart.
        await topic.getMetadata({ timeout: timeoutMs });
        if (pubsubIsEmulated(topic)) return;
        throw publishError({ code: 7 }, { project, topic: name }, timeoutMs);
      }),
    rehearse: (session) =>
      ask(async (topic) => {
        const { attributes, data } = encodeRehearsal(session);
        await topic.publishMessage({ attributes, data: Buffer.from(data, 'utf8') });
      }),
  };
}

async function mayPublish(topic: Topic): Promise<boolean> {
  try {
    const [answer] = await topic.iam.testPermissions(MAY_PUBLISH);
    return answer[MAY_PUBLISH] === true;
  } catch (thrown) {
    // The emulator knows no permissions.
    if (statusOf(thrown) === 'UNIMPLEMENTED') return false;
    throw thrown;
  }
}

function pubsubIsEmulated(topic: Topic): boolean {
  const { parent } = topic;
  return 'isEmulator' in parent && parent.isEmulator === true;
}
