/**
 * The process of the sample workers: three trading workers on the worker client, as three machines would run
 * them, on the virtual clock.
 *
 * Takes pushed events for them where there is no Pub/Sub, lets them act when the runner has moved time, and
 * reports to the runner what they say. Started by the runner with the same settings as a function.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { systemWait } from '../../functions/clock.ts';
import { readConfig } from '../../functions/config.ts';
import { StoreError } from '../../functions/errors.ts';
import { decodeTokenRenewed } from '../../functions/events/message.ts';
import type { FollowOptions, TokenEvents } from '../../functions/events/token-events.ts';
import type { Log } from '../../functions/logging/log.ts';
import { zoneOf } from '../../functions/operations/markets.ts';
import { connect } from '../../functions/worker/connect.ts';
import type { WorkerSession } from '../../functions/worker/worker-session.ts';
import { samplePathOf } from './brokers/table.ts';
import { composeLocal } from './compose.ts';
import { createGroupedLines } from './grouped-lines.ts';
import { createInFlight } from './in-flight.ts';
import { createQueue } from './one-at-a-time.ts';
import { readJsonBody, sendEmpty, sendJson } from './runner/http.ts';
import { answeredByFault } from './runner/network-fault.ts';
import type { WorkerReport } from './runner/workers.ts';
import { createSampleWorker, type SampleWorker } from './sample-worker.ts';
import { REPORTS_URL_VARIABLE } from './settings.ts';
import { createVirtualWait } from './virtual-wait.ts';
import { WORKER_NAMES, type WorkerName } from './worker-names.ts';

const ACT_EVERY_MS = 5_000;
const REPORT_TIMEOUT_MS = 5_000;

const pushSchema = z.object({ message: z.object({ data: z.base64() }) });

const wiring = composeLocal('worker');
const settings = readConfig();
const reportsUrl = process.env[REPORTS_URL_VARIABLE] ?? '';
const fault = () => wiring.faults.of('worker')?.fault ?? null;
const isPaused = (): boolean => fault()?.paused === true;

const print = createGroupedLines((line) => void process.stdout.write(`${line}\n`));
const inFlight = createInFlight();
const sleep = createVirtualWait({ clock: wiring.clock, isStill: isPaused });
const listeners = new Map<WorkerName, Set<FollowOptions>>(
  WORKER_NAMES.map((name) => [name, new Set()]),
);

type Running = { readonly connection: WorkerSession; readonly worker: SampleWorker };
const running = new Map<WorkerName, readonly Running[]>();

/** Only trouble: what a worker does it says in its own lines. */
const log = onlyTrouble(wiring.log);

/** The store as this worker reaches it: not at all while it is cut off. */
function storeOf(name: WorkerName) {
  const reach = <T>(work: () => Promise<T>): Promise<T> =>
    inFlight.track(async () => {
      if (fault()?.cutOff === name) {
        throw new StoreError('The worker is cut off (a fault of the local run)', {
          code: 'STORE_UNAVAILABLE',
          retryable: true,
        });
      }
      return work();
    });
  const { store } = wiring;
  return {
    load: (...args: Parameters<typeof store.load>) => reach(() => store.load(...args)),
    readToken: (...args: Parameters<typeof store.readToken>) =>
      reach(() => store.readToken(...args)),
  };
}

/** Events as the runner's hub pushes them. */
function pushedTo(name: WorkerName): TokenEvents {
  return {
    follow(options) {
      listeners.get(name)?.add(options);
      return {
        async close() {
          listeners.get(name)?.delete(options);
        },
      };
    },
  };
}

async function start(name: WorkerName): Promise<void> {
  const hasPubsub = settings.events.kind === 'pubsub';
  const connected = settings.sessions.map(async ({ key, broker, urls }): Promise<Running> => {
    const connection = await connect({
      session: key,
      worker: name,
      log,
      parts: {
        clock: wiring.clock,
        wait: sleep.wait,
        store: storeOf(name),
        fetch: (input, init) => inFlight.track(() => wiring.fetch(input, init)),
        ...(hasPubsub ? {} : { events: pushedTo(name) }),
      },
    });
    const worker = createSampleWorker({
      broker: connection,
      url: `${urls.apiUrl}${samplePathOf(broker)}`,
      clock: wiring.clock,
      zone: zoneOf(wiring, []),
      report,
      print,
    });
    connection.on('renewed', () => void inFlight.track(worker.act));
    return { connection, worker };
  });
  running.set(name, await Promise.all(connected));
}

async function stop(name: WorkerName): Promise<void> {
  const connections = running.get(name) ?? [];
  running.delete(name);
  await Promise.all(connections.map(({ connection }) => connection.close()));
}

const oneAfterTheOther = createQueue();

/** Every worker as it is to be now; then those that run look after their session. */
function actAll(): Promise<void> {
  return oneAfterTheOther(async () => {
    for (const name of WORKER_NAMES) {
      const isStopped = fault()?.stopped === name;
      if (isStopped && running.has(name)) await stop(name);
      if (!isStopped && !running.has(name)) await start(name);
    }
    sleep.wake();
    await inFlight.settled();
    const workers = [...running.values()].flat().map(({ worker }) => worker);
    await Promise.all(workers.map((worker) => worker.act()));
    await inFlight.settled();
  });
}

async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (await answeredByFault(fault(), res, systemWait)) return;
  // A paused worker takes nothing: the hub keeps the event for later.
  if (isPaused()) return sendEmpty(res, 503);
  if (req.url === '/act') {
    req.resume();
    await actAll();
    return sendEmpty(res, 204);
  }
  const body = await readJsonBody(req);
  if (!body.ok) return sendJson(res, body.status, { error: body.problem });
  const push = pushSchema.safeParse(body.json);
  if (!push.success) return sendJson(res, 400, { error: 'The body is not a Pub/Sub push' });
  const event = decodeTokenRenewed(Buffer.from(push.data.message.data, 'base64'));
  // Events of other types or newer schemas are taken and ignored, or they would come for ever.
  if (event.ok) {
    for (const [name, own] of listeners) {
      if (fault()?.cutOff === name) continue;
      for (const { onEvent } of own) onEvent(event.event);
    }
    await inFlight.settled();
  }
  sendEmpty(res, 204);
}

/** The other side may be away: the next report follows. */
async function report(said: WorkerReport): Promise<void> {
  try {
    const answer = await fetch(reportsUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(said),
      signal: AbortSignal.timeout(REPORT_TIMEOUT_MS),
    });
    await answer.body?.cancel();
  } catch {}
}

function onlyTrouble(inner: Log): Log {
  const none = (): void => {};
  return {
    ...inner,
    debug: none,
    info: none,
    with: (labels) => onlyTrouble(inner.with(labels)),
  };
}

createServer((req, res) => {
  handle(req, res).catch((error: unknown) => {
    wiring.log.error('worker-failed', 'The workers could not handle a call', error);
    sendEmpty(res, 500);
  });
}).listen(0);

setInterval(() => {
  if (!isPaused()) void actAll();
}, ACT_EVERY_MS);
if (!isPaused()) void actAll();
