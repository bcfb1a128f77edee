import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { EventError } from '../../functions/errors.ts';
import {
  createPubsubPublisher,
  type PubsubPublisher,
  type PubsubPublisherOptions,
} from '../../functions/events/pubsub.ts';
import { describeError } from '../../functions/logging/describe-error.ts';
import { openGrpcServer } from '../fixtures/grpc-server.ts';
import { openTcpGate } from '../fixtures/tcp-gate.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { anEvent } from '../fixtures/tokens.ts';

const SCRIPT = fileURLToPath(new URL('../fixtures/processes/publish-once.ts', import.meta.url));

const TIMEOUT_MS = 1_000;
/** Making the client is work for the processor, and slow on a busy machine. */
const OVERHEAD_MS = 2_500;

const open: PubsubPublisher[] = [];

function publisherAt(apiEndpoint: string, options: Partial<PubsubPublisherOptions> = {}) {
  const publisher = createPubsubPublisher({
    project: 'my-project',
    timeoutMs: 10_000,
    client: { apiEndpoint },
    ...options,
  });
  open.push(publisher);
  return publisher;
}

async function failureOf(promise: Promise<unknown>): Promise<EventError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EventError);
  return error as EventError;
}

/** A port that nobody listens on. */
async function closedPort(): Promise<string> {
  const gate = await openTcpGate();
  await gate.close();
  return gate.host;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((publisher) => publisher.close()));
});

beforeAll(async () => {
  await import('@google-cloud/pubsub');
});

describe('a dead endpoint', () => {
  it.each([
    { name: 'a port that refuses', host: closedPort },
    {
      name: 'a server that takes everything and answers nothing',
      host: async () => {
        const gate = await openTcpGate();
        onTestFinished(() => gate.close());
        return gate.host;
      },
    },
    {
      name: 'a server that never answers a call',
      host: async () => (await openGrpcServer('silence')).host,
    },
  ])('ends a publish at the deadline: $name', async ({ host }) => {
    const publisher = publisherAt(await host(), { timeoutMs: TIMEOUT_MS });
    const startedAt = performance.now();
    const error = await failureOf(publisher.publish(anEvent()));
    const tookMs = performance.now() - startedAt;
    expect(error).toMatchObject({
      code: 'EVENTS_UNAVAILABLE',
      retryable: true,
      message: 'The event service could not be reached, or did not answer within 1000 ms',
    });
    expect(tookMs).toBeLessThan(TIMEOUT_MS + OVERHEAD_MS);
  });
});

describe('the deadline', () => {
  it("holds although the client's own timeout lets it pause far beyond", async () => {
    // The longest pauses between tries: 0.1, 0.4, 1.6 and, begun before the timeout, 6.4 seconds.
    const chance = vi.spyOn(Math, 'random').mockReturnValue(0.999);
    onTestFinished(() => chance.mockRestore());
    const publisher = publisherAt(await closedPort(), { timeoutMs: 2_300 });
    const startedAt = performance.now();
    await failureOf(publisher.publish(anEvent()));
    expect(performance.now() - startedAt).toBeLessThan(2_300 + OVERHEAD_MS);
  });
});

describe("Pub/Sub's answer", () => {
  it.each([
    { status: 5, name: 'NOT_FOUND', code: 'EVENTS_REFUSED', says: 'is missing' },
    {
      status: 7,
      name: 'PERMISSION_DENIED',
      code: 'EVENTS_REFUSED',
      says: 'roles/pubsub.publisher',
    },
    { status: 3, name: 'INVALID_ARGUMENT', code: 'EVENTS_REFUSED', says: 'schema' },
  ])('$name is a refusal that names the topic and what to do', async ({ status, ...expected }) => {
    const server = await openGrpcServer({ status });
    const error = await failureOf(
      publisherAt(server.host, { topic: 'my-topic' }).publish(anEvent()),
    );
    expect(error).toMatchObject({ code: expected.code, retryable: false });
    expect(error.message).toContain('The topic "my-topic"');
    expect(error.message).toContain('"my-project"');
    expect(error.message).toContain(expected.says);
    expect(server.calls).toHaveLength(1);
  });

  it.each([
    { status: 9, name: 'FAILED_PRECONDITION' },
    { status: 12, name: 'UNIMPLEMENTED' },
    { status: 15, name: 'DATA_LOSS' },
    { status: 16, name: 'UNAUTHENTICATED' },
  ])('$name is an outage, tried once', async ({ status, name }) => {
    const server = await openGrpcServer({ status });
    expect(await failureOf(publisherAt(server.host).publish(anEvent()))).toMatchObject({
      code: 'EVENTS_UNAVAILABLE',
      retryable: true,
      message: `The event service answered ${name} to a "token-renewed" event`,
    });
    expect(server.calls).toHaveLength(1);
  });

  it.each([8, 10, 13, 14])('%d is tried again, and published when it passes', async (status) => {
    const server = await openGrpcServer();
    server.answerWith(({ number }) => (number === 1 ? { status } : 'published'));
    await publisherAt(server.host).publish(anEvent());
    expect(server.calls).toHaveLength(2);
  });

  it.each([5, 7, 9, 16])(
    'never passes its text on, nor what hangs on the error (%d)',
    async (status) => {
      const server = await openGrpcServer({ status, message: 'canary of bearer ya29.canary' });
      const error = await failureOf(publisherAt(server.host).publish(anEvent()));
      expect(error.cause).toMatchObject({ code: status });
      const everything = [error, error.cause].map((value) => [
        describeError(value),
        Object.getOwnPropertyNames(value).map((name) => Reflect.get(Object(value), name)),
      ]);
      expect(JSON.stringify(everything)).not.toContain('canary');
    },
  );
});

describe('the connection', () => {
  it('is one for all publishes', async () => {
    const server = await openGrpcServer();
    const publisher = publisherAt(server.host);
    await Promise.all([publisher.publish(anEvent()), publisher.publish(anEvent())]);
    await publisher.publish(anEvent());
    expect(server.calls).toEqual(
      Array(3).fill({ path: '/google.pubsub.v1.Publisher/Publish', connection: 1 }),
    );
  });

  it('stays after a refusal', async () => {
    const server = await openGrpcServer();
    server.answerWith(({ number }) => (number === 1 ? { status: 5 } : 'published'));
    const publisher = publisherAt(server.host);
    await failureOf(publisher.publish(anEvent()));
    await publisher.publish(anEvent());
    expect(server.calls.map(({ connection }) => connection)).toEqual([1, 1]);
  });

  it('is a new one after one that died silently', async () => {
    const server = await openGrpcServer();
    const publisher = publisherAt(server.host, { timeoutMs: TIMEOUT_MS * 2 });
    await publisher.publish(anEvent());
    server.answerWith(({ connection }) => (connection === 1 ? 'silence' : 'published'));
    await failureOf(publisher.publish(anEvent()));
    await publisher.publish(anEvent());
    expect(server.calls.map(({ connection }) => connection)).toEqual([1, 1, 2]);
  });

  it('that the other side closed while the instance slept costs no event', async () => {
    const server = await openGrpcServer();
    const gate = await openTcpGate(server.host);
    onTestFinished(() => gate.close());
    const publisher = publisherAt(gate.host);
    await publisher.publish(anEvent());
    gate.become('reset');
    gate.become('open');
    await publisher.publish(anEvent());
    expect(server.calls.map(({ connection }) => connection)).toEqual([1, 2]);
  });

  it('is made again after a close', async () => {
    const server = await openGrpcServer();
    const publisher = publisherAt(server.host);
    await publisher.publish(anEvent());
    await publisher.close();
    await publisher.publish(anEvent());
    expect(server.calls.map(({ connection }) => connection)).toEqual([1, 2]);
  });
});

describe('the name of the secret version', () => {
  it('is asked for before anything is sent', async () => {
    const server = await openGrpcServer();
    const publisher = publisherAt(server.host, {
      secretVersionName: () => {
        throw new Error('no such secret');
      },
    });
    await expect(publisher.publish(anEvent())).rejects.toThrow('no such secret');
    expect(server.calls).toEqual([]);
  });
});

/** Publishes in a process of its own, whose environment is only this; resolves when it ends well. */
async function publishInProcess(
  options: PubsubPublisherOptions,
  env: Readonly<Record<string, string>>,
  ...further: readonly 'preloaded'[]
): Promise<{ report: Record<string, unknown>; printed: string }> {
  const home = temporaryDirectory();
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [SCRIPT, JSON.stringify(options), ...further],
    { env: { PATH: process.env['PATH'], HOME: home, CLOUDSDK_CONFIG: home, ...env }, cwd: home },
  );
  return { report: JSON.parse(stdout) as Record<string, unknown>, printed: stderr };
}

describe('a process that publishes', () => {
  it("loads Google's client at the first publish, not before", async () => {
    const server = await openGrpcServer();
    const { report, printed } = await publishInProcess(
      { project: 'my-project', timeoutMs: 10_000, client: { apiEndpoint: server.host } },
      {},
    );
    expect(report).toMatchObject({ loadedBefore: 0, error: null });
    expect(report['loadedAfter']).toBeGreaterThan(50);
    expect(printed).toBe('');
  });

  it('obeys PUBSUB_EMULATOR_HOST, and looks for no credentials then', async () => {
    const server = await openGrpcServer();
    const { report } = await publishInProcess(
      { project: 'my-project', timeoutMs: 10_000 },
      { PUBSUB_EMULATOR_HOST: server.host, GOOGLE_APPLICATION_CREDENTIALS: '/nowhere.json' },
    );
    expect(report).toMatchObject({ error: null });
    expect(server.calls).toHaveLength(1);
  });

  it.each<{ name: string; env: Record<string, string> }>([
    { name: 'there are none', env: { METADATA_SERVER_DETECTION: 'none' } },
    { name: 'their file is missing', env: { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere.json' } },
    {
      name: 'their file is no JSON',
      env: { GOOGLE_APPLICATION_CREDENTIALS: fileURLToPath(import.meta.url) },
    },
  ])('survives missing credentials, and says what to do: $name', async ({ env }) => {
    const { report, printed } = await publishInProcess({ project: 'my-project' }, env);
    expect(report).toMatchObject({
      planned: true,
      error: {
        code: 'EVENTS_UNAVAILABLE',
        retryable: true,
        message: expect.stringMatching(/for want of Google credentials: .*service account/),
      },
    });
    expect(JSON.stringify(report)).not.toMatch(/nowhere|import \{/);
    expect(printed).toBe('');
  });

  it('survives a metadata server that does not answer', async () => {
    const gate = await openTcpGate();
    onTestFinished(() => gate.close());
    const { report } = await publishInProcess(
      { project: 'my-project', timeoutMs: 500 },
      { GCE_METADATA_HOST: gate.host },
      'preloaded',
    );
    expect(report).toMatchObject({ planned: true, error: { code: 'EVENTS_UNAVAILABLE' } });
    // The library itself gives up after three seconds.
    expect(report['tookMs']).toBeLessThan(2_000);
  });

  it('survives a Pub/Sub that cannot be reached with real credentials', async () => {
    const { report } = await publishInProcess(
      {
        project: 'my-project',
        timeoutMs: TIMEOUT_MS,
        client: { apiEndpoint: await closedPort(), emulatorMode: false },
      },
      { METADATA_SERVER_DETECTION: 'assume-present', GCE_METADATA_HOST: await closedPort() },
    );
    expect(report).toMatchObject({
      planned: true,
      error: { code: 'EVENTS_UNAVAILABLE', message: expect.stringContaining('did not answer') },
    });
  });
});
