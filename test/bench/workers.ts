/**
 * From the event of a renewal until all of fifty workers have switched, against a bare message until all of
 * fifty bare subscribers have it: the same emulator, the same process, in turns. And what one connected
 * worker keeps in memory.
 *
 * Each worker has a client, a connection and a subscription of its own, as workers on fifty machines have.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PubSub } from '@google-cloud/pubsub';
import { systemClock, systemWait } from '../../functions/clock.ts';
import { createPubsubPublisher } from '../../functions/events/pubsub.ts';
import { connect } from '../../functions/worker/connect.ts';
import type { WorkerSession } from '../../functions/worker/worker-session.ts';
import { buildPackage } from '../../infra/build/package.ts';
import { hasPubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import { newPubsubProject, openPubsubEmulator } from '../fixtures/pubsub-emulator.ts';
import { openWorkerWorld, type WorkerWorld } from '../fixtures/worker-world.ts';
import { compared, type Figure, quantile, type Report } from './figure.ts';

const KEY = 'etrade-prod';
const WORKERS = 50;
const ROUNDS = 15;
const TOPIC = 'token-renewed';
const ROOT = join(import.meta.dirname, '..', '..');

/** Of the emulator, which looks for messages so often: each round begins at another moment between two looks. */
const LOOK_MS = 50;
const IDLE_MS = 300;
const SETTLE_MS = 3_000;

export async function measureWorkers(report: Report): Promise<readonly Figure[]> {
  if (!hasPubsubEmulator()) {
    report("left out: Google's Pub/Sub emulator is not installed");
    return [];
  }
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  const emulator = await openPubsubEmulator();
  const pubsub = newPubsubProject(emulator.host);
  const { project } = pubsub;
  for (const topic of [TOPIC, 'bare', 'worker-reports']) await pubsub.createTopic(topic);
  const client = { apiEndpoint: emulator.host };
  const publisher = createPubsubPublisher({ project, topic: TOPIC, client });
  let publishedAt = 0;
  const world = await openWorkerWorld({
    key: KEY,
    events: {
      publish(event) {
        publishedAt = performance.now();
        return publisher.publish(event);
      },
    },
  });
  const env = { ...world.env, PUBSUB_EMULATOR_HOST: emulator.host };
  try {
    const figures = await measureSwitch(report, world, { project, client, env }, () => publishedAt);
    return [...figures, ...(await measureMemory(report, env))];
  } finally {
    await publisher.close();
    await world.close();
    await emulator.stop();
  }
}

async function measureSwitch(
  report: Report,
  world: WorkerWorld,
  { project, client, env }: Place,
  publishedAt: () => number,
): Promise<readonly Figure[]> {
  const clock = () => systemClock() + world.shift();
  const workers: WorkerSession[] = [];
  const clients: PubSub[] = [];
  const waiting = { ours: new Waiting(), bare: new Waiting() };
  try {
    report(`${WORKERS} workers connect`);
    // The product's clients find the emulator as a person's would.
    process.env['PUBSUB_EMULATOR_HOST'] = client.apiEndpoint;
    for (let number = 0; number < WORKERS; number += 1) {
      const worker = await connect({
        session: KEY,
        worker: `bench-${number}`,
        project,
        env: { ...env, GOOGLE_CLOUD_PROJECT: project },
        parts: { clock, store: world.wiring.store },
      });
      worker.on('renewed', () => waiting.ours.arrived());
      workers.push(worker);
      const bare = new PubSub({ projectId: project, ...client, ...OWN_CONNECTION });
      const [subscription] = await bare.topic('bare').createSubscription(`bare-${number}`);
      subscription.on('message', (message) => {
        message.ack();
        waiting.bare.arrived();
      });
      clients.push(bare);
    }
    await systemWait(SETTLE_MS);
    const bareTopic = new PubSub({ projectId: project, ...client }).topic('bare', {
      batching: { maxMessages: 1 },
    });
    const times = { ours: [] as number[], bare: [] as number[] };
    for (let round = -1; round < ROUNDS; round += 1) {
      await systemWait(IDLE_MS + ((round * 0.618) % 1) * LOOK_MS);
      const startedAt = performance.now();
      const all = waiting.bare.next(WORKERS);
      await bareTopic.publishMessage({ data: Buffer.from('{}') });
      const bare = (await all).map((at) => at - startedAt);
      await systemWait(IDLE_MS + (((round + 0.5) * 0.618) % 1) * LOOK_MS);
      const switched = waiting.ours.next(WORKERS);
      await world.signIn();
      const ours = (await switched).map((at) => at - publishedAt());
      if (round < 0) continue;
      times.bare.push(...bare);
      times.ours.push(...ours);
      if (round % 5 === 4) report(`${round + 1} of ${ROUNDS} renewals`);
    }
    return [0.5, 0.99].map((share) =>
      compared({
        name: `renewal → ${WORKERS} workers, p${share * 100}`,
        value: quantile(times.ours, share),
        unit: 'ms',
        baseline: { name: 'bare Pub/Sub', value: quantile(times.bare, share) },
        atMost: 1.5,
        ...(share > 0.9
          ? { note: 'all in one process, which also answers as Secret Manager and as the broker' }
          : {}),
      }),
    );
  } finally {
    delete process.env['PUBSUB_EMULATOR_HOST'];
    await Promise.all(workers.map((worker) => worker.close()));
    await Promise.all(clients.map((one) => one.close()));
  }
}

type Place = {
  readonly project: string;
  readonly client: { readonly apiEndpoint: string };
  readonly env: Readonly<Record<string, string>>;
};

const OWN_CONNECTION = { 'grpc.use_local_subchannel_pool': 1 };

/** Collects moments until there are as many as are waited for. */
class Waiting {
  private moments: number[] = [];
  private wanted: { count: number; done: (moments: number[]) => void } | null = null;

  next(count: number): Promise<readonly number[]> {
    this.moments = [];
    return new Promise((done) => {
      this.wanted = { count, done };
    });
  }

  arrived(): void {
    this.moments.push(performance.now());
    if (this.wanted !== null && this.moments.length === this.wanted.count) {
      this.wanted.done(this.moments);
      this.wanted = null;
    }
  }
}

/** The built package, as a trading service runs it, beside a Node process that only stays alive. */
async function measureMemory(
  report: Report,
  env: Readonly<Record<string, string>>,
): Promise<readonly Figure[]> {
  if (!existsSync('/proc/self/status')) {
    report('memory left out: this system has no /proc');
    return [];
  }
  const directory = mkdtempSync(join(tmpdir(), 'token-cadence-bench-package-'));
  try {
    await buildPackage(join(directory, 'package'));
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    const entry = join(directory, 'package', 'worker', 'connect.js');
    const stay = 'setInterval(() => {}, 1000); console.log("ready");';
    const bare = await residentMiB(stay, env);
    const connected = await residentMiB(
      `const { connect } = await import(${JSON.stringify(entry)});
await connect({ session: '${KEY}', worker: 'bench-memory' });
${stay}`,
      env,
    );
    return [
      compared({
        name: 'memory: one connected worker',
        value: connected,
        unit: 'MiB',
        baseline: { name: 'bare Node', value: bare },
        note: `${(connected - bare).toFixed(0)} MiB above bare Node, Google's two clients included`,
      }),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function residentMiB(script: string, env: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...env, METADATA_SERVER_DETECTION: 'none' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await said(child, 'ready');
    await systemWait(SETTLE_MS);
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  } finally {
    child.kill('SIGKILL');
  }
}

async function said(child: ChildProcess, word: string): Promise<void> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(word)) resolve();
    });
    child.on('exit', (code) => reject(new Error(`The process ended with ${code}`)));
  });
}
