/**
 * The worker of the handover bench, in a process of its own as on a real morning: what reaches it first must
 * not wait for work of the function that sent it.
 *
 * Says `ready`, then for each event `done` once its first signed call with the new token was answered, with
 * the time that the broker took; for each bare message `received`. Forked by `handover.ts`.
 */

import { PubSub } from '@google-cloud/pubsub';
import * as z from 'zod';
import { createEtradeBroker } from '../../functions/brokers/etrade.ts';
import { systemClock, systemRandom, systemWait } from '../../functions/clock.ts';
import { decodeTokenRenewed } from '../../functions/events/message.ts';
import type { Log } from '../../functions/logging/log.ts';
import { Secret } from '../../functions/secret.ts';
import { createSecretAccess } from '../../functions/storage/secret-access.ts';
import { createSecretManagerStore } from '../../functions/storage/secret-manager.ts';
import { addressesOf, CONSUMERS } from '../fixtures/etrade-host.ts';
import { sessionKey } from '../fixtures/records.ts';
import { PROJECT } from '../fixtures/secret-manager.ts';

const settingsSchema = z.object({
  session: z.string(),
  /** From the machine's clock to that of the day that is played. */
  shiftMs: z.number(),
  pubsub: z.object({
    project: z.string(),
    host: z.string(),
    events: z.string(),
    bare: z.string(),
  }),
  secretManagerUrl: z.string(),
  brokerUrl: z.string(),
});

export type WorkerSettings = z.infer<typeof settingsSchema>;
export type WorkerMessage =
  | { readonly type: 'ready' | 'received' }
  | { readonly type: 'done'; readonly brokerMs: number };

const none = () => {};
const SILENT: Log = { debug: none, info: none, warn: none, error: none, with: () => SILENT };

const settings = settingsSchema.parse(JSON.parse(process.argv[2] ?? 'null'));
const key = sessionKey(settings.session);
const clock = () => systemClock() + settings.shiftMs;
const parts = { clock, wait: systemWait, random: systemRandom };
let brokerMs = 0;

const broker = createEtradeBroker({
  environment: 'prod',
  consumerKey: new Secret(CONSUMERS.prod.key),
  consumerSecret: new Secret(CONSUMERS.prod.secret),
  ...addressesOf(settings.brokerUrl, 'prod'),
  ...parts,
  fetch: async (input, init) => {
    const startedAt = performance.now();
    const answer = await fetch(input, init);
    brokerMs += performance.now() - startedAt;
    return answer;
  },
});
const store = createSecretManagerStore({
  secrets: createSecretAccess({
    ...parts,
    project: PROJECT,
    endpoint: settings.secretManagerUrl,
    log: SILENT,
  }),
  clock,
  log: SILENT,
});

async function onEvent(data: Buffer): Promise<void> {
  brokerMs = 0;
  const decoded = decodeTokenRenewed(data);
  if (!decoded.ok) throw new Error('an event that does not read');
  const read = await store.readToken(key, decoded.event.version);
  if (read.status !== 'found') throw new Error('the event names no stored version');
  if (!(await broker.probe(read.token)).ok) throw new Error('the new token does not work');
  say({ type: 'done', brokerMs });
}

function say(message: WorkerMessage): void {
  process.send?.(message);
}

const { project, host, events, bare } = settings.pubsub;
const client = new PubSub({ projectId: project, apiEndpoint: host });
client.subscription(events).on('message', (message) => {
  message.ack();
  void onEvent(message.data);
});
client.subscription(bare).on('message', (message) => {
  message.ack();
  say({ type: 'received' });
});
process.on('disconnect', () => process.exit());
say({ type: 'ready' });
