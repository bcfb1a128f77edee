import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { decodeTokenRenewed } from '../../functions/events/message.ts';
import { createPubsubPublisher } from '../../functions/events/pubsub.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { renewSessions } from '../../functions/operations/renew-sessions.ts';
import type { PubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import {
  HAS_PUBSUB_EMULATOR,
  newPubsubProject,
  openPubsubEmulator,
  type PulledMessage,
} from '../fixtures/pubsub-emulator.ts';
import { createTestSystem } from '../fixtures/system.ts';
import { openTcpGate } from '../fixtures/tcp-gate.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';
import { anEvent } from '../fixtures/tokens.ts';

const KEY = 'etrade-prod';
const TOPIC = 'token-renewed';
/** Enough for a new client's first publish on a busy machine. */
const TIMEOUT_MS = 2_000;

const generationOf = ({ data }: PulledMessage): number => {
  const decoded = decodeTokenRenewed(data);
  if (!decoded.ok) throw new Error(`an event that does not read: ${decoded.reason}`);
  return decoded.event.generation;
};

/** What SCHEMA.md asks of a consumer: only what is newer than all it has seen. */
function consumer(): (message: PulledMessage) => 'taken' | 'ignored' {
  let newest = 0;
  return (message) => {
    const generation = generationOf(message);
    if (generation <= newest) return 'ignored';
    newest = generation;
    return 'taken';
  };
}

describe.skipIf(!HAS_PUBSUB_EMULATOR)("events through Google's Pub/Sub emulator", () => {
  let emulator: PubsubEmulator;

  beforeAll(async () => {
    emulator = await openPubsubEmulator();
  });

  afterAll(async () => {
    // There is none when it did not start.
    await emulator?.stop();
  });

  /** A project with the topic and a worker's subscription, a publisher, and a gate between them. */
  async function setUp(topicSettings: Record<string, unknown> = {}) {
    const pubsub = newPubsubProject(emulator.host);
    const gate = await openTcpGate(emulator.host);
    const publisher = createPubsubPublisher({
      project: pubsub.project,
      timeoutMs: TIMEOUT_MS,
      client: { apiEndpoint: gate.host },
    });
    onTestFinished(async () => {
      await publisher.close();
      await gate.close();
    });
    const create = async (): Promise<void> => {
      await pubsub.createTopic(TOPIC, topicSettings);
      await pubsub.createSubscription('worker', TOPIC);
    };
    const remove = async (): Promise<void> => {
      await pubsub.deleteSubscription('worker');
      await pubsub.deleteTopic(TOPIC);
    };
    return { pubsub, gate, publisher, create, remove };
  }

  it('have no ordering key: one that cannot be sent holds no other back', async () => {
    const { pubsub, publisher, create } = await setUp();
    await create();
    await publisher.publish(anEvent());
    expect(await pubsub.take('worker', 1)).toMatchObject([{ orderingKey: null }]);
  });

  it('wait for a topic that is missing, which health names, and go out once it is there', async () => {
    const { pubsub, publisher, create } = await setUp();
    const world = createTestSystem({ sessions: [{ key: KEY }], events: publisher });
    expect(await world.signIn()).toMatchObject({ ok: true, follow: 'queued' });
    const report = await checkHealth(world.system);
    expect(report.problems).toEqual([
      `${KEY}: 1 event(s) not delivered to workers yet: the topic "${TOPIC}" is missing in project "${pubsub.project}": create it by applying infra/gcp.`,
    ]);
    await create();
    expect((await checkHealth(world.system)).problems).toEqual([]);
    expect((await pubsub.take('worker', 1)).map(generationOf)).toEqual([1]);
    expect((await world.record()).undelivered).toEqual([]);
  });

  it('survive a topic that is deleted and made again', async () => {
    const { pubsub, publisher, create, remove } = await setUp();
    await create();
    await publisher.publish(anEvent({ generation: 1 }));
    expect((await pubsub.take('worker', 1)).map(generationOf)).toEqual([1]);
    await remove();
    await expect(publisher.publish(anEvent({ generation: 2 }))).rejects.toMatchObject({
      code: 'EVENTS_REFUSED',
      message: expect.stringContaining(`"${TOPIC}" is missing`),
    });
    await create();
    await publisher.publish(anEvent({ generation: 2 }));
    expect((await pubsub.take('worker', 1)).map(generationOf)).toEqual([2]);
  });

  it('are refused by name where the topic has a schema of its own', async () => {
    const schema = { type: 'record', name: 'Other', fields: [{ name: 'other', type: 'string' }] };
    const { pubsub, publisher } = await setUp();
    await pubsub.createSchema('other', schema);
    await pubsub.createTopic(TOPIC, {
      schemaSettings: { schema: `projects/${pubsub.project}/schemas/other`, encoding: 'JSON' },
    });
    await expect(publisher.publish(anEvent())).rejects.toMatchObject({
      code: 'EVENTS_REFUSED',
      message: expect.stringContaining(`The topic "${TOPIC}"`),
    });
  });

  it('wait for an hour without Pub/Sub, and go out with the next run, once', async () => {
    const { pubsub, gate, publisher, create } = await setUp();
    await create();
    const world = createTestSystem({ sessions: [{ key: KEY }], events: publisher });
    gate.become('reset');
    expect(await world.signIn()).toMatchObject({ ok: true, follow: 'queued' });
    world.clock.advance(30 * MINUTE_MS);
    expect((await checkHealth(world.system)).problems).toEqual([
      `${KEY}: 1 event(s) not delivered to workers yet: the event service could not be reached, or did not answer within ${TIMEOUT_MS} ms.`,
    ]);
    world.clock.advance(30 * MINUTE_MS);
    const { outcomes } = await renewSessions(world.system, null, 'due');
    expect(outcomes).toMatchObject([{ delivered: false }]);
    gate.become('open');
    await renewSessions(world.system, null, 'due');
    expect((await checkHealth(world.system)).problems).toEqual([]);
    expect((await pubsub.take('worker', 1)).map(generationOf)).toEqual([1]);
  });

  it('come twice when the answer to a publish is lost, and a worker takes the first', async () => {
    const { pubsub, gate, publisher, create } = await setUp();
    await create();
    const world = createTestSystem({ sessions: [{ key: KEY }], events: publisher });
    // Connected beforehand: a new connection needs answers before it can send.
    await publisher.publish(anEvent({ generation: 99 }));
    await pubsub.take('worker', 1);
    gate.become('answers-lost');
    expect(await world.signIn()).toMatchObject({ ok: true, follow: 'queued' });
    gate.become('open');
    await checkHealth(world.system);
    const messages = await pubsub.take('worker', 2);
    expect(messages.map(generationOf)).toEqual([1, 1]);
    expect(messages.map(consumer())).toEqual(['taken', 'ignored']);
  });

  it('are taken in any order, and only the newest counts', async () => {
    const { pubsub, publisher, create } = await setUp();
    await create();
    for (const generation of [3, 1, 3, 2, 4]) await publisher.publish(anEvent({ generation }));
    const messages = await pubsub.take('worker', 5);
    const take = consumer();
    const taken = messages.filter((message) => take(message) === 'taken').map(generationOf);
    expect(taken.at(-1)).toBe(4);
    expect(taken).toEqual([...new Set(taken)].sort((a, b) => a - b));
  });

  it('go to the dead-letter topic, whole, once a worker has failed five times', async () => {
    const { pubsub, publisher } = await setUp();
    await pubsub.createTopic(TOPIC);
    await pubsub.createTopic('token-renewed-dead');
    await pubsub.createSubscription('dead', 'token-renewed-dead');
    await pubsub.createSubscription('worker', TOPIC, {
      deadLetterPolicy: {
        deadLetterTopic: `projects/${pubsub.project}/topics/token-renewed-dead`,
        maxDeliveryAttempts: 5,
      },
    });
    await publisher.publish(anEvent());
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const messages = await pubsub.pull('worker', 1);
      expect(messages).toMatchObject([{ deliveryAttempt: attempt }]);
      await pubsub.reject('worker', messages);
    }
    expect(await pubsub.pullNow('worker')).toEqual([]);
    const dead = await pubsub.take('dead', 1);
    expect(dead.map(generationOf)).toEqual([7]);
    expect(dead[0]?.attributes).toMatchObject({
      session: 'etrade-sandbox',
      type: 'token-renewed',
      CloudPubSubDeadLetterSourceDeliveryCount: '5',
      CloudPubSubDeadLetterSourceSubscription: 'worker',
    });
  });
});
