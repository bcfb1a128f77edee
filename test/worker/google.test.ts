/**
 * The worker exactly as it is wired in the cloud: Secret Manager's and Pub/Sub's own clients, against the
 * stand-in and Google's emulator.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createPubsubPublisher } from '../../functions/events/pubsub.ts';
import { connect } from '../../functions/worker/connect.ts';
import type { PubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import {
  HAS_PUBSUB_EMULATOR,
  newPubsubProject,
  openPubsubEmulator,
} from '../fixtures/pubsub-emulator.ts';
import { anActiveRecord, ny } from '../fixtures/records.ts';
import { startSecretManager } from '../fixtures/secret-manager.ts';
import { anEvent, aToken, CANARIES, SANDBOX } from '../fixtures/tokens.ts';
import { until } from '../fixtures/worker/manual-time.ts';

describe.skipIf(!HAS_PUBSUB_EMULATOR)("on Google's parts", () => {
  let emulator: PubsubEmulator;
  beforeAll(async () => {
    emulator = await openPubsubEmulator();
    vi.stubEnv('PUBSUB_EMULATOR_HOST', emulator.host);
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => emulator.stop());

  test('two replicas hear of the same event, switch, report, and leave no subscription', async () => {
    const pubsub = newPubsubProject(emulator.host);
    const secrets = await startSecretManager({ project: pubsub.project });
    const store = secrets.store({ project: pubsub.project });
    await pubsub.createTopic('token-renewed');
    await pubsub.createTopic('worker-reports');
    await pubsub.createSubscription('worker-reports-health', 'worker-reports');
    await secrets.access({ project: pubsub.project }).create('etrade-sandbox-session', {});
    const version = await store.addToken(aToken());
    const { tag } = await store.load(SANDBOX);
    await store.replace(SANDBOX, tag, anActiveRecord({ version }));

    const replica = (instance: string) =>
      connect({
        session: SANDBOX,
        worker: 'orb-bot',
        instance,
        env: {
          GOOGLE_CLOUD_PROJECT: pubsub.project,
          SECRET_MANAGER_API_URL: secrets.url,
          ETRADE_SANDBOX_CONSUMER: '{"key":"k","secret":"s"}',
        },
        parts: { clock: () => ny('09:10') },
      });
    const workers = await Promise.all([replica('one'), replica('two')]);
    for (const worker of workers)
      expect(worker.state).toMatchObject({ generation: 7, proven: true });
    const subscriptions = async (): Promise<number> => {
      const url = `http://${emulator.host}/v1/projects/${pubsub.project}/subscriptions`;
      const listed = (await (await fetch(url)).json()) as { subscriptions?: unknown[] };
      return listed.subscriptions?.length ?? 0;
    };
    await vi.waitUntil(async () => (await subscriptions()) === 3, { timeout: 10_000 });

    const next = await store.addToken(aToken({ generation: 8 }));
    const publisher = createPubsubPublisher({ project: pubsub.project, topic: 'token-renewed' });
    await publisher.publish(anEvent({ generation: 8, version: next }));
    await until(() => workers.every(({ state }) => state.generation === 8), 'both switched');
    expect(await workers[0]?.token()).toMatchObject({ accessToken: CANARIES[0], generation: 8 });

    await Promise.all(workers.map((worker) => worker.close()));
    expect(await subscriptions()).toBe(1);
    const sent = await pubsub.take('worker-reports-health', 6);
    const reports = sent.map(({ data }) => JSON.parse(data));
    for (const instance of ['one', 'two']) {
      const own = reports.filter((report) => report.instance === instance);
      expect(own.map(({ generation }) => generation)).toEqual(expect.arrayContaining([7, 8]));
      expect(own.filter(({ stopped }) => stopped)).toHaveLength(1);
    }
    expect(JSON.stringify(sent)).not.toContain(CANARIES[0]);
    await secrets.close();
  });
});
