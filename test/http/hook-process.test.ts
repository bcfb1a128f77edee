/**
 * The hook of the deployed function under the real functions-framework, in a process of its own: whatever is
 * posted there, nothing of it and nothing of the address shows in what the process prints or answers.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHooks } from '../../functions/http/hook.ts';
import { Secret } from '../../functions/secret.ts';
import { openServer } from '../../infra/local/runner/http.ts';
import { sessionKey } from '../fixtures/records.ts';

const CANARY = 'CANARY987654';
const LINK_KEY = 'a-link-key-of-forty-three-characters-length';
const FRAMEWORK = join(
  dirname(createRequire(import.meta.url).resolve('@google-cloud/functions-framework')),
  'main.js',
);
const ENTRY = join(import.meta.dirname, '../../functions/pin-exchange.ts');
const JSON_TYPE = { 'content-type': 'application/json' };

let child: ChildProcess;
let directory: string;
let url: string;
let hook: string;
let printed = '';

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const hooks = createHooks({ key: new Secret(LINK_KEY), publicUrl: url });
  hook = hooks.address(sessionKey('upstox-prod'));
  const nobody = 'http://127.0.0.1:9';
  directory = mkdtempSync(join(tmpdir(), 'token-cadence-test-'));
  child = spawn(
    process.execPath,
    [FRAMEWORK, `--source=${ENTRY}`, '--target=pin-exchange', `--port=${port}`],
    {
      env: {
        SESSIONS: 'upstox-prod',
        UPSTOX_PROD_APPROVAL: 'push',
        UPSTOX_PROD_CONSUMER: JSON.stringify({ key: 'a client id', secret: 'its secret' }),
        UPSTOX_PROD_OAUTH_URL: nobody,
        UPSTOX_PROD_API_URL: nobody,
        PUBLIC_URL: url,
        STORE_DIRECTORY: directory,
        STORE_PASSPHRASE: 'a passphrase for tests',
        EVENTS_URL: nobody,
        TELEGRAM_API_URL: nobody,
        TOKEN_CADENCE_APP: JSON.stringify({
          telegramBotToken: '123456:a-bot-token-for-tests',
          telegramChatId: '4711',
          linkKey: LINK_KEY,
        }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
  }
  await listening();
}, 30_000);

afterAll(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
  rmSync(directory, { recursive: true, force: true });
});

const notice = (changes: object = {}): string =>
  JSON.stringify({
    client_id: 'a client id',
    user_id: `${CANARY}-user`,
    access_token: `${CANARY}-token`,
    token_type: 'Bearer',
    issued_at: String(Date.now()),
    expires_at: String(Date.now() + 60_000),
    message_type: 'access_token',
    ...changes,
  });

describe('the hook in its process', () => {
  it.each<[string, { path?: string; headers?: Record<string, string>; body: string }, number]>([
    ['a notice that nobody asked for', { body: notice() }, 400],
    ['a notice for another app', { body: notice({ client_id: CANARY }) }, 400],
    ['JSON that breaks off', { body: `{"access_token":"${CANARY}",bad` }, 400],
    ['JSON that ends early', { body: `{"access_token":"${CANARY}"` }, 400],
    ['a value that is no document', { body: `"${CANARY}"` }, 400],
    ['an unknown charset', { headers: charset(CANARY), body: '{}' }, 400],
    ['a huge body', { body: JSON.stringify({ access_token: CANARY.repeat(20_000) }) }, 413],
    ['a huge body that is no JSON', { headers: text(), body: CANARY.repeat(20_000) }, 413],
    ['a notice to a wrong address', { path: `/hooks/upstox-prod/${CANARY}`, body: notice() }, 404],
    ['malformed JSON to a wrong address', { path: `/hooks/x/${CANARY}`, body: '{' }, 404],
    ['a form', { headers: form(), body: `access_token=${CANARY}` }, 400],
  ])('%s shows nowhere', async (_name, { path, headers = JSON_TYPE, body }, status) => {
    const address = path === undefined ? hook : `${url}${path}`;
    const answer = await fetch(address, { method: 'POST', headers, body });
    expect(answer.status).toBe(status);
    expect(`${await answer.text()}${[...answer.headers.values()]}`).not.toContain(CANARY);
  });

  it.each<Record<string, string>>([
    { 'content-type': 'application/json; charset=utf8' },
    { 'content-type': 'application/json; charset="utf-8"' },
    { 'content-type': 'application/json; charset=no-such-charset' },
    { 'content-type': 'application/cloudevents+json' },
    { 'content-type': 'text/plain' },
    { 'content-type': 'text/plain; charset=no-such-charset' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'multipart/form-data' },
    { 'content-type': 'not a type' },
    { 'content-encoding': 'identity' },
    { 'content-encoding': 'no-such-encoding' },
    { 'content-encoding': 'gzip' },
    {},
  ])('a notice that says %o of itself is read like any other', async (headers) => {
    const before = timesPrinted('"reason":"not-asked"');
    const answer = await postBytes(hook, headers, Buffer.from(notice()));
    expect(answer).toEqual({ status: 400, text: '{"error":"not-taken"}\n' });
    await printing('"reason":"not-asked"', before + 1);
  });

  it.each([
    ['compressed', { 'content-encoding': 'gzip' }, () => gzipSync(notice())],
    ['after a byte-order mark', {}, () => Buffer.from(`\ufeff${notice()}`)],
  ])('a notice %s is read', async (_name, headers, body) => {
    const before = timesPrinted('"reason":"not-asked"');
    expect((await postBytes(hook, headers, body())).status).toBe(400);
    await printing('"reason":"not-asked"', before + 1);
  });

  it('what cannot be read is refused by us, with a line in our log', async () => {
    for (const headers of [JSON_TYPE, charset('utf8'), text(), {}]) {
      const before = timesPrinted('"reason":"unreadable"');
      const body = Buffer.from(`{"access_token":"${CANARY}",bad`);
      const answer = await postBytes(hook, headers, body);
      expect(answer).toEqual({ status: 400, text: '{"error":"not-taken"}\n' });
      await printing('"reason":"unreadable"', before + 1);
    }
  });

  it('prints of all that neither body nor address, in lines of JSON', async () => {
    await fetch(hook);
    await printing('"method":"GET"');
    expect(printed).toContain('approval-not-taken');
    expect(printed).toContain('/hooks/:name/:secret');
    expect(printed).not.toContain(CANARY);
    expect(printed).not.toContain(hook.split('/').at(-1));
    for (const line of printed.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  });
});

function charset(name: string): Record<string, string> {
  return { 'content-type': `application/json; charset=${name}` };
}

function text(): Record<string, string> {
  return { 'content-type': 'text/plain' };
}

function form(): Record<string, string> {
  return { 'content-type': 'application/x-www-form-urlencoded' };
}

async function freePort(): Promise<number> {
  const server = await openServer((_req, res) => res.end(), 0);
  await server.close();
  return server.port;
}

async function listening(): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the framework ended:\n${printed}`);
    try {
      await (await fetch(`${url}/nowhere`)).text();
      return;
    } catch {
      await pause();
    }
  }
}

/** With these headers and no others of its own. */
function postBytes(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': body.length };
    const sent = request(url, { method: 'POST', headers: { ...headers, ...length } }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    sent.on('error', reject).end(body);
  });
}

function timesPrinted(what: string): number {
  return printed.split(what).length - 1;
}

async function printing(what: string, times = 1): Promise<void> {
  while (timesPrinted(what) < times) await pause();
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 25));
}
