/** The gateway: which function gets a request, unchanged, and what happens while one is away. */

import type { IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFaultsEditor } from '../../../infra/local/faults.ts';
import { createGateway, type FunctionName, targetOf } from '../../../infra/local/runner/gateway.ts';
import { openServer, PortError } from '../../../infra/local/runner/http.ts';
import { openTestServer } from '../../fixtures/open-test-server.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';

/** Another address of this machine, if it has one. */
const OTHER_ADDRESS = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

type Received = { name: string; method: string; url: string; headers: object; body: string };

async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

async function openGateway(portOf?: (name: FunctionName) => Promise<number>) {
  const faults = createFaultsEditor(join(temporaryDirectory(), 'faults.json'));
  const received: Received[] = [];
  const waits: number[] = [];
  const behind = async (name: string): Promise<number> => {
    const server = await openTestServer(async (req, res) => {
      const { method = '', url = '', headers } = req;
      received.push({ name, method, url, headers, body: await readText(req) });
      res.writeHead(303, { location: '/done', 'set-cookie': ['a=1', 'b=2'] });
      res.end(`from ${name}`);
    });
    return server.port;
  };
  const gateway = createGateway({
    portOf: portOf ?? behind,
    faults,
    wait: async (ms) => void waits.push(ms),
  });
  const { url } = await openTestServer((req, res) => void gateway(req, res));
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { redirect: 'manual', ...init });
  return { ask, received, faults, waits };
}

describe('the gateway', () => {
  it.each([
    { url: '/', name: 'pin-exchange', path: '/' },
    { url: '/go/abc?x=1', name: 'pin-exchange', path: '/go/abc?x=1' },
    { url: '/keepalive/force', name: 'pin-exchange', path: '/keepalive/force' },
    { url: '/keep-alive', name: 'keep-alive', path: '/' },
    { url: '/keep-alive/', name: 'keep-alive', path: '/' },
    { url: '/health-check?live', name: 'health-check', path: '/?live' },
    { url: '/morning-alert/x', name: 'morning-alert', path: '/x' },
    { url: '/keep-alive-status', name: 'pin-exchange', path: '/keep-alive-status' },
  ])('leads $url to $name', ({ url, name, path }) => {
    expect(targetOf(url)).toEqual({ name, path });
  });

  it('passes request and answer on as they are', async () => {
    const { ask, received } = await openGateway();
    const answer = await ask('/sign-in/etrade-sandbox?done', {
      method: 'POST',
      headers: { cookie: '__session=abc', 'content-type': 'text/plain' },
      body: 'pin=ABC12',
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/done');
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await answer.text()).toBe('from pin-exchange');
    expect(received).toMatchObject([
      {
        name: 'pin-exchange',
        method: 'POST',
        url: '/sign-in/etrade-sandbox?done',
        headers: { cookie: '__session=abc', 'x-forwarded-for': '127.0.0.1' },
        body: 'pin=ABC12',
      },
    ]);
  });

  it('answers 502 when the function dies during the call', async () => {
    const dying = await openTestServer((req) => req.socket.destroy());
    const { ask } = await openGateway(async () => dying.port);
    const answer = await ask('/keep-alive', { method: 'POST' });
    expect(answer.status).toBe(502);
    expect(await answer.json()).toEqual({ error: expect.stringContaining('keep-alive') });
  });

  it('answers 503 when the function does not come up', async () => {
    const { ask } = await openGateway(async () => {
      throw new Error('not up');
    });
    expect((await ask('/health-check', { method: 'POST' })).status).toBe(503);
  });

  it('shows the faults of a function, and only of that one', async () => {
    const { ask, faults, waits } = await openGateway();
    faults.change({ 'keep-alive': { status: 500 }, 'health-check': { malformed: true } });
    expect((await ask('/keep-alive')).status).toBe(500);
    await expect((await ask('/health-check')).json()).rejects.toThrow(SyntaxError);
    expect((await ask('/')).status).toBe(303);
    faults.change({ 'keep-alive': { down: true, slowMs: 70 } });
    await expect(ask('/keep-alive')).rejects.toThrow('fetch failed');
    expect(waits).toEqual([70]);
  });
});

describe('a server of the local run', () => {
  it.skipIf(OTHER_ADDRESS === undefined)('listens on 127.0.0.1 only', async () => {
    const server = await openTestServer((_req, res) => res.end());
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    await expect(fetch(`http://${OTHER_ADDRESS}:${server.port}`)).rejects.toThrow('fetch failed');
  });

  it('names the port that is taken', async () => {
    const { port } = await openTestServer((_req, res) => res.end());
    const second = openServer(() => {}, port);
    await expect(second).rejects.toThrow(PortError);
    await expect(second).rejects.toThrow(`Port ${port} is taken`);
  });
});
