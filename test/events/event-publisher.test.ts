import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe } from 'vitest';
import { systemRandom } from '../../functions/clock.ts';
import { createLocalPublisher } from '../../functions/events/local.ts';
import { createPubsubPublisher } from '../../functions/events/pubsub.ts';
import type { PubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import {
  describeEventPublisher,
  type ReceivedEvent,
} from '../contracts/event-publisher.contract.ts';
import { createMemoryPublisher } from '../fixtures/memory-publisher.ts';
import {
  HAS_PUBSUB_EMULATOR,
  newPubsubProject,
  openPubsubEmulator,
} from '../fixtures/pubsub-emulator.ts';
import { openTcpGate } from '../fixtures/tcp-gate.ts';

/** Enough for a new client's first publish on a busy machine. */
const TIMEOUT_MS = 2_000;
/** Far above the timeout, for machines that are busy, and far below a client's own minute. */
const PATIENCE_MS = 8_000;

/** Takes everything that has come by now; the publishers of these two have no delay of their own. */
function taking(arrived: ReceivedEvent[]): () => Promise<readonly ReceivedEvent[]> {
  return async () => arrived.splice(0);
}

describeEventPublisher('the memory fixture', async () => {
  const publisher = createMemoryPublisher();
  let read = 0;
  return {
    publisher,
    patienceMs: PATIENCE_MS,
    receive: async () => {
      const messages = publisher.messages.slice(read);
      read = publisher.messages.length;
      return messages;
    },
    refuse: async () => publisher.failWith('EVENTS_REFUSED'),
    vanish: async () => publisher.failWith('EVENTS_UNAVAILABLE'),
    mend: async () => publisher.failWith(null),
    close: async () => {},
  };
});

describeEventPublisher('local, over HTTP', async () => {
  const arrived: ReceivedEvent[] = [];
  let status: 204 | 404 | null = 204;
  const server = createServer(async (request, response) => {
    const push = JSON.parse(Buffer.concat(await request.toArray()).toString()) as {
      message: { attributes: Record<string, string>; data: string };
    };
    if (status === null) return;
    if (status === 204) {
      const { attributes, data } = push.message;
      arrived.push({ attributes, data: Buffer.from(data, 'base64').toString() });
    }
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    publisher: createLocalPublisher({
      url: `http://127.0.0.1:${port}/push`,
      fetch: globalThis.fetch,
      random: systemRandom,
      timeoutMs: 500,
    }),
    patienceMs: PATIENCE_MS,
    receive: taking(arrived),
    refuse: async () => {
      status = 404;
    },
    vanish: async () => {
      status = null;
    },
    mend: async () => {
      status = 204;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
});

describe.skipIf(!HAS_PUBSUB_EMULATOR)("on Google's emulator", () => {
  let emulator: PubsubEmulator;

  beforeAll(async () => {
    emulator = await openPubsubEmulator();
  });

  afterAll(async () => {
    // There is none when it did not start.
    await emulator?.stop();
  });

  describeEventPublisher('Pub/Sub', async () => {
    const pubsub = newPubsubProject(emulator.host);
    const gate = await openTcpGate(emulator.host);
    const setUp = async (): Promise<void> => {
      await pubsub.createTopic('token-renewed');
      await pubsub.createSubscription('worker', 'token-renewed');
    };
    await setUp();
    let refusing = false;
    const publisher = createPubsubPublisher({
      project: pubsub.project,
      timeoutMs: TIMEOUT_MS,
      client: { apiEndpoint: gate.host },
    });
    return {
      publisher,
      patienceMs: PATIENCE_MS,
      receive: (count) => pubsub.take('worker', count),
      refuse: async () => {
        refusing = true;
        await pubsub.deleteSubscription('worker');
        await pubsub.deleteTopic('token-renewed');
      },
      vanish: async () => gate.become('silent'),
      mend: async () => {
        gate.become('open');
        if (refusing) await setUp();
      },
      close: async () => {
        await publisher.close();
        await gate.close();
      },
    };
  });
});
