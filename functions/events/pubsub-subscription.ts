/**
 * Hears of `token-renewed` events through a Pub/Sub subscription of its own, made for one process and
 * deleted with it.
 *
 * The line is kept up without help: whatever ends it, a new one is opened, with the subscription made
 * again where it is gone. Nothing is thrown once `follow` was called. Called by `worker/`.
 */

import type { Message, PubSub, Subscription } from '@google-cloud/pubsub';
import { systemWait, type Wait } from '../clock.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { Log } from '../logging/log.ts';
import { decodeTokenRenewed } from './message.ts';
import { openPubsub, type PubsubEndpoint, within } from './pubsub-client.ts';
import { followError, isNoAnswer, OVERDUE, statusOf } from './pubsub-failure.ts';
import type { Following, FollowOptions, TokenEvents } from './token-events.ts';
import { troubleTeller } from './trouble-teller.ts';

export type PubsubSubscriptionOptions = {
  /** Id of the Google Cloud project. */
  readonly project: string;
  /** @default "token-renewed" */
  readonly topic?: string;
  readonly worker: string;
  /** One running process of the worker: two replicas must not share a subscription. */
  readonly instance: string;
  readonly session: SessionKey;
  readonly log: Log;
  /** Another endpoint than Google's; the client itself obeys `PUBSUB_EMULATOR_HOST`. */
  readonly client?: PubsubEndpoint;
  readonly wait?: Wait;
  /** How often a line that says nothing is looked at. @default 30000 */
  readonly checkEveryMs?: number;
  /** How long one call may take. @default 5000 */
  readonly timeoutMs?: number;
};

/** Before the next try; the last one repeats. The record is polled meanwhile. */
const PAUSES_MS = [250, 1_000, 2_000, 5_000, 10_000, 30_000] as const;

/** A subscription whose process died without a goodbye goes away after this: the shortest there is. */
const EXPIRES_AFTER_SECONDS = 24 * 60 * 60;

/** The shortest there is: a token older than this is found through the record. */
const RETENTION_SECONDS = 10 * 60;

const ACK_DEADLINE_SECONDS = 10;

/** What a subscription is attached to once its topic is gone. */
const DELETED_TOPIC = '_deleted-topic_';

/** gRPC's number for it. */
const NOT_FOUND = 5;

/** A process that wants to end does not wait longer for Pub/Sub. */
const CLOSE_WITHIN_MS = 5_000;

type Line = {
  readonly pubsub: PubSub;
  readonly subscription: Subscription;
  /** Resolves with what ended it; never rejects. */
  readonly broken: Promise<unknown>;
};

/** @see https://docs.cloud.google.com/pubsub/docs/pull#streamingpull_api */
export function createPubsubSubscription(options: PubsubSubscriptionOptions): TokenEvents {
  const { project, session, topic = 'token-renewed', log, wait = systemWait } = options;
  const { checkEveryMs = 30_000, timeoutMs = 5_000 } = options;
  const subscriptionId = subscriptionName([session, options.worker, options.instance]);
  const name = { project, topic, subscription: subscriptionId };

  return { follow };

  function follow(following: FollowOptions): Following {
    const closing = new AbortController();
    const running = keepUp(following, closing.signal);
    let closed: Promise<void> | null = null;
    return {
      close: () => {
        closing.abort();
        closed ??= within(CLOSE_WITHIN_MS, () => running).catch(() => {});
        return closed;
      },
    };
  }

  async function keepUp(following: FollowOptions, closing: AbortSignal): Promise<void> {
    /** It was asked for, and may be there though the answer was lost. */
    const asked = { isMade: false };
    const tell = troubleTeller(following, log);
    let tries = 0;
    while (!closing.aborted) {
      let line: Line | null = null;
      try {
        line = await openLine(following, asked);
        tell(null);
        const ended = await lineEnd(line, closing, () => {
          tries = 0;
        });
        if (!closing.aborted)
          log.debug('events-line-ended', 'The line of events is opened anew.', {
            status: statusOf(ended),
          });
      } catch (thrown) {
        if (!closing.aborted) tell(followError(thrown, name, timeoutMs).message);
      }
      if (closing.aborted && asked.isMade) await remove(line?.pubsub ?? null);
      if (line !== null) await drop(line);
      if (closing.aborted) return;
      await wait(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)] ?? 0, closing);
      tries += 1;
    }
    // Asked to close between two lines.
    if (asked.isMade) await remove(null);
  }

  /** @throws whatever Pub/Sub's client throws */
  async function openLine(following: FollowOptions, asked: { isMade: boolean }): Promise<Line> {
    const { PubSub: Client } = await import('@google-cloud/pubsub');
    let isOverdue = false;
    const open = async (): Promise<Line> => {
      const pubsub = await openPubsub(Client, project, options.client);
      try {
        // What is too late is nobody's line: nothing may be made or heard through it.
        if (isOverdue) throw OVERDUE;
        asked.isMade = true;
        await ensureSubscription(pubsub);
        if (isOverdue) throw OVERDUE;
      } catch (thrown) {
        void pubsub.close().catch(() => {});
        throw thrown;
      }
      const subscription = pubsub.subscription(subscriptionId, {
        // One stream is plenty for a few events a day; the default of five costs memory in every worker.
        streamingOptions: { maxStreams: 1 },
        flowControl: { maxMessages: 100 },
      });
      return { pubsub, subscription, broken: listen(subscription, following) };
    };
    try {
      return await within(timeoutMs * 2, open);
    } catch (thrown) {
      isOverdue = true;
      throw thrown;
    }
  }

  async function ensureSubscription(pubsub: PubSub): Promise<void> {
    try {
      await within(timeoutMs, () =>
        pubsub.createSubscription(topic, subscriptionId, {
          filter: `attributes.session = "${session}"`,
          ackDeadlineSeconds: ACK_DEADLINE_SECONDS,
          messageRetentionDuration: { seconds: RETENTION_SECONDS },
          expirationPolicy: { ttl: { seconds: EXPIRES_AFTER_SECONDS } },
          gaxOpts: once(timeoutMs),
        }),
      );
    } catch (thrown) {
      if (statusOf(thrown) !== 'ALREADY_EXISTS') throw thrown;
    }
  }

  function listen(subscription: Subscription, following: FollowOptions): Promise<unknown> {
    return new Promise((resolve) => {
      // Streams that end in good health are opened again by the client; an error is its end. The listener
      // stays for good: an error that comes late must not end the process.
      subscription.on('error', resolve);
      subscription.on('close', () => resolve(null));
      subscription.on('message', (message: Message) => take(message, following));
    });
  }

  function take(message: Message, following: FollowOptions): void {
    message.ack();
    const decoded = decodeTokenRenewed(message.data);
    if (!decoded.ok) {
      log.warn('event-unreadable', 'An event that cannot be read was skipped.', {
        reason: decoded.reason,
        ...('field' in decoded ? { field: decoded.field } : {}),
      });
      return;
    }
    // Filters are applied by the cloud, not by the emulator.
    if (decoded.event.session !== session) return;
    try {
      following.onEvent(decoded.event);
    } catch (error) {
      log.error('event-not-followed', 'An event could not be followed.', error);
    }
  }

  /** Resolves when the line ends, is found dead, or is no longer wanted. */
  async function lineEnd(line: Line, closing: AbortSignal, onAlive: () => void): Promise<unknown> {
    const over = new AbortController();
    const ended = line.broken.finally(() => over.abort());
    const stop = AbortSignal.any([closing, over.signal]);
    while (!stop.aborted) {
      await wait(checkEveryMs, stop);
      if (stop.aborted) break;
      const problem = await deadness(line);
      if (problem !== null) return problem;
      onAlive();
    }
    return closing.aborted ? null : ended;
  }

  /** A cut cable ends no stream. Any answer but "there is no such subscription" is a sign of life. */
  async function deadness({ pubsub, subscription }: Line): Promise<unknown> {
    try {
      const [{ topic: attached }] = await within(timeoutMs, () =>
        subscription.getMetadata(once(timeoutMs)),
      );
      if (attached !== DELETED_TOPIC) return null;
      // It would never hear of the topic's successor.
      await remove(pubsub);
      return { code: NOT_FOUND };
    } catch (thrown) {
      return isNoAnswer(thrown) || statusOf(thrown) === 'NOT_FOUND' ? thrown : null;
    }
  }

  async function remove(opened: PubSub | null): Promise<void> {
    const timeout = CLOSE_WITHIN_MS / 2;
    try {
      const { PubSub: Client } = await import('@google-cloud/pubsub');
      await within(timeout, async () => {
        const pubsub = opened ?? (await openPubsub(Client, project, options.client));
        await pubsub.subscription(subscriptionId).delete(once(timeout));
        if (opened === null) await pubsub.close();
      });
    } catch (thrown) {
      if (statusOf(thrown) === 'NOT_FOUND') return;
      // It expires by itself.
      log.warn('subscription-not-deleted', 'A subscription is left to expire within a day.', {
        subscription: subscriptionId,
        status: statusOf(thrown),
      });
    }
  }

  async function drop({ subscription, pubsub }: Line): Promise<void> {
    const quietly = (work: () => Promise<unknown>) => within(1_000, work).catch(() => {});
    await quietly(() => subscription.close());
    await quietly(() => pubsub.close());
  }
}

/** We try again ourselves; a call that the client goes on trying would keep a dead connection open. */
function once(timeout: number) {
  return { timeout, retry: null };
}

/**
 * `token-renewed-etrade-prod-orb-bot-host-1`: what Pub/Sub does not allow in a name becomes `-`.
 *
 * @see https://docs.cloud.google.com/pubsub/docs/pubsub-basics#resource_names
 */
export function subscriptionName(parts: readonly string[]): string {
  return ['token-renewed', ...parts]
    .join('-')
    .replaceAll(/[^A-Za-z0-9\-._~]/g, '-')
    .slice(0, 255);
}
