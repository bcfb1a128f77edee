/** The supervisor with real processes: starts, restarts, stops, and leaves none behind. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSupervisor, type ProcessChange } from '../../../infra/local/runner/supervisor.ts';

const scriptOf = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/processes/${name}`, import.meta.url));

const READY_MS = 20_000;

function create() {
  const lines: string[] = [];
  const changes: ProcessChange[] = [];
  const supervisor = createSupervisor({
    onLine: (name, line) => void lines.push(`${name}: ${line}`),
    onChange: (_name, change) => void changes.push(change),
  });
  onTestFinished(() => supervisor.stop());
  const start = (script: string) =>
    supervisor.start({ name: 'child', args: [scriptOf(script)], env: { GREETING: 'a test' } });
  return { supervisor, start, lines, changes };
}

function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a supervised process', () => {
  it('is ready once it listens, with its own settings and nothing of ours', async () => {
    const { start, lines, changes } = create();
    const child = start('server.mjs');
    const port = await child.ready(READY_MS);
    const answer: unknown = await (await fetch(`http://127.0.0.1:${port}/`)).json();
    expect(answer).toEqual({ pid: child.pid(), parent: null });
    expect(lines).toEqual(['child: hello from a test']);
    expect(changes).toEqual([{ change: 'ready', restarted: false }]);
  });

  it.each([
    {
      end: 'kill -9',
      kill: async (pid: number) => void process.kill(pid, 'SIGKILL'),
      died: { change: 'died', signal: 'SIGKILL', exitCode: null },
    },
    {
      end: 'its own exit',
      kill: async (_pid: number, port: number) => {
        await fetch(`http://127.0.0.1:${port}/die`).catch(() => {});
      },
      died: { change: 'died', signal: null, exitCode: 3 },
    },
  ])('is restarted after $end', async ({ kill, died }) => {
    const { start, changes } = create();
    const child = start('server.mjs');
    const port = await child.ready(READY_MS);
    const first = child.pid() ?? 0;
    await kill(first, port);
    await vi.waitFor(() => expect(changes).toHaveLength(3), { timeout: READY_MS });
    expect(changes.slice(1)).toEqual([died, { change: 'ready', restarted: true }]);
    expect(child.pid()).not.toBe(first);
    expect(await child.ready(READY_MS)).toBeGreaterThan(0);
  });

  it('that never starts is given up with its own words', async () => {
    const { start } = create();
    await expect(start('broken.mjs').ready(READY_MS)).rejects.toThrow('cannot find what I need');
  });

  it('that does not listen in time is named', async () => {
    const { start } = create();
    await expect(start('server.mjs').ready(1)).rejects.toThrow('"child" does not listen');
  });
});

describe('stopping', () => {
  it('ends a process, and starts it no more', async () => {
    const { supervisor, start, changes } = create();
    const child = start('server.mjs');
    await child.ready(READY_MS);
    const pid = child.pid();
    await supervisor.stop();
    expect(isAlive(pid)).toBe(false);
    expect(changes).toHaveLength(1);
    await expect(child.ready(READY_MS)).rejects.toThrow('being stopped');
  });

  it('ends a process that ignores the polite signal', async () => {
    const { supervisor, start } = create();
    const child = start('stubborn.mjs');
    await child.ready(READY_MS);
    const pid = child.pid();
    await supervisor.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('hard, with kill -9 of the runner, leaves no child behind', async () => {
    const runner = spawn(process.execPath, [scriptOf('runner.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void runner.kill('SIGKILL'));
    const [output] = (await once(runner.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    expect(isAlive(pid)).toBe(true);
    runner.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: READY_MS });
  });
});
