/** `npm start` and `npm run day` as a person runs them: what they print, how they end, what they leave. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openTestServer } from '../fixtures/open-test-server.ts';

const SLOW_MS = 120_000;

const scriptOf = (name: string): string =>
  fileURLToPath(new URL(`../../infra/local/${name}.ts`, import.meta.url));

function run(script: string, args: readonly string[]) {
  const child: ChildProcess = spawn(process.execPath, [scriptOf(script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    output.out += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    output.err += String(chunk);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, output, ended };
}

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'token-cadence-start-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'state');
}

async function isAnswering(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).body?.cancel();
    return true;
  } catch {
    return false;
  }
}

describe('npm start', { timeout: SLOW_MS }, () => {
  it('prints where everything is and what to do, and ends without leftovers', async () => {
    const { child, output, ended } = run('start', ['--port', '0', '--state', stateDirectory()]);
    await vi.waitFor(() => expect(output.out).toContain('Ctrl-C'), { timeout: SLOW_MS });
    const urls = output.out.match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [];
    const [pages = '', chat = '', broker = '', control = ''] = urls;
    expect(new Set(urls.slice(0, 4)).size).toBe(4);
    expect(output.out).toContain('What to do now: etrade-sandbox');
    // Whatever the hour, the chat has a button to press.
    expect(await (await fetch(chat)).text()).toContain(`${pages}/go/`);
    const overview = (await (await fetch(`${control}/local`)).json()) as { urls: unknown };
    expect(overview.urls).toEqual({ public: pages, telegram: chat, brokers: broker, control });

    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    for (const url of [pages, chat, broker, control]) expect(await isAnswering(url)).toBe(false);
    expect(output.err).toBe('');
  });

  it('names a port that is taken and how to choose another', async () => {
    const { port } = await openTestServer((_req, res) => res.end());
    const { output, ended } = run('start', ['--port', String(port), '--state', stateDirectory()]);
    expect(await ended).toBe(1);
    expect(output.err).toBe(
      `Port ${port} is taken: choose others with "npm start -- --port 9080" (or PORT=9080).\n`,
    );
  });

  it.each([
    { args: ['--sessions', 'etrade-paper'], says: '"etrade-paper" is no session key' },
    { args: ['--sessions', 'robinhood-prod'], says: 'The broker of "robinhood-prod" is unknown' },
    { args: ['--sped', '2'], says: '--sessions a,b' },
  ])('says what is wrong with $args', async ({ args, says }) => {
    const { output, ended } = run('start', [...args, '--state', stateDirectory()]);
    expect(await ended).toBe(1);
    expect(output.err).toContain(says);
  });
});

describe('npm run day', { timeout: SLOW_MS }, () => {
  it('plays a day that goes as it must, without colour where there is no terminal', async () => {
    const { output, ended } = run('day', []);
    const code = await ended;
    expect(output.out).not.toContain('✗');
    expect(output.out).toContain('The day went as it must.');
    expect(code).toBe(0);
    expect(output.out).toMatch(/trading covered +375 of 390 minutes/);
    expect(output.out).not.toContain('\u001b[');
  });

  it('refuses what is no date', async () => {
    const { output, ended } = run('day', ['--date', 'tomorrow']);
    expect(await ended).toBe(1);
    expect(output.err).toContain('"tomorrow" is no date');
  });
});
