import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { EventError } from '../../functions/errors.ts';
import {
  createPubsubReportCollector,
  createPubsubReportSender,
} from '../../functions/events/pubsub-reports.ts';
import type { PubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import { openGrpcServer } from '../fixtures/grpc-server.ts';
import {
  HAS_PUBSUB_EMULATOR,
  newPubsubProject,
  openPubsubEmulator,
} from '../fixtures/pubsub-emulator.ts';
import { ny } from '../fixtures/records.ts';
import { openTcpGate } from '../fixtures/tcp-gate.ts';
import { aReport } from '../fixtures/worker-reports.ts';

const TOPIC = 'worker-reports';
const SUBSCRIPTION = 'worker-reports-health';
const TIMEOUT_MS = 1_000;

function partsAt(apiEndpoint: string, project = 'my-project') {
  const options = { project, timeoutMs: TIMEOUT_MS, client: { apiEndpoint } };
  const sender = createPubsubReportSender({ ...options, timeoutMs: 5_000 });
  const collector = createPubsubReportCollector(options);
  onTestFinished(async () => {
    await sender.close();
    await collector.close();
  });
  return { sender, collector };
}

async function failureOf(promise: Promise<unknown>): Promise<EventError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EventError);
  return error as EventError;
}

describe("Pub/Sub's refusal", () => {
  it.each([
    {
      status: 5,
      says: 'The subscription "worker-reports-health" is missing in project "my-project"',
    },
    { status: 7, says: 'grant "roles/pubsub.subscriber"' },
  ])(
    'of a collection names the subscription and what to do ($status)',
    async ({ status, says }) => {
      const server = await openGrpcServer({ status, message: 'canary' });
      const error = await failureOf(partsAt(server.host).collector.collect());
      expect(error).toMatchObject({ code: 'EVENTS_REFUSED', retryable: false });
      expect(error.message).toContain(says);
      expect(server.calls).toHaveLength(1);
    },
  );

  it.each([
    { status: 5, says: 'The topic "worker-reports" is missing' },
    { status: 7, says: "to the worker's service account" },
    { status: 3, says: "does not take this worker's report" },
  ])('of a report names the topic and what to do ($status)', async ({ status, says }) => {
    const server = await openGrpcServer({ status });
    const error = await failureOf(partsAt(server.host).sender.send(aReport()));
    expect(error).toMatchObject({ code: 'EVENTS_REFUSED', retryable: false });
    expect(error.message).toContain(says);
  });
});

describe('a line that is dead', () => {
  it('is not mistaken for an empty subscription, and costs no more than its time', async () => {
    const server = await openGrpcServer('silence');
    const startedAt = performance.now();
    const error = await failureOf(partsAt(server.host).collector.collect());
    expect(error).toMatchObject({ code: 'EVENTS_UNAVAILABLE', retryable: true });
    expect(performance.now() - startedAt).toBeLessThan(4 * TIMEOUT_MS);
  });
});

describe.skipIf(!HAS_PUBSUB_EMULATOR)("reports through Google's emulator", () => {
  let emulator: PubsubEmulator;

  beforeAll(async () => {
    emulator = await openPubsubEmulator();
  });

  afterAll(async () => {
    await emulator?.stop();
  });

  async function setUp() {
    const pubsub = newPubsubProject(emulator.host);
    await pubsub.createTopic(TOPIC);
    await pubsub.createSubscription(SUBSCRIPTION, TOPIC);
    const gate = await openTcpGate(emulator.host);
    onTestFinished(() => gate.close());
    return { pubsub, gate, ...partsAt(gate.host, pubsub.project) };
  }

  it('are collected as they were sent, with attributes to filter by', async () => {
    const { pubsub, sender, collector } = await setUp();
    await pubsub.createSubscription('look', TOPIC);
    const reports = ['09:03', '09:08'].map((time) => aReport({ at: ny(time) }));
    for (const report of reports) await sender.send(report);
    const collected = await collector.collect();
    expect([...collected.reports].sort((a, b) => a.at - b.at)).toEqual(reports);
    expect((await pubsub.take('look', 2)).map(({ attributes }) => attributes)).toContainEqual({
      session: 'etrade-sandbox',
      worker: 'orb-bot',
      type: 'worker-report',
    });
  });

  it('are none when nothing waits', async () => {
    const { collector } = await setUp();
    expect(await collector.collect()).toMatchObject({ reports: [], unreadable: 0 });
  });

  it('do not come again once acknowledged, and do until then', async () => {
    const { pubsub, sender, collector } = await setUp();
    await sender.send(aReport());
    const first = await collector.collect();
    expect(first.reports).toHaveLength(1);
    await first.acknowledge();
    await sender.send(aReport({ generation: 8 }));
    const second = await collector.collect();
    expect(second.reports).toMatchObject([{ generation: 8 }]);
    await second.acknowledge();
    expect(await pubsub.pullNow(SUBSCRIPTION)).toEqual([]);
  });

  it('that do not read are counted, and acknowledged with the others', async () => {
    const { pubsub, sender, collector } = await setUp();
    await fetch(`http://${emulator.host}/v1/projects/${pubsub.project}/topics/${TOPIC}:publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ data: Buffer.from('hello').toString('base64') }] }),
    });
    await sender.send(aReport());
    const collected = await collector.collect();
    expect(collected).toMatchObject({ reports: [{ worker: 'orb-bot' }], unreadable: 1 });
    await collected.acknowledge();
    expect(await pubsub.pullNow(SUBSCRIPTION)).toEqual([]);
  });

  it('are collected again after a line that broke', async () => {
    const { gate, sender, collector } = await setUp();
    await sender.send(aReport());
    gate.become('silent');
    expect((await failureOf(collector.collect())).code).toBe('EVENTS_UNAVAILABLE');
    gate.become('open');
    expect((await collector.collect()).reports).toHaveLength(1);
  });
});
