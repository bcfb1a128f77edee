/**
 * Hears of `token-renewed` events through a Pub/Sub subscription: the one that Terraform made for this
 * instance, else one of its own, made for one process and deleted with it, where that is allowed.
 *
 * The line is kept up without help: whatever ends it, a new one is opened. Without a subscription that is
 * said once, and looked for again now and then. Nothing is thrown once `follow` was called.
 */

import type { Message, PubSub, Subscription } from '@google-cloud/pubsub';
import { systemWait, type Wait } from '../clock.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { Log } from '../logging/log.ts';
import { decodeTokenRenewed } from './message.ts';
import { accountOf, openPubsub, type PubsubEndpoint, within } from './pubsub-client.ts';
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
  /** The instance that Terraform knows this process by. @default "main" */
  readonly deployedAs?: string;
  /** Name of the service account. @default what Google's credentials say */
  readonly account?: string;
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

/** How often it is looked whether there is a subscription by now: a deployment may bring one. */
const LOOK_AGAIN_MS = 5 * 60_000;

/** What a subscription is attached to once its topic is gone. */
const DELETED_TOPIC = '_deleted-topic_';

/** In gRPC's number for it. */
const TOPIC_GONE: unknown = { code: 5 };

/** A process that wants to end does not wait longer for Pub/Sub. */
const CLOSE_WITHIN_MS = 5_000;

type Line = {
  readonly pubsub: PubSub;
  readonly subscription: Subscription;
  readonly isOwn: boolean;
  /** Resolves with what ended it; never rejects. */
  readonly broken: Promise<unknown>;
};

/** @see https://docs.cloud.google.com/pubsub/docs/pull#streamingpull_api */
export function createPubsubSubscription(options: PubsubSubscriptionOptions): TokenEvents {
  const { project, session, topic = 'token-renewed', log, wait = systemWait } = options;
  const { checkEveryMs = 30_000, timeoutMs = 5_000 } = options;
  const ownId = subscriptionName([session, options.worker, options.instance]);
  const name = { project, topic, subscription: ownId };
  const { deployedAs = 'main' } = options;

  const lookingOnly = `Instance "${deployedAs}" has no subscription for ${session}, so it looks for new tokens every 60 s. To hear of them at once, add it to "worker_accounts" of infra/gcp`;
  let isLookingSaid = false;

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
        if (line === null) {
          tell(lookingOnly);
          if (!isLookingSaid) log.warn('events-not-subscribed', `${lookingOnly}.`);
          isLookingSaid = true;
          await wait(LOOK_AGAIN_MS, closing);
          continue;
        }
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

  /**
   * @returns `null` where there is no subscription and none may be made
   * @throws whatever Pub/Sub's client throws
   */
  async function openLine(
    following: FollowOptions,
    asked: { isMade: boolean },
  ): Promise<Line | null> {
    const { PubSub: Client } = await import('@google-cloud/pubsub');
    let isOverdue = false;
    const open = async (): Promise<Line | null> => {
      const pubsub = await openPubsub(Client, project, options.client);
      let id: string | null = null;
      try {
        const account = options.account ?? (await accountOf(pubsub, timeoutMs));
        // It came too late to be used: nothing may be made or heard through it.
        if (isOverdue) throw OVERDUE;
        id = account === null ? null : await deployedSubscription(pubsub, account);
        if (isOverdue) throw OVERDUE;
        id ??= await ownSubscription(pubsub, asked);
        if (isOverdue) throw OVERDUE;
      } catch (thrown) {
        void pubsub.close().catch(() => {});
        throw thrown;
      }
      if (id === null) {
        void pubsub.close().catch(() => {});
        return null;
      }
      const subscription = pubsub.subscription(id, {
        // One stream is plenty for a few events a day; the default of five costs memory in every worker.
        streamingOptions: { maxStreams: 1 },
        flowControl: { maxMessages: 100 },
      });
      const broken = listen(subscription, following);
      return { pubsub, subscription, isOwn: id === ownId, broken };
    };
    try {
      return await within(timeoutMs * 2, open);
    } catch (thrown) {
      isOverdue = true;
      throw thrown;
    }
  }

  /** The one that Terraform made: never made and never deleted here. */
  async function deployedSubscription(pubsub: PubSub, account: string): Promise<string | null> {
    const id = deployedSubscriptionName({ topic, session, account, instance: deployedAs });
    try {
      const [{ topic: attached }] = await within(timeoutMs, () =>
        pubsub.subscription(id).getMetadata(once(timeoutMs)),
      );
      if (attached !== DELETED_TOPIC) return id;
    } catch (thrown) {
      // Of what is not there Pub/Sub may say either.
      if (['NOT_FOUND', 'PERMISSION_DENIED'].includes(statusOf(thrown) ?? '')) return null;
      throw thrown;
    }
    // It would never hear of the topic's successor.
    throw TOPIC_GONE;
  }

  async function ownSubscription(
    pubsub: PubSub,
    asked: { isMade: boolean },
  ): Promise<string | null> {
    const before = asked.isMade;
    asked.isMade = true;
    try {
      await within(timeoutMs, () =>
        pubsub.createSubscription(topic, ownId, {
          filter: `attributes.session = "${session}"`,
          ackDeadlineSeconds: ACK_DEADLINE_SECONDS,
          messageRetentionDuration: { seconds: RETENTION_SECONDS },
          expirationPolicy: { ttl: { seconds: EXPIRES_AFTER_SECONDS } },
          gaxOpts: once(timeoutMs),
        }),
      );
    } catch (thrown) {
      const status = statusOf(thrown);
      if (status === 'PERMISSION_DENIED') {
        asked.isMade = before;
        return null;
      }
      if (status !== 'ALREADY_EXISTS') throw thrown;
    }
    return ownId;
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
  async function deadness({ pubsub, subscription, isOwn }: Line): Promise<unknown> {
    try {
      const [{ topic: attached }] = await within(timeoutMs, () =>
        subscription.getMetadata(once(timeoutMs)),
      );
      if (attached !== DELETED_TOPIC) return null;
      // It would never hear of the topic's successor.
      if (isOwn) await remove(pubsub);
      return TOPIC_GONE;
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
        await pubsub.subscription(ownId).delete(once(timeout));
        if (opened === null) await pubsub.close();
      });
    } catch (thrown) {
      if (statusOf(thrown) === 'NOT_FOUND') return;
      // It expires by itself.
      log.warn('subscription-not-deleted', 'A subscription is left to expire within a day.', {
        subscription: ownId,
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
 * `token-renewed~etrade-prod~tc-worker~main`: the one rule for the subscriptions that infra/gcp makes. `~` is
 * in no part, so that no two instances share a name.
 */
export function deployedSubscriptionName(of: {
  readonly topic: string;
  readonly session: SessionKey;
  readonly account: string;
  readonly instance: string;
}): string {
  return [of.topic, of.session, of.account, of.instance].join('~');
}

/**
 * `token-renewed-etrade-prod-orb-bot-host-1`, a process's own: what Pub/Sub does not allow in a name becomes `-`.
 *
 * @see https://docs.cloud.google.com/pubsub/docs/pubsub-basics#resource_names
 */
export function subscriptionName(parts: readonly string[]): string {
  return ['token-renewed', ...parts]
    .join('-')
    .replaceAll(/[^A-Za-z0-9\-._~]/g, '-')
    .slice(0, 255);
}
