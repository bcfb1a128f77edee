/**
 * A worker's report of a switch on both real channels: it is there at once, with no time passing for the worker.
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  createLocalReportCollector,
  createLocalReportSender,
} from '../../functions/events/local-reports.ts';
import {
  createPubsubReportCollector,
  createPubsubReportSender,
} from '../../functions/events/pubsub-reports.ts';
import type { ReportCollector, ReportSender } from '../../functions/events/worker-reports.ts';
import type { PubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import { openLocalHub } from '../fixtures/local-hub.ts';
import {
  HAS_PUBSUB_EMULATOR,
  newPubsubProject,
  openPubsubEmulator,
} from '../fixtures/pubsub-emulator.ts';
import { createDesk } from '../fixtures/worker/desk.ts';

async function expectPromptReports(reports: ReportSender, collector: ReportCollector) {
  const desk = await createDesk();
  onTestFinished(() => desk.close());
  const startedAt = desk.time.now();
  await desk.connect({ parts: { reports } });
  for (const generation of [7, 8]) {
    desk.events.tell({ generation, version: await desk.put({ generation }) });
    const heard: number[] = [];
    for (const endsAt = performance.now() + 10_000; !heard.includes(generation); ) {
      if (performance.now() > endsAt) throw new Error(`generation ${generation} was not reported`);
      const collected = await collector.collect();
      await collected.acknowledge();
      heard.push(...collected.reports.map((report) => report.generation));
    }
  }
  expect(desk.time.now()).toBe(startedAt);
}

test('over HTTP', async () => {
  const { url } = await openLocalHub();
  const options = { url, fetch: globalThis.fetch };
  await expectPromptReports(createLocalReportSender(options), createLocalReportCollector(options));
});

describe.skipIf(!HAS_PUBSUB_EMULATOR)("at Google's emulator", () => {
  let emulator: PubsubEmulator;
  beforeAll(async () => {
    emulator = await openPubsubEmulator();
  });
  afterAll(() => emulator.stop());

  test('over Pub/Sub', async () => {
    const { project, createTopic, createSubscription } = newPubsubProject(emulator.host);
    await createTopic('worker-reports');
    await createSubscription('worker-reports-health', 'worker-reports');
    const options = { project, client: { apiEndpoint: emulator.host } };
    const collector = createPubsubReportCollector({ ...options, timeoutMs: 1_000 });
    onTestFinished(() => collector.close());
    await expectPromptReports(createPubsubReportSender(options), collector);
  });
});
