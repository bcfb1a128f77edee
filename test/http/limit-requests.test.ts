/** What is judged before the framework reads: size, speed, encodings; on raw lines to the real framework. */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { serve } from '../../functions/http/serve.ts';
import { createJsonLog } from '../../functions/logging/json-log.ts';
import { openServer } from '../../infra/local/runner/http.ts';
import { head, openLine, type RawLine } from '../fixtures/raw-http.ts';

const LIMIT = 64 * 1024;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

const servers: Server[] = [];
const lines: RawLine[] = [];
const logged: string[] = [];
const log = createJsonLog({ clock: () => 0, write: (line) => logged.push(line) });
let isHttps = false;

afterEach(async () => {
  isHttps = false;
  logged.length = 0;
  for (const line of lines.splice(0)) line.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Answers how many bytes came, and remembers them. */
async function start(): Promise<{ port: number; url: string; seen: string[] }> {
  const seen: string[] = [];
  serve(
    'limited',
    async (request) => {
      seen.push(await request.text());
      return new Response('taken');
    },
    () => ({ log }),
    { log, https: () => isHttps },
  );
  const server = getTestServer('limited');
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}`, seen };
}

async function line(port: number): Promise<RawLine> {
  const opened = await openLine(port);
  lines.push(opened);
  return opened;
}

const post = (url: string, body: Uint8Array<ArrayBuffer> | string, headers = {}) =>
  fetch(url, { method: 'POST', body, headers });

describe('size', () => {
  it.each([LIMIT + 1, 8_000_000, 10 ** 12, '9'.repeat(40)])(
    'a declared length of %s is refused at once, before a byte of it comes',
    async (length) => {
      const { port, seen } = await start();
      const raw = await line(port);
      raw.socket.write(head('POST /', { 'content-length': length }));
      expect(await raw.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 (413|400) /);
      expect(seen).toEqual([]);
    },
  );

  it.each([
    [LIMIT, 'taken'],
    [LIMIT + 1, '{"error":"too-large"}\n'],
    [4_000_000, '{"error":"too-large"}\n'],
  ])('a chunked body of %i bytes is counted', async (size, text) => {
    const { url, seen } = await start();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let left = size; left > 0; left -= 40_000) {
          controller.enqueue(new Uint8Array(Math.min(left, 40_000)).fill(120));
        }
        controller.close();
      },
    });
    const answer = await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
    expect(await answer.text()).toBe(text);
    expect(seen.map((each) => each.length)).toEqual(text === 'taken' ? [size] : []);
  });

  it('takes the next request on a line whose last one was refused', async () => {
    const { port, seen } = await start();
    const raw = await line(port);
    raw.socket.write(head('POST /', { 'content-length': 1_000_000 }));
    raw.socket.write('x'.repeat(1_000_000));
    raw.socket.write(`${head('POST /', { 'content-length': 5 })}hello`);
    const text = await raw.until(/taken/);
    expect(text).toMatch(/^HTTP\/1\.1 413 [\s\S]*HTTP\/1\.1 200 /);
    expect(seen).toEqual(['hello']);
  });

  it('answers requests that were sent in one go, each on its own', async () => {
    const { port, seen } = await start();
    const raw = await line(port);
    raw.socket.write(
      `${head('POST /', { 'content-length': 1 })}a${head('POST /', { 'content-length': 1 })}b`,
    );
    await raw.until(/taken[\s\S]*taken/);
    expect(seen).toEqual(['a', 'b']);
  });

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('what is compressed with %s may not grow above the limit', async (encoding, compress) => {
    const { url, seen } = await start();
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    const bomb = await post(url, new Uint8Array(compress(Buffer.alloc(5_000_000, '['))), headers);
    expect([bomb.status, seen]).toEqual([413, []]);
    const small = await post(url, new Uint8Array(compress('{"a":1}')), headers);
    expect([small.status, seen]).toEqual([200, ['{"a":1}']]);
  });

  it('refuses a large body before it says "continue", and then closes the line', async () => {
    const { port, seen } = await start();
    const raw = await line(port);
    raw.socket.write(head('POST /', { 'content-length': 8_000_000, expect: '100-continue' }));
    await raw.closed;
    expect(raw.text()).toMatch(/^HTTP\/1\.1 413 /);
    const small = await line(port);
    small.socket.write(head('POST /', { 'content-length': 5, expect: '100-continue' }));
    expect(await small.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 100 Continue/);
    small.socket.write('hello');
    await small.until(/taken/);
    expect(seen).toEqual(['hello']);
  });

  it('ignores an expectation that it does not know', async () => {
    const { port } = await start();
    const raw = await line(port);
    raw.socket.write(head('GET /', { expect: 'the-unexpected' }));
    expect(await raw.until(/taken/)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('whatever the headers say of a body', () => {
  it.each<Record<string, string>>([
    { 'content-type': 'application/json' },
    { 'content-type': 'application/json; charset=utf8' },
    { 'content-type': 'application/json; charset=no-such-charset' },
    { 'content-type': 'application/cloudevents+json' },
    { 'content-type': 'text/plain; charset=x' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': 'application/x-www-form-urlencoded; charset=utf16' },
    { 'content-type': 'neither/of;these' },
    { 'content-type': ';;;' },
    { 'content-encoding': 'identity' },
    { 'content-encoding': 'gzip' },
    { 'content-encoding': 'br' },
    { 'content-encoding': 'no-such-encoding' },
    {},
  ])('%o: it reaches the function as it was sent', async (headers) => {
    const { port, seen } = await start();
    const raw = await line(port);
    const body = '{"access_token":"CANARY",bad';
    raw.socket.write(`${head('POST /', { ...headers, 'content-length': body.length })}${body}`);
    await raw.until(/taken/);
    expect(seen).toEqual([body]);
    expect(logged.join('')).not.toContain('CANARY');
  });

  it('a form of any number of fields reaches it, too', async () => {
    const { url, seen } = await start();
    const body = 'a=1&'.repeat(5_000);
    expect((await post(url, body, FORM)).status).toBe(200);
    expect(seen).toEqual([body]);
  });
});

describe('what the framework or Node refuses', () => {
  const REFUSED: readonly (readonly [what: string, sent: string, status: number])[] = [
    ['/robots.txt', head('GET /robots.txt'), 404],
    ['/favicon.ico', head('GET /favicon.ico'), 404],
    ['a large body for /robots.txt', head('POST /robots.txt', { 'content-length': 10 ** 7 }), 404],
    ['a bad percent', head('GET /%'), 400],
    ['no host', 'GET /robots.txt HTTP/1.1\r\nconnection: close\r\n\r\n', 404],
    ['a path of bad percents', head('GET /%ff%zz'), 400],
    ['*', head('OPTIONS *'), 404],
    ['what is no HTTP', 'hello\r\n\r\n', 400],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
    ],
    [
      'length and chunks',
      head('POST /', { 'content-length': 1, 'transfer-encoding': 'chunked' }),
      400,
    ],
    ['a bad chunk', `${head('POST /', { 'transfer-encoding': 'chunked' })}zz\r\n`, 400],
    ['a large head', head('GET /', { 'x-large': 'x'.repeat(20_000) }), 431],
    ['a large body', head('POST /', { 'content-length': LIMIT + 1 }), 413],
    ['TRACE', head('TRACE /'), 405],
  ];

  it.each(REFUSED)('%s: carries the protections', async (_what, sent, status) => {
    isHttps = true;
    const { port, seen } = await start();
    const raw = await line(port);
    raw.socket.write(sent);
    const text = await raw.until(/\r\n\r\n/);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    for (const expected of [
      /^cache-control: private, no-store\r$/im,
      /^content-security-policy: default-src 'none'.*\r$/im,
      /^referrer-policy: .+\r$/im,
      /^x-content-type-options: nosniff\r$/im,
      /^x-frame-options: DENY\r$/im,
      /^strict-transport-security: max-age=31536000\r$/im,
    ]) {
      expect(text).toMatch(expected);
    }
    expect(text).not.toMatch(/x-powered-by|node_modules|\.js:/i);
    expect(seen).toEqual([]);
  });

  it('leaves a line in our log, and nothing of what was sent', async () => {
    const { port } = await start();
    const raw = await line(port);
    raw.socket.write('CANARY /CANARY\r\n\r\n');
    await raw.closed;
    expect(logged.join('')).toContain('"event":"request-refused"');
    expect(logged.join('')).not.toContain('CANARY');
  });

  it('leaves no such line of a caller who left half-way', async () => {
    const { port, url } = await start();
    const raw = await line(port);
    raw.socket.write(`${head('POST /', { 'content-length': 100 })}half`);
    raw.socket.end();
    await raw.closed;
    expect(await (await post(url, 'whole')).text()).toBe('taken');
    expect(logged.join('')).not.toContain('request-refused');
  });

  it('says nothing of https where the address is plain http', async () => {
    const { port } = await start();
    const raw = await line(port);
    raw.socket.write(head('GET /robots.txt'));
    expect(await raw.until(/\r\n\r\n/)).not.toMatch(/strict-transport-security/i);
  });
});

describe('speed', () => {
  it('ends what is not whole after ten seconds, and answers all others meanwhile', async () => {
    const { port, url, seen } = await start();
    const local = await openServer((_req, res) => void res.end(), 0);
    onTestFinished(local.close);
    const startedAt = performance.now();
    const slow = await Promise.all(
      [
        { sent: 'POST / HTTP/1.1\r\nhost: x\r\n' },
        { sent: head('POST /', { 'content-length': 1_000 }) },
        { sent: head('POST /', { 'transfer-encoding': 'chunked' }) },
        { sent: head('POST /', { 'content-length': 8_000_000 }) },
        { sent: 'POST / HTTP/1.1\r\nhost: x\r\n', to: local.port },
        { sent: head('POST /', { 'content-length': 1_000 }), to: local.port },
      ].map(async ({ sent, to = port }) => {
        const raw = await line(to);
        raw.socket.write(sent);
        const dripping = setInterval(() => raw.socket.write('1'), 500);
        const ended = raw.closed.then(() => clearInterval(dripping));
        return { raw, ended };
      }),
    );
    expect(await (await post(url, 'hello', FORM)).text()).toBe('taken');
    await Promise.all(slow.map(({ ended }) => ended));
    const seconds = (performance.now() - startedAt) / 1000;
    expect(seconds).toBeGreaterThan(9);
    expect(seconds).toBeLessThan(14);
    expect(slow[1]?.raw.text()).toMatch(/^HTTP\/1\.1 408 [\s\S]*cache-control: private, no-store/);
    expect(slow[3]?.raw.text()).toMatch(/^HTTP\/1\.1 413 /);
    expect(seen).toEqual(['hello']);
    expect(logged.join('')).toContain('"reason":"too-slow"');
  }, 30_000);
});
