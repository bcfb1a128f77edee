/**
 * The streaming example of `functions/worker/README.md` against a small server of streams: which token each
 * connection brings, how often it tries, and when it stops trying.
 */

import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../functions/secret.ts';
import { followStream } from '../fixtures/streaming-worker.ts';
import { startServer } from '../fixtures/telegram-server.ts';
import { createDesk, type Desk } from '../fixtures/worker/desk.ts';

const ROOT = join(import.meta.dirname, '..', '..');

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

/** The broker's side: streams for a token it takes, a refusal for any other. */
async function startStreams(accepted: readonly string[]) {
  const open = new Set<ServerResponse>();
  const tokens: string[] = [];
  const taken = new Set(accepted);
  let status = 200;
  const { url, dropConnections, close } = await startServer((req, res) => {
    const token = req.headers.authorization?.replace('Bearer ', '') ?? '';
    tokens.push(token);
    if (status !== 200) return res.writeHead(status).end();
    if (!taken.has(token)) return res.writeHead(401).end();
    open.add(res);
    res.on('close', () => open.delete(res));
    return res.write(`hello ${token}\nprice `);
  });
  onTestFinished(close);
  return {
    url,
    /** Of every connection that was tried, in order. */
    tokens,
    open,
    take: (token: string) => taken.add(token),
    refuseAll: () => taken.clear(),
    fail: (answer: number) => {
      status = answer;
    },
    send(bytes: string | Uint8Array) {
      for (const res of open) res.write(bytes);
    },
    drop: dropConnections,
  };
}

/** The broker's other answers: whether the token still signs calls. */
function answering() {
  const broker = { works: true, calls: 0 };
  const fetch = async () => {
    broker.calls += 1;
    return broker.works
      ? Response.json({ AccountListResponse: { Accounts: { Account: [] } } })
      : new Response('{"Error":{"message":"oauth_problem=token_expired"}}', { status: 401 });
  };
  return { broker, fetch };
}

async function putToken(generation: number): Promise<number> {
  const accessToken = new Secret(`token-${generation}`);
  return desk.put({ generation, accessToken }, { generation, proof: 'proven' });
}

/** The example at work, before streams that take these tokens. */
async function following(...taken: string[]) {
  const streams = await startStreams(taken);
  const { broker, fetch } = answering();
  const worker = await desk.connect({ fetch });
  const lines: string[] = [];
  const pauses: number[] = [];
  const stop = new AbortController();
  const run = { ended: null as unknown };
  const ended = followStream({
    broker: worker,
    url: streams.url,
    onLine: (line) => lines.push(line),
    signal: stop.signal,
    wait: async (ms) => {
      pauses.push(ms);
      await nextTurn();
    },
  }).then(
    () => {
      run.ended = 'quietly';
    },
    (error: unknown) => {
      run.ended = error;
    },
  );
  onTestFinished(async () => {
    stop.abort();
    streams.drop();
    await ended;
  });
  return { streams, broker, worker, lines, pauses, stop, run };
}

async function renew(generation: number): Promise<void> {
  const version = await putToken(generation);
  desk.events.tell({ generation, version });
}

describe('the example', () => {
  it('is the code in the README, word for word', () => {
    const code = readFileSync(join(ROOT, 'test/fixtures/streaming-worker.ts'), 'utf8');
    const readme = readFileSync(join(ROOT, 'functions/worker/README.md'), 'utf8');
    const published = code
      .slice(code.indexOf('import '))
      .replace('../../functions/worker/connect.ts', 'token-cadence/worker');
    expect(readme).toContain(`\`\`\`ts\n${published}\`\`\`\n`);
  });

  it('hands on whole lines, however they are cut on the way', async () => {
    await putToken(1);
    const { streams, lines } = await following('token-1');
    await expect.poll(() => lines).toEqual(['hello token-1']);
    const euro = Buffer.from('€');
    streams.send('10');
    streams.send('1\nprice 102 ');
    streams.send(euro.subarray(0, 1));
    await expect.poll(() => lines).toEqual(['hello token-1', 'price 101']);
    streams.send(euro.subarray(1));
    streams.send('\n');
    await expect.poll(() => lines).toEqual(['hello token-1', 'price 101', 'price 102 €']);
  });

  it('brings the token of the moment at each connection, and pauses between them', async () => {
    await putToken(1);
    const { streams, lines, pauses } = await following('token-1');
    await expect.poll(() => lines.length).toBe(1);
    streams.drop();
    await expect.poll(() => lines).toEqual(['hello token-1', 'hello token-1']);
    streams.drop();
    await expect.poll(() => lines.length).toBe(3);
    expect(streams.tokens).toEqual(['token-1', 'token-1', 'token-1']);
    expect(pauses).toHaveLength(2);
    // Each a first failure: a line came in between.
    expect(pauses.every((pause) => pause >= 500 && pause <= 1_000)).toBe(true);
  });

  it('leaves yesterday’s token at once when there is a new one, though its stream still runs', async () => {
    await putToken(1);
    const { streams, lines, pauses } = await following('token-1', 'token-2');
    await expect.poll(() => lines.length).toBe(1);
    await renew(2);
    await expect.poll(() => lines).toEqual(['hello token-1', 'hello token-2']);
    await expect.poll(() => streams.open.size).toBe(1);
    expect(pauses).toEqual([]);
  });

  it('stops at a refused token, asks nobody any more, and goes on after the sign-in', async () => {
    await putToken(1);
    const { streams, broker, worker, lines, pauses, run } = await following('token-1');
    await expect.poll(() => lines.length).toBe(1);
    broker.works = false;
    streams.refuseAll();
    streams.drop();
    await expect.poll(() => worker.state.status).toBe('expired');
    const tried = {
      connections: streams.tokens.length,
      calls: broker.calls,
      pauses: pauses.length,
    };
    await desk.time.advance(50 * 60_000);
    expect({
      connections: streams.tokens.length,
      calls: broker.calls,
      pauses: pauses.length,
    }).toEqual(tried);
    expect(run.ended).toBeNull();

    broker.works = true;
    streams.take('token-2');
    await renew(2);
    await expect.poll(() => lines.at(-1)).toBe('hello token-2');
    expect(streams.tokens.slice(tried.connections)).toEqual(['token-2']);
  });

  it('waits for the first sign-in without a connection', async () => {
    const { streams, lines } = await following('token-1');
    await desk.time.advance(10 * 60_000);
    expect(streams.tokens).toEqual([]);
    await renew(1);
    await expect.poll(() => lines).toEqual(['hello token-1']);
  });

  it('tries again by itself while the token store is away', async () => {
    desk.breakStore(new Error('the store is away'));
    const { streams, worker, lines, pauses, run } = await following('token-1');
    await expect.poll(() => pauses.length).toBeGreaterThan(2);
    expect(worker.state.status).toBe('failing');
    expect({ tried: streams.tokens, ended: run.ended }).toEqual({ tried: [], ended: null });
    desk.breakStore(null);
    await putToken(1);
    await desk.time.advance(60_000);
    await expect.poll(() => lines.at(-1)).toBe('hello token-1');
  });

  it('pauses longer after each failure, half a minute at most', async () => {
    await putToken(1);
    const { streams, lines, pauses } = await following('token-1');
    await expect.poll(() => lines.length).toBe(1);
    streams.fail(503);
    streams.drop();
    await expect.poll(() => pauses.length).toBeGreaterThan(9);
    pauses.slice(0, 9).forEach((pause, index) => {
      const longest = Math.min(30_000, 1_000 * 2 ** index);
      expect(pause).toBeGreaterThanOrEqual(longest / 2);
      expect(pause).toBeLessThanOrEqual(longest);
    });
  });

  it('ends quietly when it is told to, and with CLOSED when the connection is closed', async () => {
    await putToken(1);
    const first = await following('token-1');
    await expect.poll(() => first.lines.length).toBe(1);
    first.stop.abort();
    await expect.poll(() => first.run.ended).toBe('quietly');

    const second = await following('token-1');
    await expect.poll(() => second.lines.length).toBe(1);
    await second.worker.close();
    second.streams.drop();
    await expect.poll(() => second.run.ended).toMatchObject({ code: 'CLOSED' });
  });
});
