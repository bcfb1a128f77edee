import { describe, expect, it } from 'vitest';
import {
  createLocalReportCollector,
  createLocalReportSender,
} from '../../functions/events/local-reports.ts';
import { openLocalHub } from '../fixtures/local-hub.ts';
import { openTestServer } from '../fixtures/open-test-server.ts';
import { ny } from '../fixtures/records.ts';
import { aReport } from '../fixtures/worker-reports.ts';

function partsAt(url: string) {
  const options = { url, fetch: globalThis.fetch, timeoutMs: 300 };
  return {
    sender: createLocalReportSender(options),
    collector: createLocalReportCollector(options),
  };
}

describe("reports through the local run's hub", () => {
  it('are collected as they were sent, again and again until they are acknowledged', async () => {
    const { url } = await openLocalHub();
    const { sender, collector } = partsAt(url);
    const reports = ['09:03', '09:08'].map((time) => aReport({ at: ny(time) }));
    for (const report of reports) await sender.send(report);
    expect((await collector.collect()).reports).toEqual(reports);
    const again = await collector.collect();
    await sender.send(aReport({ generation: 8 }));
    await again.acknowledge();
    expect((await collector.collect()).reports).toMatchObject([{ generation: 8 }]);
  });

  it('find a hub whose address ends with a slash', async () => {
    const { sender, collector } = partsAt(`${(await openLocalHub()).url}/`);
    await sender.send(aReport());
    expect((await collector.collect()).reports).toEqual([aReport()]);
  });

  it('are none when nothing waits', async () => {
    const { url } = await openLocalHub();
    const { collector } = partsAt(url);
    const { reports, unreadable, acknowledge } = await collector.collect();
    expect({ reports, unreadable }).toEqual({ reports: [], unreadable: 0 });
    await acknowledge();
  });

  it('that do not read are counted, and acknowledged with the others', async () => {
    const { url } = await openLocalHub();
    const { collector } = partsAt(url);
    const body = JSON.stringify({ message: { data: 'e30=' } });
    await fetch(`${url}/reports`, { method: 'POST', body });
    const collected = await collector.collect();
    expect(collected).toMatchObject({ reports: [], unreadable: 1 });
    await collected.acknowledge();
    expect((await collector.collect()).unreadable).toBe(0);
  });

  it('are none where events go to a receiver that keeps no reports', async () => {
    const { url } = await openTestServer((_req, res) => void res.writeHead(404).end());
    const { collector, sender } = partsAt(url);
    expect((await collector.collect()).reports).toEqual([]);
    await expect(sender.send(aReport())).rejects.toThrow('answered 404');
  });

  it('are no more than five hundred: the oldest go', async () => {
    const { url } = await openLocalHub();
    const { sender, collector } = partsAt(url);
    for (let generation = 0; generation <= 500; generation += 1) {
      await sender.send(aReport({ generation }));
    }
    const generations = (await collector.collect()).reports.map((report) => report.generation);
    expect([generations.length, generations[0], generations.at(-1)]).toEqual([500, 1, 500]);
  });

  it.each([
    { name: 'an error', answer: 500, says: 'answered 500' },
    { name: 'nonsense', answer: 200, says: 'answered nonsense' },
    { name: 'nothing', answer: null, says: 'could not be reached' },
  ])('fail in our words when the hub answers $name', async ({ answer, says }) => {
    const { url } = await openTestServer((_req, res) => {
      if (answer !== null) res.writeHead(answer).end('<html>');
    });
    await expect(partsAt(url).collector.collect()).rejects.toMatchObject({
      code: 'EVENTS_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining(says),
    });
  });
});
