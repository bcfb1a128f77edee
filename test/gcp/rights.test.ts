/**
 * What each function asks of Secret Manager and Pub/Sub in two days of the schedule and a sign-in, and what a
 * worker asks, held against the rights that Terraform gives its account: nothing is refused, whichever writes
 * nothing may not write, and a worker has no right that it does not use.
 */

import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { createPubsubReportSender } from '../../functions/events/pubsub-reports.ts';
import { createPubsubSubscription } from '../../functions/events/pubsub-subscription.ts';
import type { ReportCollector } from '../../functions/events/worker-reports.ts';
import { createJsonLog } from '../../functions/logging/json-log.ts';
import { collectForPage } from '../../functions/operations/collect-reports.ts';
import { connect } from '../../functions/worker/connect.ts';
import { runTests } from '../../infra/gcp/test-runs.ts';
import { openGrpcServer } from '../fixtures/grpc-server.ts';
import { createLogLines } from '../fixtures/log-lines.ts';
import { anActiveRecord, at } from '../fixtures/records.ts';
import { PROJECT, startSecretManager } from '../fixtures/secret-manager.ts';
import { createTestSystem, type TestSystem } from '../fixtures/system.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';
import { aToken, SANDBOX } from '../fixtures/tokens.ts';
import { callFunction, dueAt } from '../fixtures/trading-day.ts';
import { terraformHere } from './terraform-here.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'infra', 'gcp');
const TIMEOUT_MS = 300_000;
const QUARTER_MS = 15 * MINUTE_MS;
const KEY = 'etrade-sandbox';

const SESSION = `secret ${KEY}-session`;
const APP = 'secret token-cadence-app';
const TOPIC = 'topic token-renewed';
const REPORTS = 'subscription worker-reports-health';

/** The permission behind each step, and what it is asked for. */
const NEEDED: Readonly<Record<string, readonly [permission: string, on: string]>> = {
  'store.load': ['secretmanager.secrets.get', SESSION],
  'store.replace': ['secretmanager.secrets.update', SESSION],
  'store.readToken': ['secretmanager.versions.access', SESSION],
  'store.addToken': ['secretmanager.versions.add', SESSION],
  'store.listVersions': ['secretmanager.versions.list', SESSION],
  'store.destroyVersion': ['secretmanager.versions.destroy', SESSION],
  'store.loadService': ['secretmanager.secrets.get', APP],
  'store.replaceService': ['secretmanager.secrets.update', APP],
  publish: ['pubsub.topics.publish', TOPIC],
  'reports.collect': ['pubsub.subscriptions.consume', REPORTS],
};

/** Nothing in Google's cloud. */
const ELSEWHERE = /^(broker\.|deliver$)/;

/** Of Google's own roles, what is asked for here. @see https://docs.cloud.google.com/iam/docs/roles-permissions/secretmanager */
const GOOGLES_ROLES: Readonly<Record<string, readonly string[]>> = {
  'roles/secretmanager.secretAccessor': ['secretmanager.versions.access'],
  'roles/secretmanager.secretVersionManager': [
    'secretmanager.versions.add',
    'secretmanager.versions.destroy',
    'secretmanager.versions.list',
  ],
  'roles/pubsub.publisher': ['pubsub.topics.publish'],
  'roles/pubsub.subscriber': ['pubsub.subscriptions.consume'],
};

const CONSUMER = `secret ${KEY}-consumer`;
const SUBSCRIPTION = `subscription token-renewed~${KEY}~tc-worker~main`;

/** The permission behind each call of a worker's clients. */
const OF_WORKER: Readonly<Record<string, string>> = {
  [`getSecret ${KEY}-session`]: `secretmanager.secrets.get ${SESSION}`,
  [`accessSecretVersion ${KEY}-session`]: `secretmanager.versions.access ${SESSION}`,
  [`accessSecretVersion ${KEY}-consumer`]: `secretmanager.versions.access ${CONSUMER}`,
  GetSubscription: `pubsub.subscriptions.get ${SUBSCRIPTION}`,
  StreamingPull: `pubsub.subscriptions.consume ${SUBSCRIPTION}`,
  Publish: 'pubsub.topics.publish topic worker-reports',
};

const outputsSchema = z.object({
  access: z.array(z.object({ member: z.string(), role: z.string(), resource: z.string() })),
  custom_roles: z.record(z.string(), z.array(z.string())),
});

/** `tc-keep-alive secretmanager.secrets.get secret token-cadence-app` for everything that is asked. */
async function askedInTwoDays(): Promise<ReadonlySet<string>> {
  const collected: string[] = [];
  const reports: ReportCollector = {
    async collect() {
      collected.push('reports.collect');
      return { reports: [], unreadable: 0, acknowledge: async () => {} };
    },
  };
  const startsAt = '2026-03-05T08:31-05:00';
  const world = createTestSystem({ startsAt, sessions: [{ key: KEY }], reports });
  const asked = new Set<string>();
  const note = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    world.steps.forget();
    await work();
    for (const step of [...stepsOf(world), ...collected.splice(0)]) {
      const needed = NEEDED[step];
      if (needed !== undefined) asked.add(`tc-${name} ${needed.join(' ')}`);
      else if (!ELSEWHERE.test(step)) throw new Error(`what does "${step}" need?`);
    }
  };
  await note('pin-exchange', () => world.signIn(KEY));
  await note('pin-exchange', () => collectForPage(world.system));
  const midnight = at('2026-03-06T00:00-05:00');
  for (let moment = midnight; moment < midnight + 192 * QUARTER_MS; moment += QUARTER_MS) {
    world.clock.set(new Date(Math.max(moment, world.clock.now())).toISOString());
    // The rarest first: it finds what the others would have done already.
    for (const name of dueAt(moment).toReversed())
      await note(name, () => callFunction(world, name));
    if (moment === midnight + 34 * QUARTER_MS) await note('pin-exchange', () => world.signIn(KEY));
  }
  return asked;
}

/** A worker as it is deployed: finds its token, makes a call, hears of events, looks whether it still would. */
async function askedByWorker(): Promise<ReadonlySet<string>> {
  const secrets = await startSecretManager();
  const pubsub = await openGrpcServer();
  pubsub.answerWith(({ method }) => (method === 'StreamingPull' ? 'silence' : 'published'));
  for (const id of [`${KEY}-session`, `${KEY}-consumer`]) await secrets.createSecret(id);
  await secrets.access().addVersion(`${KEY}-consumer`, '{"key":"k","secret":"s"}');
  const store = secrets.store();
  const version = await store.addToken(aToken());
  const { tag } = await store.load(SANDBOX);
  await store.replace(SANDBOX, tag, anActiveRecord({ version }));
  secrets.calls.length = 0;
  const client = { apiEndpoint: pubsub.host };
  const worker = await connect({
    session: KEY,
    worker: 'orb-bot',
    log: createJsonLog(createLogLines()),
    env: { GOOGLE_CLOUD_PROJECT: PROJECT, SECRET_MANAGER_API_URL: secrets.url },
    parts: {
      clock: () => secrets.moment.now,
      fetch: async () => new Response(''),
      reports: createPubsubReportSender({ project: PROJECT, client }),
      events: createPubsubSubscription({
        project: PROJECT,
        worker: 'orb-bot',
        instance: 'one',
        account: 'tc-worker',
        session: SANDBOX,
        log: createJsonLog(createLogLines()),
        client,
      }),
    },
  });
  await worker.fetch('/v1/accounts/list');
  const called = () => [
    ...secrets.calls.map(({ method, secret }) => `${method} ${secret}`),
    ...pubsub.calls.map(({ path }) => path.split('/').at(-1) ?? ''),
  ];
  await vi.waitFor(() => expect(called()).toContain('StreamingPull'), { timeout: 10_000 });
  await worker.close();
  await secrets.close();
  return new Set(
    called().map((call) => {
      const right = OF_WORKER[call];
      if (right === undefined) throw new Error(`what does "${call}" need?`);
      return `tc-worker ${right}`;
    }),
  );
}

function stepsOf(world: TestSystem): string[] {
  return world.steps.taken.map((step) => step.split(' ')[0] ?? '');
}

const terraform = await terraformHere();

describe.skipIf(terraform === null)('the rights of a function', { timeout: TIMEOUT_MS }, () => {
  afterAll(() => terraform?.close());

  it('are enough for all that it asks, and no account that stores nothing may write', async () => {
    if (terraform === null) return;
    await terraform.run(FOLDER, ['init', '-backend=false', '-input=false', '-no-color']);
    const { runs } = await runTests(terraform, FOLDER, ['tests/access.tftest.hcl']);
    const run = runs.find(({ name }) => name === 'only_pin_exchange_is_public');
    const { access, custom_roles } = outputsSchema.parse(run?.outputs);
    const granted = new Set(
      access.flatMap(({ member, role, resource }) =>
        (GOOGLES_ROLES[role] ?? custom_roles[role] ?? []).map(
          (permission) => `${member} ${permission} ${resource}`,
        ),
      ),
    );
    const ofWorker = [...granted].filter((right) => right.startsWith('tc-worker '));
    expect(ofWorker.toSorted()).toEqual([...(await askedByWorker())].toSorted());
    const asked = await askedInTwoDays();
    expect([...asked].filter((right) => !granted.has(right))).toEqual([]);
    expect(asked).toContain(`tc-health-check secretmanager.versions.destroy ${SESSION}`);
    expect(asked).toContain(`tc-morning-alert secretmanager.versions.access ${SESSION}`);
    expect(asked).toContain(`tc-pin-exchange pubsub.topics.publish ${TOPIC}`);
    expect(asked).toContain(`tc-pin-exchange pubsub.subscriptions.consume ${REPORTS}`);
    const writers = [...granted].filter((right) => right.endsWith(`versions.add ${SESSION}`));
    expect(writers.map((right) => right.split(' ')[0]).toSorted()).toEqual([
      'tc-health-check',
      'tc-keep-alive',
      'tc-pin-exchange',
    ]);
  });
});
