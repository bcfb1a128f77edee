/** The console guard under the real functions-framework, in a process of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const CANARY = 'CANARY987654';
const FUNCTION = fileURLToPath(new URL('../fixtures/guarded-function.ts', import.meta.url));
const FRAMEWORK = join(
  dirname(createRequire(import.meta.url).resolve('@google-cloud/functions-framework')),
  'main.js',
);

/** Bodies that never reach our code: the parsers in front of it refuse them. */
const REFUSED: readonly {
  name: string;
  headers: Record<string, string>;
  body: string;
  status: number;
}[] = [
  { name: 'JSON that breaks off', headers: json(), body: `{"pin":"${CANARY}",bad`, status: 400 },
  { name: 'JSON that ends early', headers: json(), body: `{"pin":"${CANARY}"`, status: 400 },
  { name: 'a JSON value that is no document', headers: json(), body: `"${CANARY}"`, status: 400 },
  {
    name: 'text that says it is JSON',
    headers: json(),
    body: `${CANARY}\n    at ${CANARY} (/x.js:1:1)`,
    status: 400,
  },
  {
    name: 'a malformed cloud event',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: `{${CANARY}`,
    status: 400,
  },
  {
    name: 'an unknown charset',
    headers: { 'content-type': `application/json; charset=${CANARY}` },
    body: '{}',
    status: 415,
  },
  {
    name: 'an unknown encoding',
    headers: { ...json(), 'content-encoding': CANARY },
    body: '{}',
    status: 415,
  },
  {
    name: 'gzip that is none',
    headers: { ...json(), 'content-encoding': 'gzip' },
    body: CANARY,
    status: 400,
  },
  {
    name: 'a form with too many fields',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `${CANARY}=1&`.repeat(1_001),
    status: 413,
  },
];

describe.each(['production', 'development', undefined])('with NODE_ENV %s', (nodeEnv) => {
  let child: ChildProcess;
  let origin: string;
  let printed: string;

  beforeEach(async () => {
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    printed = '';
    const { NODE_ENV: _, ...inherited } = process.env;
    child = spawn(
      process.execPath,
      [FRAMEWORK, `--source=${FUNCTION}`, '--target=guarded', `--port=${port}`],
      {
        env: { ...inherited, ...(nodeEnv === undefined ? {} : { NODE_ENV: nodeEnv }) },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const collect = (chunk: Buffer): void => {
      printed += chunk.toString();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    await answers(origin, child);
  });

  afterEach(() => end(child));

  test('a refused body shows neither in the logs nor in the answer', async () => {
    for (const { name, headers, body, status } of REFUSED) {
      const response = await fetch(`${origin}/`, { method: 'POST', headers, body });
      const text = await response.text();
      expect(response.status, name).toBe(status);
      expect(text, name).not.toContain(CANARY);
      expect([...response.headers.values()].join(), name).not.toContain(CANARY);
    }
    await end(child);
    expect(printed).not.toContain(CANARY);
    const lines = linesOf(printed);
    expect(lines.map(({ event }) => event)).toEqual(REFUSED.map(() => 'request-refused'));
    expect(lines[0]).toMatchObject({
      severity: 'WARNING',
      message: 'A request was refused before it reached the function',
      fields: { name: 'SyntaxError', type: 'entity.parse.failed', status: 400 },
    });
  });

  test('a body in an error that escapes shows neither in the logs nor in the answer', async () => {
    const response = await fetch(`${origin}/throws`, {
      method: 'POST',
      headers: json(),
      body: JSON.stringify({ pin: CANARY }),
    });
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('Internal Server Error');
    await end(child);
    expect(printed).not.toContain(CANARY);
    expect(printed).toContain('guarded-function.ts');
    expect(linesOf(printed)).toMatchObject([{ severity: 'ERROR', event: expect.any(String) }]);
  });

  test('a body in a rejection that nobody awaits shows neither', async () => {
    const response = await fetch(`${origin}/rejects`, {
      method: 'POST',
      headers: json(),
      body: JSON.stringify({ pin: CANARY }),
    });
    expect(await response.text()).toBe('Internal Server Error');
    await end(child);
    expect(printed).not.toContain(CANARY);
    expect(linesOf(printed)).toMatchObject([{ severity: 'ERROR', event: 'console' }]);
  });
});

function json(): Record<string, string> {
  return { 'content-type': 'application/json' };
}

/** Every line is one JSON object; anything else printed makes this throw. */
function linesOf(text: string): { event?: string; message?: string }[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answers(origin: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the framework ended with ${child.exitCode}`);
    try {
      await (await fetch(origin)).text();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}
