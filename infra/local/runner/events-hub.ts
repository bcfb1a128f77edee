/**
 * Events over HTTP, in place of Pub/Sub: takes the push envelope, keeps it, pushes it on to every subscriber
 * until that one has taken it, and writes it into the open answer of everyone who follows.
 *
 * At least once, in no promised order, like the real service. Mounted on the control port at `/events`.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Clock, Wait } from '../../../functions/clock.ts';
import type { Faults } from '../faults.ts';
import { readJsonBody, sendEmpty, sendJson } from './http.ts';
import { answeredByFault } from './network-fault.ts';

const RETRY_EVERY_MS = 2_000;
const PUSH_TIMEOUT_MS = 10_000;

/** How many events the control API still shows. */
const EVENTS_KEPT = 500;

const pushSchema = z.object({
  message: z.object({
    messageId: z.string().optional(),
    attributes: z.record(z.string(), z.string()).default({}),
    data: z.base64(),
  }),
  subscription: z.string(),
});
type Push = z.infer<typeof pushSchema>;

export type HubEvent = {
  readonly at: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** The message's JSON. */
  readonly data: unknown;
};

export type Subscriber = {
  readonly name: string;
  /** Where it takes pushes now; rejects while it is not up. */
  readonly url: () => Promise<string>;
};

export type EventsHubOptions = {
  readonly clock: Clock;
  readonly wait: Wait;
  readonly faults: Faults;
  readonly subscribers: readonly Subscriber[];
  readonly fetch: typeof globalThis.fetch;
  readonly onEvent: (event: HubEvent) => void;
};

export type EventsHub = {
  readonly handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** Leaves the answer open and writes a line of JSON for each event from now on. */
  readonly follow: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  readonly events: () => readonly HubEvent[];
  /** Tries every waiting push once, now. */
  readonly flush: () => Promise<void>;
  readonly close: () => void;
};

export function createEventsHub(options: EventsHubOptions): EventsHub {
  const { clock, wait, faults, subscribers, fetch, onEvent } = options;
  const events: HubEvent[] = [];
  const waiting = new Set<{ readonly push: Push; readonly subscriber: Subscriber }>();
  const followers = new Set<ServerResponse>();
  let flushing: Promise<void> | null = null;
  const timer = setInterval(() => {
    keepFollowers();
    void flush();
  }, RETRY_EVERY_MS);

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (await answeredByFault(faults.of('events')?.fault ?? null, res, wait)) return;
    const body = await readJsonBody(req);
    if (!body.ok) return sendJson(res, body.status, { error: body.problem });
    const parsed = pushSchema.safeParse(body.json);
    const data = parsed.success ? readData(parsed.data.message.data) : undefined;
    if (!parsed.success || data === undefined) {
      return sendJson(res, 400, { error: 'The body is not a Pub/Sub push with JSON data' });
    }
    const event = { at: clock(), attributes: parsed.data.message.attributes, data };
    events.push(event);
    if (events.length > EVENTS_KEPT) events.shift();
    for (const subscriber of subscribers) waiting.add({ push: parsed.data, subscriber });
    for (const follower of followers) follower.write(`${JSON.stringify(parsed.data)}\n`);
    sendEmpty(res, 204);
    onEvent(event);
    void flush();
  }

  async function follow(_req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (await answeredByFault(faults.of('events')?.fault ?? null, res, wait)) return;
    res.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    res.write('\n');
    followers.add(res);
    res.once('close', () => followers.delete(res));
  }

  /** An empty line as a sign of life; a hub that is down has no followers. */
  function keepFollowers(): void {
    const isDown = faults.of('events')?.fault.down === true;
    for (const follower of followers) {
      if (isDown) follower.destroy();
      else follower.write('\n');
    }
  }

  /** One flush at a time; who asks during one gets the next. */
  async function flush(): Promise<void> {
    while (flushing !== null) await flushing;
    if (waiting.size === 0) return;
    flushing = Promise.all([...waiting].map(deliver)).then(() => {
      flushing = null;
    });
    await flushing;
  }

  async function deliver(entry: { readonly push: Push; readonly subscriber: Subscriber }) {
    try {
      const answer = await fetch(await entry.subscriber.url(), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(entry.push),
        signal: AbortSignal.timeout(PUSH_TIMEOUT_MS),
      });
      await answer.body?.cancel();
      if (answer.ok) waiting.delete(entry);
    } catch {
      // Not up, or not answering: the next flush tries again.
    }
  }

  return {
    handle,
    follow,
    events: () => events,
    flush,
    close() {
      clearInterval(timer);
      for (const follower of followers) follower.destroy();
    },
  };
}

function readData(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}
