import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PubSub } from '@google-cloud/pubsub';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createPubsubPublisher } from '../../functions/events/pubsub.ts';
import { accountOf } from '../../functions/events/pubsub-client.ts';
import {
  createPubsubSubscription,
  deployedSubscriptionName,
  type PubsubSubscriptionOptions,
  subscriptionName,
} from '../../functions/events/pubsub-subscription.ts';
import { createJsonLog } from '../../functions/logging/json-log.ts';
import type { PubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import { takeNotes } from '../fixtures/following.ts';
import { openGrpcServer } from '../fixtures/grpc-server.ts';
import { createLogLines } from '../fixtures/log-lines.ts';
import {
  HAS_PUBSUB_EMULATOR,
  newPubsubProject,
  openPubsubEmulator,
} from '../fixtures/pubsub-emulator.ts';
import { openTcpGate } from '../fixtures/tcp-gate.ts';
import { anEvent, PROD, SANDBOX } from '../fixtures/tokens.ts';

const TOPIC = 'token-renewed';
const NAME = 'token-renewed-etrade-sandbox-orb-bot-host-1';

/** Ends what a test leaves open: a follower that is not closed keeps its line up for ever. */
function subscriptionAt(
  host: string,
  project: string,
  more: Partial<PubsubSubscriptionOptions> = {},
) {
  const lines = createLogLines();
  const events = createPubsubSubscription({
    project,
    worker: 'orb-bot',
    instance: 'host-1',
    session: SANDBOX,
    log: createJsonLog(lines),
    client: { apiEndpoint: host },
    checkEveryMs: 300,
    timeoutMs: 2_000,
    // Pauses of up to half a minute would make this slow.
    wait: async (ms, signal) => {
      await new Promise<void>((resolve) => {
        setTimeout(resolve, Math.min(ms, 300));
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    },
    ...more,
  });
  return {
    lines,
    follow(notes = takeNotes()) {
      const following = events.follow(notes);
      onTestFinished(() => following.close());
      return { notes, following };
    },
  };
}

describe('the name of a subscription', () => {
  it.each([
    {
      parts: ['etrade-prod', 'orb-bot', 'host-1'],
      name: 'token-renewed-etrade-prod-orb-bot-host-1',
    },
    {
      parts: ['etrade-prod', 'orb bot', 'a/b%c+ü'],
      name: 'token-renewed-etrade-prod-orb-bot-a-b-c--',
    },
  ])('takes only what Pub/Sub allows: $name', ({ parts, name }) => {
    expect(subscriptionName(parts)).toBe(name);
  });

  it('is not longer than Pub/Sub allows', () => {
    expect(subscriptionName(['x'.repeat(400)])).toHaveLength(255);
  });
});

describe('trouble that Pub/Sub names', () => {
  it.each([
    { status: 5, says: 'The topic "token-renewed" is missing in project "my-project"' },
    { status: 3, says: 'check the names' },
    { status: 16, says: 'answered UNAUTHENTICATED' },
  ])('is told once, with what to do ($status)', async ({ status, says }) => {
    const server = await openGrpcServer({ status, message: 'canary' });
    const { notes } = subscriptionAt(server.host, 'my-project').follow();
    await notes.until(() => server.calls.length >= 3);
    expect(notes.troubles).toEqual([expect.stringContaining(says)]);
    expect(JSON.stringify(notes.troubles)).not.toContain('canary');
  });
});

describe('the subscription of an instance', () => {
  const ACCOUNT = { account: 'tc-worker' };

  it('has one name, that of Terraform', () => {
    const of = { topic: TOPIC, session: PROD, account: 'tc-worker', instance: 'main' };
    expect(deployedSubscriptionName(of)).toBe('token-renewed~etrade-prod~tc-worker~main');
    const terraform = readFileSync(
      new URL('../../infra/gcp/workers.tf', import.meta.url),
      'utf8',
    ).replaceAll('$', '');
    expect(terraform).toContain('"token-renewed~{pair[0]}~{account.name}~{pair[1]}"');
  });

  it('that does not exist and may not be made is no trouble: that is said once, and looked for seldom', async () => {
    const server = await openGrpcServer();
    server.answerWith(({ method }) => ({ status: method === 'GetSubscription' ? 5 : 7 }));
    const waits: number[] = [];
    const { follow, lines } = subscriptionAt(server.host, 'my-project', {
      ...ACCOUNT,
      wait: async (ms, signal) => {
        waits.push(ms);
        await new Promise<void>((resolve) => {
          setTimeout(resolve, 50);
          signal?.addEventListener('abort', () => resolve(), { once: true });
        });
      },
    });
    const { notes, following } = follow();
    await notes.until(() => server.calls.length >= 6);
    await following.close();
    const methods = server.calls.map(({ path }) => path.split('/').at(-1));
    expect(new Set(methods)).toEqual(new Set(['GetSubscription', 'CreateSubscription']));
    expect(notes.troubles).toEqual([
      expect.stringMatching(
        /^Instance "main" has no subscription for etrade-sandbox, so it looks for new tokens every 60 s/,
      ),
    ]);
    const said = lines
      .text()
      .split('\n')
      .filter((line) => line.includes('events-not-subscribed'));
    expect(said).toHaveLength(1);
    expect(lines.text()).toContain('worker_accounts');
    expect(new Set(waits)).toEqual(new Set([300_000]));
  });

  it('may be refused as well as missing, with the same meaning', async () => {
    const server = await openGrpcServer({ status: 7, message: 'canary' });
    const { follow, lines } = subscriptionAt(server.host, 'my-project', ACCOUNT);
    const { notes } = follow();
    await notes.until(() => server.calls.length >= 4);
    expect(notes.troubles).toEqual([expect.stringContaining('looks for new tokens every 60 s')]);
    expect(JSON.stringify(notes.troubles) + lines.text()).not.toContain('canary');
  });
});

describe('the account of the caller', () => {
  const clientOf = (client_email: string | undefined, isEmulator = false) => ({
    isEmulator,
    auth: { getCredentials: async () => ({ client_email }) } as unknown as PubSub['auth'],
  });

  it.each([
    { email: 'tc-worker@my-trading-123456.iam.gserviceaccount.com', account: 'tc-worker' },
    { email: '123-compute@developer.gserviceaccount.com', account: '123-compute' },
    { email: 'somebody@example.com', account: null },
    { email: undefined, account: null },
  ])('is the name before the @, of service accounts alone: $email', async ({ email, account }) => {
    expect(await accountOf(clientOf(email), 1_000)).toBe(account);
  });

  it('is nobody at an emulator, and where nobody says', async () => {
    expect(
      await accountOf(clientOf('tc-worker@p.iam.gserviceaccount.com', true), 1_000),
    ).toBeNull();
    const silent = { getCredentials: () => new Promise(() => {}) } as unknown as PubSub['auth'];
    expect(await accountOf({ isEmulator: false, auth: silent }, 20)).toBeNull();
    const failing = {
      getCredentials: () => Promise.reject(new Error('none')),
    } as unknown as PubSub['auth'];
    expect(await accountOf({ isEmulator: false, auth: failing }, 1_000)).toBeNull();
  });
});

describe('a close', () => {
  it('while the subscription is being made deletes what nobody knows to be there', async () => {
    const server = await openGrpcServer('silence');
    const { following } = subscriptionAt(server.host, 'my-project', { timeoutMs: 300 }).follow();
    const paths = () => server.calls.map(({ path }) => path.split('/').at(-1));
    await vi.waitFor(() => expect(paths()).toContain('CreateSubscription'), { timeout: 5_000 });
    await following.close();
    expect(paths()).toContain('DeleteSubscription');
  });

  it('is not held up by a Pub/Sub that answers nothing', async () => {
    const gate = await openTcpGate();
    onTestFinished(() => gate.close());
    const { following } = subscriptionAt(gate.host, 'my-project').follow();
    const startedAt = performance.now();
    await Promise.all([following.close(), following.close()]);
    expect(performance.now() - startedAt).toBeLessThan(6_000);
  });
});

describe.skipIf(!HAS_PUBSUB_EMULATOR)("a worker's subscription at Google's emulator", () => {
  let emulator: PubsubEmulator;

  beforeAll(async () => {
    emulator = await openPubsubEmulator();
  });

  afterAll(async () => {
    await emulator?.stop();
  });

  async function setUp({ topic = true } = {}) {
    const pubsub = newPubsubProject(emulator.host);
    const gate = await openTcpGate(emulator.host);
    const client = { apiEndpoint: emulator.host };
    const publisher = createPubsubPublisher({ project: pubsub.project, timeoutMs: 5_000, client });
    onTestFinished(async () => {
      await publisher.close();
      await gate.close();
    });
    if (topic) await pubsub.createTopic(TOPIC);
    const names = async (): Promise<readonly string[]> => {
      const answer = await fetch(
        `http://${emulator.host}/v1/projects/${pubsub.project}/subscriptions`,
      );
      const { subscriptions = [] } = (await answer.json()) as {
        subscriptions?: { name: string }[];
      };
      return subscriptions.map(({ name }) => name.split('/').at(-1) ?? '');
    };
    const made = async (name = NAME) => {
      while (!(await names()).includes(name)) await sleep(30);
    };
    return {
      pubsub,
      gate,
      publisher,
      names,
      made,
      open: () => subscriptionAt(gate.host, pubsub.project),
    };
  }

  it('hears of events of its session and of no other', async () => {
    const { open, made, publisher } = await setUp();
    const { notes } = open().follow();
    await made();
    await publisher.publish(anEvent({ session: PROD, generation: 90 }));
    await publisher.publish(anEvent({ generation: 8 }));
    await notes.until(({ events }) => events.length > 0);
    expect(notes.events).toMatchObject([{ session: SANDBOX, generation: 8, version: 12 }]);
    expect(notes.troubles).toEqual([]);
  });

  it('says that it is up, so that what was published before is looked for', async () => {
    const { open } = await setUp();
    const { notes } = open().follow();
    await notes.until(({ ups }) => ups === 1);
    expect(notes.troubles).toEqual([]);
  });

  it('is one for each instance: two replicas hear of the same event', async () => {
    const { pubsub, made, publisher } = await setUp();
    const followers = ['a', 'b'].map((instance) =>
      subscriptionAt(emulator.host, pubsub.project, { instance }).follow(),
    );
    await made('token-renewed-etrade-sandbox-orb-bot-a');
    await made('token-renewed-etrade-sandbox-orb-bot-b');
    await publisher.publish(anEvent());
    for (const { notes } of followers) await notes.until(({ events }) => events.length === 1);
  });

  it('is the one that is there for the instance: never made, never deleted', async () => {
    const { pubsub, publisher, names } = await setUp();
    const deployed = 'token-renewed~etrade-sandbox~tc-worker~main';
    const standby = 'token-renewed~etrade-sandbox~tc-worker~standby';
    for (const name of [deployed, standby]) await pubsub.createSubscription(name, TOPIC);
    const followers = [{}, { deployedAs: 'standby', instance: 'standby' }].map((more) =>
      subscriptionAt(emulator.host, pubsub.project, { account: 'tc-worker', ...more }).follow(),
    );
    for (const { notes } of followers) await notes.until(({ ups }) => ups === 1);
    await publisher.publish(anEvent());
    for (const { notes } of followers) await notes.until(({ events }) => events.length === 1);
    expect([...(await names())].sort()).toEqual([deployed, standby]);
    for (const { following } of followers) await following.close();
    expect([...(await names())].sort()).toEqual([deployed, standby]);
    expect(followers.flatMap(({ notes }) => notes.troubles)).toEqual([]);
  });

  it('passes over to the one of its instance once a deployment has made it', async () => {
    const { pubsub, publisher } = await setUp();
    const server = await openGrpcServer({ status: 7 });
    let host = server.host;
    const client = {
      get apiEndpoint() {
        return host;
      },
    };
    const { notes } = subscriptionAt('', pubsub.project, { account: 'tc-worker', client }).follow();
    await notes.until(({ troubles }) => troubles.length === 1);
    await pubsub.createSubscription('token-renewed~etrade-sandbox~tc-worker~main', TOPIC);
    host = emulator.host;
    await notes.until(({ troubles }) => troubles.at(-1) === null);
    await publisher.publish(anEvent());
    await notes.until(({ events }) => events.length === 1);
  });

  it('passes over what cannot be read, and says so', async () => {
    const { pubsub, publisher, open, made } = await setUp();
    const { follow, lines } = open();
    const { notes } = follow();
    await made();
    const topic = `http://${emulator.host}/v1/projects/${pubsub.project}/topics/${TOPIC}:publish`;
    const data = Buffer.from('{"type": "token-renewed"').toString('base64');
    await fetch(topic, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ data, attributes: { session: SANDBOX } }] }),
    });
    await publisher.publish(anEvent());
    await notes.until(({ events }) => events.length === 1);
    await notes.until(() => lines.text().includes('event-unreadable'));
    expect(await pubsub.pullNow(NAME)).toEqual([]);
  });

  it('survives a listener that throws', async () => {
    const { publisher, open, made } = await setUp();
    const { follow, lines } = open();
    const notes = takeNotes();
    follow({
      ...notes,
      onEvent: (event) => {
        notes.onEvent(event);
        throw new Error('careless');
      },
    });
    await made();
    await publisher.publish(anEvent({ generation: 8 }));
    await publisher.publish(anEvent({ generation: 9 }));
    await notes.until(({ events }) => events.length === 2);
    expect(lines.text()).toContain('event-not-followed');
  });

  it('waits for a topic that is missing, and follows once it is there', async () => {
    const { pubsub, publisher, open, made } = await setUp({ topic: false });
    const { notes } = open().follow();
    await notes.until(({ troubles }) => troubles.length === 1);
    expect(notes.troubles[0]).toContain('is missing in project');
    await pubsub.createTopic(TOPIC);
    await made();
    await notes.until(({ troubles }) => troubles.at(-1) === null);
    await publisher.publish(anEvent());
    await notes.until(({ events }) => events.length === 1);
  });

  it('is made again when somebody deletes it', async () => {
    const { pubsub, publisher, open, made } = await setUp();
    const { notes } = open().follow();
    await made();
    await pubsub.deleteSubscription(NAME);
    await made();
    await publisher.publish(anEvent());
    await notes.until(({ events }) => events.length === 1);
  });

  it('leaves a topic that is gone, and follows its successor', async () => {
    const { pubsub, publisher, open, made } = await setUp();
    const { notes } = open().follow();
    await made();
    await pubsub.deleteTopic(TOPIC);
    await notes.until(({ troubles }) => troubles[0]?.includes('is missing') ?? false);
    await pubsub.createTopic(TOPIC);
    await notes.until(({ troubles }) => troubles.at(-1) === null);
    await publisher.publish(anEvent());
    await notes.until(({ events }) => events.length === 1);
  });

  it.each(['reset', 'silent'] as const)(
    'tells of a line that is %s, and is up again by itself',
    async (state) => {
      const { publisher, gate, open, made } = await setUp();
      const { notes } = open().follow();
      await made();
      await publisher.publish(anEvent({ generation: 8 }));
      await notes.until(({ events }) => events.length === 1);
      gate.become(state);
      await notes.until(({ troubles }) => troubles.length === 1);
      expect(notes.troubles[0]).toContain('could not be reached');
      gate.become('open');
      await notes.until(({ troubles }) => troubles.at(-1) === null);
      // The emulator may still give events to the dead line, and keep them there for a while.
      for (
        let generation = 9;
        !notes.events.some((event) => event.generation > 8);
        generation += 1
      ) {
        await publisher.publish(anEvent({ generation }));
        await sleep(300);
      }
    },
    60_000,
  );

  it('is deleted with its process, and hears of nothing more', async () => {
    const { publisher, open, made, names } = await setUp();
    const { notes, following } = open().follow();
    await made();
    await following.close();
    expect(await names()).toEqual([]);
    await publisher.publish(anEvent());
    expect(notes.events).toEqual([]);
    expect(notes.troubles).toEqual([]);
  });
});
