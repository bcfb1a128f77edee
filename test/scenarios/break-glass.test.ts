/**
 * Break glass: every function is down, a person signs in at a terminal, the worker goes on with the new
 * token. In the local run, through `npm run cli`, on its virtual clock.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli, spawnCli } from '../fixtures/cli-process.ts';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

const LOCAL_CLI = join(import.meta.dirname, '../../infra/local/cli.ts');
const DOWN = { down: true } as const;

let running: RunningSystem;

beforeAll(async () => {
  running = await startRunningSystem({ startAt: '2026-03-09T09:25:00-04:00' });
});

afterAll(() => running.stop());

it('at 09:25 with all functions down, a sign-in at the terminal reaches the worker', async () => {
  const env = { LOCAL_STATE_DIRECTORY: running.stateDirectory };
  await running.control.setFaults({
    'pin-exchange': DOWN,
    'morning-alert': DOWN,
    'keep-alive': DOWN,
    'health-check': DOWN,
  });
  const cli = spawnCli(['start', 'etrade-sandbox', '--pin-stdin'], env, LOCAL_CLI);
  await cli.shown('copy the PIN');
  const answer = await fetch(`${running.system.urls.control}/local/approve`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session: 'etrade-sandbox' }),
  });
  const { pin } = (await answer.json()) as { pin: string };
  cli.child.stdin.end(`${pin}\n`);
  expect(await cli.ended, cli.notes()).toBe(0);
  expect(cli.out()).toContain('Good until midnight New York, 14 h 3');
  await expect
    .poll(async () => (await running.control.overview()).workers.map(workerLine), {
      timeout: 20_000,
    })
    .toContain('generation 1, 200');
  const status = await runCli(['status', '--json'], env, LOCAL_CLI);
  expect(status.code).toBe(0);
  expect(JSON.parse(status.out)).toMatchObject({ now: expect.stringMatching(/^2026-03-09T13:/) });
});

it('says how to begin where no local run is up', async () => {
  const ran = await runCli(['status'], { LOCAL_STATE_DIRECTORY: temporaryDirectory() }, LOCAL_CLI);
  expect(ran.code).toBe(2);
  expect(ran.notes).toContain('npm start');
});

function workerLine(worker: {
  readonly generation: number;
  readonly lastCall: { readonly status: number | null } | null;
}): string {
  return `generation ${worker.generation}, ${worker.lastCall?.status}`;
}
