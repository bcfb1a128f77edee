/** The door to the functions-framework, tried through the framework's own test server. */

import { request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, StoreError } from '../../functions/errors.ts';
import { type Handler, serve } from '../../functions/http/serve.ts';
import type { Log, LogFields } from '../../functions/logging/log.ts';

type Line = { readonly event: string; readonly message: string; readonly facts: LogFields };

const servers: Server[] = [];
/** The console is guarded once a process, by whatever log came first. */
const everyLine: Line[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    await new Promise((resolve) => server.close(resolve));
  }
});

let registered = 0;

async function start(
  handler: Handler<{ log: Log }>,
  compose?: (log: Log) => { log: Log },
): Promise<{ url: string; port: number; lines: Line[] }> {
  registered += 1;
  const name = `function-${registered}`;
  const lines: Line[] = [];
  const log = collect(lines);
  serve(name, handler, () => (compose === undefined ? { log } : compose(log)), { log });
  const server = getTestServer(name);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, lines };
}

function collect(lines: Line[], labels: LogFields = {}): Log {
  const line = (event: string, message: string, facts: LogFields = {}) => {
    const told = { event, message, facts: { ...labels, ...facts } };
    lines.push(told);
    everyLine.push(told);
  };
  return {
    debug: line,
    info: line,
    warn: line,
    error: (event, message, error, facts) =>
      line(event, message, { ...facts, problem: error instanceof Error ? error.message : 'other' }),
    with: (more) => collect(lines, { ...labels, ...more }),
  };
}

/** A request as no well-behaved client would send it. */
function raw(port: number, options: { method: string; path: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    httpRequest({ port, host: '127.0.0.1', ...options }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

const ok: Handler<{ log: Log }> = async () => new Response('ok');

describe('serve', () => {
  it('hands on method, path, query, headers and the body as it was sent', async () => {
    const { url } = await start(async (request) => {
      const { pathname, search, host } = new URL(request.url);
      const text = await request.text();
      const cookie = request.headers.get('cookie');
      return Response.json({ method: request.method, pathname, search, host, text, cookie });
    });
    const answer = await fetch(`${url}/sign-in/etrade-prod?a=1&a=2`, {
      method: 'POST',
      body: 'pin=%208F%2b&csrf=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: '__session=a; b=c' },
    });
    expect(await answer.json()).toEqual({
      method: 'POST',
      pathname: '/sign-in/etrade-prod',
      search: '?a=1&a=2',
      host: 'function.invalid',
      text: 'pin=%208F%2b&csrf=x',
      cookie: '__session=a; b=c',
    });
  });

  it('sends status, headers, every cookie, and the body', async () => {
    const { url } = await start(async () => {
      const headers = new Headers({ 'x-one': '1', 'cache-control': 'max-age=60' });
      headers.append('set-cookie', 'a=1; Path=/');
      headers.append('set-cookie', 'b=2, 3; Path=/');
      return new Response('grüezi', { status: 418, headers });
    });
    const answer = await fetch(url);
    expect(answer.status).toBe(418);
    expect(answer.headers.get('x-one')).toBe('1');
    expect(answer.headers.get('cache-control')).toBe('max-age=60');
    expect(answer.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2, 3; Path=/']);
    expect(await answer.text()).toBe('grüezi');
  });

  it('puts the protections on an answer that has none', async () => {
    const { url } = await start(ok);
    const { headers } = await fetch(url);
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const { url } = await start(async (request) => new Response(request.method));
    const answer = await fetch(url, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '4']);
    expect(await answer.text()).toBe('');
  });

  it('follows a redirect with nothing in its body', async () => {
    const { url } = await start(
      async () => new Response(null, { status: 303, headers: { location: '/next' } }),
    );
    const answer = await fetch(url, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/next']);
  });

  it('composes once, at the first request', async () => {
    let composed = 0;
    const { url } = await start(ok, (log) => {
      composed += 1;
      return { log };
    });
    expect(composed).toBe(0);
    await fetch(url);
    await fetch(url);
    expect(composed).toBe(1);
  });

  it('names every problem of the settings in the log and none to the caller, and tries again', async () => {
    let tries = 0;
    const { url, lines } = await start(ok, (log) => {
      tries += 1;
      if (tries === 1) throw new ConfigError(['"PUBLIC_URL" is missing', '"SESSIONS" is empty']);
      return { log };
    });
    const answer = await fetch(url);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toBe('{"error":"config-invalid"}\n');
    expect(lines[0]?.facts['problem']).toContain('"PUBLIC_URL" is missing; "SESSIONS" is empty');
    expect((await fetch(url)).status).toBe(200);
  });

  it('turns whatever is thrown into an answer without internals', async () => {
    const thrown = [
      new StoreError('/secret/place', { code: 'STORE_UNAVAILABLE', retryable: true }),
      new TypeError('/secret/place'),
      '/secret/place',
    ];
    const { url, lines } = await start(async (request) => {
      throw thrown[Number(new URL(request.url).searchParams.get('n'))];
    });
    for (const [n, status, retry] of [
      [0, 503, '30'],
      [1, 500, null],
      [2, 500, null],
    ] as const) {
      const answer = await fetch(`${url}/?n=${n}`, { headers: { accept: 'text/html' } });
      const text = await answer.text();
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retry]);
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(text).toContain('<h1');
      expect(text).not.toMatch(/secret|at .*\.ts/);
    }
    expect(lines.filter(({ event }) => event === 'request-failed')).toHaveLength(3);
  });

  it('survives an answer whose body breaks', async () => {
    const { url, lines } = await start(
      async () =>
        new Response(
          new ReadableStream({
            pull: () => {
              throw new Error('broken');
            },
          }),
        ),
    );
    await expect(fetch(url)).rejects.toThrow();
    expect(lines.map(({ event }) => event)).toContain('answer-not-sent');
  });

  it.each([
    [64 * 1024, 200],
    [64 * 1024 + 1, 413],
    [10 * 1024 * 1024, 413],
  ])('a body of %i bytes is answered %i', async (size, status) => {
    let handled = 0;
    const { url } = await start(async () => {
      handled += 1;
      return new Response('ok');
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(url, { method: 'POST', body: 'x'.repeat(size), headers });
    expect([answer.status, handled]).toEqual([status, status === 200 ? 1 : 0]);
  });

  it('hands a malformed JSON body on like any other, and says nothing of it', async () => {
    const { url } = await start(async (request) => {
      expect(await request.text()).toBe('{"pin":"CANARYPIN",bad');
      return new Response('seen', { status: 400 });
    });
    const answer = await fetch(url, {
      method: 'POST',
      body: '{"pin":"CANARYPIN",bad',
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.status, await answer.text()]).toEqual([400, 'seen']);
    expect(JSON.stringify(everyLine)).not.toContain('CANARYPIN');
  });

  it('refuses methods no platform request can hold', async () => {
    const { port } = await start(ok);
    expect(await raw(port, { method: 'TRACE', path: '/' })).toBe(405);
  });

  it.each([
    ['//evil.example/status', 200],
    ['/a?b=%ZZ', 200],
    ['http://evil.example/', 400],
    ['*', 404],
  ])('a request for %s stays on our own address', async (path, status) => {
    const hosts: string[] = [];
    const { port } = await start(async (request) => {
      hosts.push(new URL(request.url).host);
      return new Response('ok');
    });
    expect(await raw(port, { method: 'GET', path })).toBe(status);
    expect(hosts).toEqual(status === 200 ? ['function.invalid'] : []);
  });

  it('logs one line a request, with the pattern in place of the path', async () => {
    const { url, lines } = await start(ok);
    const paths = [
      '/go/CANARYLINK',
      '/hooks/telegram/CANARYHOOK',
      '/x/go/CANARYLINK',
      '/?CANARY=1',
    ];
    for (const path of paths) await fetch(`${url}${path}`);
    expect(lines.map(({ message }) => message)).toEqual([
      'GET /go/:link',
      'GET /hooks/:name/:secret',
      'GET other',
      'GET /',
    ]);
    expect(JSON.stringify(lines)).not.toContain('CANARY');
    expect(lines[0]?.facts).toMatchObject({ method: 'GET', route: '/go/:link', status: 200 });
    expect(lines[0]?.facts['ms']).toBeTypeOf('number');
  });

  it('labels every line with the function and the trace of its request', async () => {
    const { url, lines } = await start(async (_request, { log }) => {
      log.info('inside', 'Inside.');
      return new Response('ok');
    });
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    await fetch(url, { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } });
    expect(lines).toHaveLength(2);
    for (const { facts } of lines) {
      expect(facts).toMatchObject({
        function: `function-${registered}`,
        trace,
        spanId: '00f067aa0ba902b7',
        traceSampled: true,
      });
    }
  });

  it('takes the last registration of a name', async () => {
    const log = collect([]);
    serve(
      'twice',
      async () => new Response('deployed'),
      () => ({ log }),
      { log },
    );
    serve(
      'twice',
      async () => new Response('local'),
      () => ({ log }),
      { log },
    );
    const server = getTestServer('twice');
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('local');
  });
});
