/**
 * Publishes events over HTTP, in the form in which Pub/Sub pushes a message to its subscribers.
 *
 * For runs on one machine, where the local run's hub passes events on. Tries once: what was not
 * delivered stays in the session's record and goes out with the next run.
 */

import type { Random } from '../clock.ts';
import { EventError } from '../errors.ts';
import type { EventPublisher } from './event-publisher.ts';
import { encodeTokenRenewed } from './message.ts';

export type LocalPublisherOptions = {
  /** Where the push is posted to. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly random: Random;
  /** @default 3000 */
  readonly timeoutMs?: number;
  /** Project in the names of secret version and subscription. @default "local" */
  readonly project?: string;
};

/** The address of a part of the hub, whose own may end with a slash. */
export function hubAddress(url: string, path: string): string {
  return `${url.replace(/\/+$/, '')}/${path}`;
}

/** Answers that will not change by trying again: nobody listens there, or not to us. */
const REFUSALS = new Set([403, 404]);

/** @see https://docs.cloud.google.com/pubsub/docs/push#receive_push */
export function createLocalPublisher(options: LocalPublisherOptions): EventPublisher {
  const { url, random, timeoutMs = 3000, project = 'local' } = options;

  return {
    async publish(event) {
      const { attributes, data } = encodeTokenRenewed(
        event,
        `projects/${project}/secrets/${event.session}-session/versions/${event.version}`,
      );
      const push = {
        message: {
          messageId: Buffer.from(random(8)).readBigUInt64BE().toString(),
          attributes,
          data: Buffer.from(data, 'utf8').toString('base64'),
        },
        subscription: `projects/${project}/subscriptions/token-renewed-local`,
      };
      const status = await post(push);
      if (status >= 200 && status < 300) return;
      const refused = REFUSALS.has(status);
      throw new EventError(`The event service answered ${status} to a "token-renewed" event`, {
        code: refused ? 'EVENTS_REFUSED' : 'EVENTS_UNAVAILABLE',
        retryable: !refused,
      });
    },
  };

  async function post(push: unknown): Promise<number> {
    try {
      const response = await options.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(push),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      throw new EventError(
        `The event service could not be reached, or did not answer within ${timeoutMs} ms`,
        {
          code: 'EVENTS_UNAVAILABLE',
          retryable: true,
          cause: error,
        },
      );
    }
  }
}
