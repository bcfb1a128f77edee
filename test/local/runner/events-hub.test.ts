/** The events hub: takes Pub/Sub pushes, keeps them, and pushes on until they are taken. */

import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalPublisher } from '../../../functions/events/local.ts';
import { parseSessionKey, type SessionKey } from '../../../functions/lifecycle/session.ts';
import { createFaultsEditor } from '../../../infra/local/faults.ts';
import { createEventsHub, type HubEvent } from '../../../infra/local/runner/events-hub.ts';
import { readJsonBody } from '../../../infra/local/runner/http.ts';
import { openTestServer } from '../../fixtures/open-test-server.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';

const NOW = Date.parse('2026-03-09T12:42:00Z');

const EVENT = {
  type: 'token-renewed',
  reason: 'sign-in',
  session: parseSessionKey('etrade-sandbox')?.key as SessionKey,
  generation: 3,
  version: 3,
  issuedAt: NOW,
  accessExpiresAt: NOW,
  hardEndsAt: NOW,
  idleLimitMs: 7_200_000,
} as const;

/** A hub with one subscriber that answers what `answers` says, then 204. */
async function openHub(answers: number[] = []) {
  const faults = createFaultsEditor(join(temporaryDirectory(), 'faults.json'));
  const pushed: unknown[] = [];
  const seen: HubEvent[] = [];
  const subscriber = await openTestServer(async (req, res) => {
    const body = await readJsonBody(req);
    const status = answers.shift() ?? 204;
    if (status === 204 && body.ok) pushed.push(body.json);
    res.writeHead(status).end();
  });
  const hub = createEventsHub({
    clock: () => NOW,
    wait: async () => {},
    faults,
    fetch: globalThis.fetch,
    subscribers: [{ name: 'worker', url: async () => subscriber.url }],
    onEvent: (event) => void seen.push(event),
  });
  onTestFinished(hub.close);
  const { url } = await openTestServer((req, res) => void hub.handle(req, res));
  const random = (size: number) => new Uint8Array(size).fill(7);
  const publisher = createLocalPublisher({ url, fetch: globalThis.fetch, random });
  return { hub, url, publisher, pushed, seen, faults };
}

describe('the hub', () => {
  it('takes what the local publisher sends and keeps its JSON', async () => {
    const { hub, publisher, seen } = await openHub();
    await publisher.publish(EVENT);
    expect(hub.events()).toMatchObject([
      {
        at: NOW,
        attributes: { session: 'etrade-sandbox', type: 'token-renewed' },
        data: { generation: 3 },
      },
    ]);
    expect(seen).toEqual(hub.events());
  });

  it('pushes the same envelope on to the worker', async () => {
    const { hub, publisher, pushed } = await openHub();
    await publisher.publish(EVENT);
    await hub.flush();
    expect(pushed).toMatchObject([{ message: { attributes: { session: 'etrade-sandbox' } } }]);
  });

  it('tries again until the worker takes it, and then no more', async () => {
    const { hub, publisher, pushed } = await openHub([503, 500]);
    await publisher.publish(EVENT);
    await hub.flush();
    expect(pushed).toHaveLength(0);
    await hub.flush();
    await hub.flush();
    await hub.flush();
    expect(pushed).toHaveLength(1);
  });

  it.each([
    { body: 'no JSON', text: 'hello' },
    { body: 'no message', text: '{"subscription":"s"}' },
    {
      body: 'data that is not base64',
      text: '{"message":{"data":"<>"},"subscription":"s"}',
    },
    {
      body: 'data that is not JSON',
      text: JSON.stringify({ message: { data: btoa('hello') }, subscription: 's' }),
    },
  ])('refuses $body', async ({ text }) => {
    const { hub, url } = await openHub();
    const answer = await fetch(url, { method: 'POST', body: text });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.any(String) });
    expect(hub.events()).toEqual([]);
  });

  it.each([{ fault: { down: true } }, { fault: { status: 503 } }])(
    'fails the publisher while events are broken: $fault',
    async ({ fault }) => {
      const { hub, publisher, faults } = await openHub();
      faults.change({ events: fault });
      await expect(publisher.publish(EVENT)).rejects.toMatchObject({ code: 'EVENTS_UNAVAILABLE' });
      expect(hub.events()).toEqual([]);
      faults.change({ events: null });
      await publisher.publish(EVENT);
      expect(hub.events()).toHaveLength(1);
    },
  );
});
