/**
 * A worker in a process of its own, wired as on one machine: alive while it waits, gone once it has closed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startServer } from '../fixtures/telegram-server.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

const WORKER = join(import.meta.dirname, '../fixtures/processes/waiting-worker.ts');

/** A hub on which nothing happens; keeps what is reported. */
async function startQuietHub() {
  const reports: unknown[] = [];
  const hub = await startServer(async (req, res) => {
    if (req.url === '/events/follow') return void res.writeHead(200).write('\n');
    const { message } = JSON.parse(await text(req)) as { message: { data: string } };
    reports.push(JSON.parse(Buffer.from(message.data, 'base64').toString('utf8')));
    res.end('{}');
  });
  return { ...hub, reports };
}

test('the connection keeps the process alive until it is closed, and no longer', async () => {
  const directory = temporaryDirectory();
  const hub = await startQuietHub();
  const child = spawn(process.execPath, [WORKER], {
    env: {
      PATH: process.env['PATH'],
      STORE_DIRECTORY: join(directory, 'store'),
      STORE_KEY_FILE: join(directory, 'key'),
      EVENTS_URL: `${hub.url}/events`,
      ETRADE_SANDBOX_CONSUMER: '{"key":"k","secret":"s"}',
    },
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  await hub.close();
  expect(err).toBe('');
  expect(out.split('\n')).toEqual(['waiting', 'TIMEOUT', 'still here', 'closed', '']);
  expect(code).toBe(0);
  expect(hub.reports).toMatchObject([
    { worker: 'orb-bot', session: 'etrade-sandbox', generation: 0, stopped: false },
    { worker: 'orb-bot', session: 'etrade-sandbox', generation: 0, stopped: true },
  ]);
});
