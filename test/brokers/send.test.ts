import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { MAX_BODY_BYTES, type SendOptions, sendOnce } from '../../functions/brokers/send.ts';
import { createScriptedFetch, type ScriptedAnswer } from '../fixtures/scripted-fetch.ts';

const NOW = Date.parse('2026-03-09T13:00:00Z');
const REQUEST = {
  method: 'GET',
  url: 'https://api.etrade.com/oauth/request_token',
  headers: { Authorization: 'OAuth x="1"' },
};

function answering(answer: ScriptedAnswer, timeoutMs = 5_000): SendOptions {
  return { fetch: createScriptedFetch([answer]).fetch, clock: () => NOW, timeoutMs };
}

describe('an answer', () => {
  test('arrives with what judges need', async () => {
    const response = new Response('body', {
      status: 401,
      headers: {
        'www-authenticate': 'OAuth oauth_problem="x"',
        date: 'Mon, 09 Mar 2026 13:00:07 GMT',
      },
    });
    expect(await sendOnce(REQUEST, answering(response))).toEqual({
      answered: true,
      status: 401,
      challenge: 'OAuth oauth_problem="x"',
      body: 'body',
      complete: true,
      receivedAt: NOW,
      skewMs: 7_000,
      retryAfterMs: null,
    });
  });

  test.each([
    ['12', 12_000],
    ['Mon, 09 Mar 2026 13:01:00 GMT', 60_000],
    ['Mon, 09 Mar 2026 12:00:00 GMT', 0],
    ['soon', null],
  ])('with Retry-After %s asks for %s ms', async (value, retryAfterMs) => {
    const response = new Response('', { status: 429, headers: { 'retry-after': value } });
    expect(await sendOnce(REQUEST, answering(response))).toMatchObject({ retryAfterMs });
  });

  test('without a body is complete', async () => {
    expect(await sendOnce(REQUEST, answering(new Response(null, { status: 204 })))).toMatchObject({
      body: '',
      complete: true,
    });
  });

  test.each([
    { size: MAX_BODY_BYTES, complete: true },
    { size: MAX_BODY_BYTES + 1, complete: false },
  ])('of $size bytes: complete $complete', async ({ size, complete }) => {
    const sent = await sendOnce(REQUEST, answering(new Response('x'.repeat(size))));
    expect(sent).toMatchObject({ answered: true, complete });
  });

  test('without an end is left after the limit', async () => {
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(8_192)),
      cancel: () => {
        isCancelled = true;
      },
    });
    const sent = await sendOnce(REQUEST, answering(new Response(endless)));
    expect(sent).toMatchObject({ answered: true, complete: false });
    expect(isCancelled).toBe(true);
  });
});

describe('no answer', () => {
  test.each([
    [
      'a refused connection',
      Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
      'econnrefused',
    ],
    [
      'a cause',
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('x'), { code: 'ENOTFOUND' }),
      }),
      'enotfound',
    ],
    ['an unknown error', new Error('https://api.etrade.com/?secret=1'), 'network'],
    ['a code that is no code', Object.assign(new Error('x'), { code: 'a secret' }), 'network'],
  ])('names %s in a safe word', async (_name, error, problem) => {
    expect(await sendOnce(REQUEST, answering(error))).toEqual({ answered: false, problem });
  });

  test('gives up after the timeout', async () => {
    expect(await sendOnce(REQUEST, answering('hang', 5))).toEqual({
      answered: false,
      problem: 'timeout',
    });
  });
});

describe('over a real connection', () => {
  let server: Server | undefined;

  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
    server = undefined;
  });

  async function serving(listener: RequestListener): Promise<string> {
    const started = createServer(listener);
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}/oauth/request_token`;
  }

  const options = { fetch: globalThis.fetch, clock: () => NOW, timeoutMs: 300 };

  test('a body cut by the connection is an incomplete answer', async () => {
    const url = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('oauth_token=abc', () => response.destroy());
    });
    expect(await sendOnce({ ...REQUEST, url }, options)).toMatchObject({
      answered: true,
      complete: false,
      body: 'oauth_token=abc',
    });
  });

  test('a body that stalls is an incomplete answer once the time is over', async () => {
    const url = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('oauth_token=abc');
    });
    expect(await sendOnce({ ...REQUEST, url }, options)).toMatchObject({
      answered: true,
      complete: false,
    });
  });

  test('a redirect is not followed: its signature is for another address', async () => {
    const paths: string[] = [];
    const url = await serving((request, response) => {
      paths.push(request.url ?? '');
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await sendOnce({ ...REQUEST, url }, options)).toMatchObject({ status: 302 });
    expect(paths).toEqual(['/oauth/request_token']);
  });

  test('a closed connection is no answer', async () => {
    const url = await serving((request) => request.socket.destroy());
    expect(await sendOnce({ ...REQUEST, url }, options)).toMatchObject({ answered: false });
  });
});
