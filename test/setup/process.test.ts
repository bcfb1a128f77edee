/** The setup as a process of its own: a `gcloud` on its PATH, answers on standard input, Telegram behind a port. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createGcloud } from '../../infra/setup/gcloud.ts';
import { SetupProblem } from '../../infra/setup/problem.ts';
import { startServer } from '../fixtures/telegram-server.ts';
import { createFakeCloud, PROJECT } from './fake-cloud.ts';
import { createFakePath, type FakePath, runProcess } from './fake-path.ts';
import { CANARIES, CHAT_ID } from './harness.ts';

const QUICK = join(import.meta.dirname, 'quick-setup.ts');
const SETUP = join(import.meta.dirname, '../../infra/setup/setup.ts');
const ARGS = ['--project', PROJECT];

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

function fakePath(...args: Parameters<typeof createFakeCloud>): FakePath {
  const path = createFakePath(createFakeCloud(...args));
  cleanUps.push(path.remove);
  return path;
}

async function startBot(): Promise<{ url: string; sent: string[] }> {
  const sent: string[] = [];
  const { url, close } = await startServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      if (req.url?.endsWith('/sendMessage') === true) sent.push(Buffer.concat(chunks).toString());
      const result = req.url?.endsWith('/getMe') === true ? { username: 'cadence_bot' } : {};
      res.setHeader('content-type', 'application/json').end(JSON.stringify({ ok: true, result }));
    });
  });
  cleanUps.push(close);
  return { url, sent };
}

// A process for each call of gcloud, twice a whole setup: slow on a busy machine.
describe('npm run setup as a process', { timeout: 240_000 }, () => {
  it('sets up with a gcloud on the PATH; the second run changes nothing; no argument holds a secret', async () => {
    const path = fakePath();
    const bot = await startBot();
    const input = Object.entries({ ...CANARIES, TELEGRAM_CHAT_ID: CHAT_ID })
      .map(([name, value]) => `${name}=${value}\r\n`)
      .join('');
    const env = { TELEGRAM_API_URL: bot.url };
    const first = await runProcess(QUICK, { path: path.folder, args: ARGS, input, env });
    expect(first.exitCode, first.output).toBe(0);
    expect(first.output).toContain(
      'Done. The page: https://pin-exchange-421337.us-central1.run.app',
    );
    expect(bot.sent).toEqual([expect.stringContaining(`"chat_id":"${CHAT_ID}"`)]);
    const cloud = path.read();
    expect(cloud.secrets['etrade-sandbox-consumer']?.[0]?.value).toBe(
      `{"key":"${CANARIES.ETRADE_SANDBOX_CONSUMER_KEY}","secret":"${CANARIES.ETRADE_SANDBOX_CONSUMER_SECRET}"}`,
    );
    const added = cloud.calls.filter(({ args }) => args.includes('add'));
    expect(added.map(({ input: digest }) => digest)).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
    const seen = first.output + JSON.stringify(cloud.calls);
    expect(Object.values(CANARIES).filter((value) => seen.includes(value))).toEqual([]);

    const second = await runProcess(QUICK, { path: path.folder, args: ARGS, env });
    expect(second.exitCode, second.output).toBe(0);
    const again = path.read();
    expect(again.calls.slice(cloud.calls.length).filter(({ isChange }) => isChange)).toEqual([]);
    expect({ ...again, calls: [] }).toEqual({ ...cloud, calls: [] });
    expect(bot.sent).toHaveLength(1);
  });

  it('says what is missing where there is no gcloud', async () => {
    const path = fakePath();
    const { exitCode, output } = await runProcess(SETUP, {
      path: '/nowhere',
      args: ARGS,
      env: { PATH: '/nowhere', HOME: path.folder },
    });
    expect(exitCode).toBe(1);
    expect(output).toContain('gcloud is not installed.');
    expect(output).toContain('https://cloud.google.com/sdk/docs/install');
  });

  it('says in words what went wrong, and which answer is missing', async () => {
    const loggedOut = fakePath({ account: null });
    const out = await runProcess(SETUP, { path: loggedOut.folder, args: ARGS });
    expect([out.exitCode, out.output]).toEqual([1, expect.stringContaining('gcloud auth login')]);
    const path = fakePath({ configuredProject: null });
    const asked = await runProcess(SETUP, { path: path.folder, args: [] });
    expect([asked.exitCode, asked.output]).toEqual([1, expect.stringContaining('PROJECT=…')]);
  });

  it('prints all commands with --print and runs none', async () => {
    const path = fakePath();
    const { exitCode, output } = await runProcess(SETUP, {
      path: path.folder,
      args: [...ARGS, '--print'],
    });
    expect(exitCode, output).toBe(0);
    expect(path.read().calls).toEqual([]);
    expect(output.match(/^gcloud /gm)?.length).toBe(29);
    expect(output.match(/^# +\d+\/12 /gm)?.length).toBe(12);
    expect(output).not.toContain('--async');
  });

  it.each(['setup', 'deploy', 'rollback', 'teardown'])(
    '%s --help says what it does',
    async (name) => {
      const file = join(import.meta.dirname, `../../infra/setup/${name}.ts`);
      const { exitCode, output } = await runProcess(file, { path: '/nowhere', args: ['--help'] });
      expect(exitCode).toBe(0);
      expect(output).toContain(`npm run ${name} -- `);
    },
  );
});

describe('the files of infra/setup', () => {
  const folder = join(import.meta.dirname, '../../infra/setup');
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));

  it('begin with a header and stay small', () => {
    for (const file of files) {
      const text = readFileSync(join(folder, file), 'utf8');
      expect(text, file).toMatch(/^\/\*\*\n \* \S/);
      expect(text.split('\n').length, file).toBeLessThan(310);
    }
    expect(files.length).toBeGreaterThan(20);
  });
});

it('in Windows itself says where it runs, before anything is started', async () => {
  const gcloud = createGcloud({ env: {}, cwd: '/nowhere', platform: 'win32' });
  const problem = await gcloud(['auth', 'list']).catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(SetupProblem);
  expect(problem).toMatchObject({
    message: 'This runs on macOS, Linux, WSL and Cloud Shell, not in Windows itself.',
    advice: [expect.stringContaining('WSL'), expect.stringContaining('shell.cloud.google.com')],
  });
});
