import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Broker, BrokerOptions, BrokerToken } from '../../functions/brokers/broker.ts';
import { createEtradeBroker } from '../../functions/brokers/etrade.ts';
import { createKiteBroker } from '../../functions/brokers/kite.ts';
import { createSchwabBroker } from '../../functions/brokers/schwab.ts';
import { createTradestationBroker } from '../../functions/brokers/tradestation.ts';
import { createUpstoxBroker } from '../../functions/brokers/upstox.ts';
import { Secret } from '../../functions/secret.ts';

const TOKEN: BrokerToken = {
  accessToken: new Secret('access'),
  tokenSecret: new Secret('access-secret'),
  refreshToken: new Secret('refresh'),
};
const SIGN_IN = { id: 'id', secret: new Secret('secret'), startedAt: 0, expiresAt: 1 };
const PIN = new Secret('H92GX');

type Opened = {
  readonly url: string;
  /** Requests that were read, by their first line. */
  readonly arrived: readonly string[];
  readonly connections: () => number;
};

let server: Server | undefined;
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  const closing = server;
  server = undefined;
  await new Promise((resolve) => closing?.close(resolve) ?? resolve(undefined));
});

async function listening(serve: (socket: Socket, count: number) => void): Promise<string> {
  let count = 0;
  const started = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    count += 1;
    serve(socket, count);
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const address = started.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

/**
 * A broker behind a firewall that forgets idle connections without a word: the first request of a
 * connection is answered, what comes later goes nowhere.
 */
async function forgetful(ending: 'silence' | 'reset'): Promise<Opened> {
  const arrived: string[] = [];
  let connections = 0;
  const url = await listening((socket, count) => {
    connections = count;
    let isForgotten = false;
    socket.on('data', (bytes) => {
      if (isForgotten) {
        if (ending === 'reset') socket.resetAndDestroy();
        return;
      }
      isForgotten = true;
      const line = bytes.toString().split('\r\n')[0] ?? '';
      arrived.push(line);
      const body = answerTo(line);
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: keep-alive\r\n\r\n${body}`,
      );
    });
  });
  return { url, arrived, connections: () => connections };
}

/** One body that is good at every broker's token endpoint, accounts for what asks for them. */
function answerTo(line: string): string {
  if (line.includes('/oauth/request_token') || line.includes('/oauth/access_token')) {
    return 'oauth_token=a&oauth_token_secret=b';
  }
  if (line.includes('/accounts/list')) return '{"AccountListResponse":{}}';
  if (line.includes('/accountNumbers')) return '[]';
  if (line.includes('/brokerage/accounts')) return '{"Accounts":[]}';
  const tokens = { access_token: 'fresh', refresh_token: 'fresh-refresh' };
  return JSON.stringify({ ...tokens, status: 'success', data: { ...tokens, user_id: 'U1' } });
}

function made(create: (options: BrokerOptions) => Broker, url: string): Broker {
  return create(optionsOf(url));
}

function optionsOf(url: string): BrokerOptions {
  return {
    environment: 'prod',
    consumerKey: new Secret('key'),
    consumerSecret: new Secret('key-secret'),
    oauthUrl: url,
    apiUrl: url,
    authorizeUrl: `${url}/authorize`,
    redirectUrl: 'https://127.0.0.1:8182/',
    fetch: globalThis.fetch,
    clock: Date.now,
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    wait: async () => {},
    timeoutMs: 1_000,
  };
}

const SPENDING: readonly (readonly [
  string,
  (options: BrokerOptions) => Broker,
  (broker: Broker) => Promise<{ readonly ok: boolean }> | undefined,
  string,
])[] = [
  ['a PIN', createEtradeBroker, (broker) => broker.complete(SIGN_IN, PIN), 'access_token'],
  ['Schwab’s code', createSchwabBroker, (broker) => broker.complete(SIGN_IN, PIN), 'oauth/token'],
  ['Schwab’s refresh token', createSchwabBroker, (broker) => broker.renew(TOKEN), 'oauth/token'],
  ['a code', createTradestationBroker, (broker) => broker.complete(SIGN_IN, PIN), 'oauth/token'],
  ['a refresh token', createTradestationBroker, (broker) => broker.renew(TOKEN), 'oauth/token'],
  ['Upstox’s code', createUpstoxBroker, (broker) => broker.complete(SIGN_IN, PIN), 'login'],
  ['an approval', createUpstoxBroker, (broker) => broker.approval?.request(), 'token/request'],
  ['Kite’s request token', createKiteBroker, (broker) => broker.complete(SIGN_IN, PIN), 'session'],
  ['a glance at the account', createEtradeBroker, (broker) => broker.glance(TOKEN), 'list'],
];

describe.each(['silence', 'reset'] as const)('a kept connection that ends in %s', (ending) => {
  test.each(SPENDING)('does not cost %s', async (_what, create, spend, path) => {
    const { url, arrived, connections } = await forgetful(ending);
    const broker = made(create, url);
    expect(await broker.probe(TOKEN)).toMatchObject({ ok: true });
    expect(connections()).toBe(1);
    // Until the platform has put it back among those that it keeps.
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await spend(broker)).toMatchObject({ ok: true });
    expect(arrived.slice(1)).toEqual([expect.stringContaining(path)]);
  });
});

test('two that go out once share no connection, and keep none', async () => {
  const { url, connections } = await forgetful('silence');
  const broker = made(createEtradeBroker, url);
  for (const expected of [1, 2, 3]) {
    expect(await broker.complete(SIGN_IN, PIN)).toMatchObject({ ok: true });
    expect(connections()).toBe(expected);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await expect.poll(() => [...sockets].every((socket) => socket.destroyed)).toBe(true);
});

describe('a connection that does not come about', () => {
  test('is tried for again: a handshake that breaks has sent nothing', async () => {
    let count = 0;
    const url = await listening((socket, number) => {
      count = number;
      socket.once('data', () => socket.resetAndDestroy());
    });
    const broker = made(createEtradeBroker, url.replace('http:', 'https:'));
    expect(await broker.complete(SIGN_IN, PIN)).toMatchObject({
      ok: false,
      answered: false,
      problem: 'connect-econnreset',
    });
    expect(count).toBe(3);
  });

  test('costs nothing when it comes about in the end', async () => {
    const url = await listening(() => undefined);
    const { port } = new URL(url);
    await new Promise((resolve) => server?.close(resolve));
    let opened: Promise<unknown> | undefined;
    const later = createServer((socket) => {
      sockets.add(socket);
      socket.once('data', () => {
        socket.end(
          'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\noauth_token=a&oauth_token_secret=b',
        );
      });
    });
    const broker = createEtradeBroker({
      ...optionsOf(url),
      wait: async () => {
        opened ??= new Promise<void>((resolve) => later.listen(Number(port), '127.0.0.1', resolve));
        await opened;
      },
    });
    server = later;
    expect(await broker.complete(SIGN_IN, PIN)).toMatchObject({ ok: true });
  });

  test('is told apart from one that breaks after the request was sent: that is sent once', async () => {
    let count = 0;
    const url = await listening((socket, number) => {
      count = number;
      socket.once('data', () => socket.resetAndDestroy());
    });
    const answer = await made(createEtradeBroker, url).complete(SIGN_IN, PIN);
    expect(answer).toMatchObject({ ok: false, answered: false });
    expect(answer.ok || answer.problem).not.toMatch(/^connect-/);
    expect(count).toBe(1);
  });
});
