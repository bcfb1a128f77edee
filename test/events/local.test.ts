import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../functions/clock.ts';
import { createLocalPublisher } from '../../functions/events/local.ts';
import { decodeTokenRenewed } from '../../functions/events/message.ts';
import { anEvent } from '../fixtures/tokens.ts';

type Push = {
  message: { messageId: string; attributes: Record<string, string>; data: string };
  subscription: string;
};

let server: Server | null = null;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** A listener that answers every push with `status`, or never when there is none. */
async function listen(status: number | null, headers: Record<string, string> = {}) {
  const received: { method: string; contentType: string; push: Push }[] = [];
  const listener = createServer(async (request, response) => {
    const chunks = await request.toArray();
    received.push({
      method: request.method ?? '',
      contentType: request.headers['content-type'] ?? '',
      push: JSON.parse(Buffer.concat(chunks).toString()) as Push,
    });
    if (status !== null) response.writeHead(status, headers).end('an answer nobody reads');
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  server = listener;
  const { port } = listener.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/push`, received };
}

function publisher(url: string, options: { timeoutMs?: number; project?: string } = {}) {
  return createLocalPublisher({ url, fetch: globalThis.fetch, random: systemRandom, ...options });
}

describe('the local publisher', () => {
  it("posts one message in Pub/Sub's push envelope", async () => {
    const { url, received } = await listen(204);
    await publisher(url).publish(anEvent());
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: 'POST', contentType: 'application/json' });
    const push = received[0]?.push;
    expect(push).toEqual({
      message: {
        messageId: expect.stringMatching(/^\d+$/),
        attributes: {
          session: 'etrade-sandbox',
          broker: 'etrade',
          environment: 'sandbox',
          type: 'token-renewed',
        },
        data: expect.any(String),
      },
      subscription: 'projects/local/subscriptions/token-renewed-local',
    });
    expect(decodeTokenRenewed(Buffer.from(push?.message.data ?? '', 'base64'))).toEqual({
      ok: true,
      event: {
        ...anEvent(),
        secretVersion: 'projects/local/secrets/etrade-sandbox-session/versions/12',
      },
    });
  });

  it('names the project it was given', async () => {
    const { url, received } = await listen(200);
    await publisher(url, { project: 'elsewhere' }).publish(anEvent());
    const data = Buffer.from(received[0]?.push.message.data ?? '', 'base64').toString();
    expect(data).toContain('projects/elsewhere/secrets/etrade-sandbox-session/versions/12');
  });

  it('gives each publish a message id of its own', async () => {
    const { url, received } = await listen(200);
    await publisher(url).publish(anEvent());
    await publisher(url).publish(anEvent());
    expect(new Set(received.map(({ push }) => push.message.messageId)).size).toBe(2);
  });

  it.each([
    { status: 403, code: 'EVENTS_REFUSED', retryable: false },
    { status: 404, code: 'EVENTS_REFUSED', retryable: false },
    { status: 302, code: 'EVENTS_UNAVAILABLE', retryable: true },
    { status: 400, code: 'EVENTS_UNAVAILABLE', retryable: true },
    { status: 429, code: 'EVENTS_UNAVAILABLE', retryable: true },
    { status: 500, code: 'EVENTS_UNAVAILABLE', retryable: true },
    { status: 503, code: 'EVENTS_UNAVAILABLE', retryable: true },
  ])(
    'fails with $code after one try when the answer is $status',
    async ({ status, ...expected }) => {
      const { url, received } = await listen(status, { location: '/push' });
      await expect(publisher(url).publish(anEvent())).rejects.toMatchObject({
        name: 'EventError',
        message: expect.stringContaining(String(status)),
        ...expected,
      });
      expect(received).toHaveLength(1);
    },
  );

  it('gives up on a listener that takes the event and never answers', async () => {
    const { url, received } = await listen(null);
    await expect(publisher(url, { timeoutMs: 100 }).publish(anEvent())).rejects.toMatchObject({
      code: 'EVENTS_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('100 ms'),
    });
    expect(received).toHaveLength(1);
  });

  it('is unavailable where nobody listens, and does not say where that is', async () => {
    const { url } = await listen(200);
    server?.close();
    server?.closeAllConnections();
    const failing = publisher(url).publish(anEvent());
    await expect(failing).rejects.toMatchObject({ code: 'EVENTS_UNAVAILABLE', retryable: true });
    await expect(failing).rejects.not.toMatchObject({
      message: expect.stringContaining('127.0.0.1'),
    });
  });
});
