/**
 * `npm pack`: what a trading service installs, how it imports it, and that it works with nothing of this
 * tree around it.
 *
 * npm installs the tarball without the network, from its cache (`fixtures/installed-package.ts` says what
 * happens where that is empty). Without events the client's own pauses are shortened, so that it polls fast;
 * with Google's Pub/Sub emulator nothing is.
 */

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createPubsubPublisher } from '../../functions/events/pubsub.ts';
import { type InstalledPackage, installPackage } from '../fixtures/installed-package.ts';
import {
  HAS_PUBSUB_EMULATOR,
  newPubsubProject,
  openPubsubEmulator,
} from '../fixtures/pubsub-emulator.ts';
import { PROJECT } from '../fixtures/secret-manager.ts';
import { openWorkerWorld, type WorkerWorld } from '../fixtures/worker-world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SHIFTED_CLOCK = join(ROOT, 'test', 'fixtures', 'processes', 'shifted-clock.mjs');
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/** Of the framework, the messenger and the command line: nothing that a trading service is to load. */
const NEVER = ['@google-cloud/functions-framework', 'express', 'telegraf', 'commander', 'jose'];

const WORKER = `
import { setTimeout } from 'node:timers/promises';
import { connect, WorkerError } from 'token-cadence/worker';

const wait = async (ms, signal) => {
  await setTimeout(Math.min(ms, 100), undefined, { signal }).catch(() => {});
};
const parts = process.env.EVENTS_URL === undefined ? {} : { wait };
const broker = await connect({ session: 'etrade-sandbox', worker: 'orb-bot', parts });
broker.on('renewed', ({ generation }) => console.log('renewed ' + generation));
console.log(broker.state.status);
const early = await broker.fetch('/v1/accounts/list.json').catch((error) => error);
console.log(early instanceof WorkerError, early.code, early.signInUrl);
await broker.ready();
const answer = await broker.fetch('/v1/accounts/list.json?count=5');
console.log(answer.status, 'generation', broker.state.generation);
await answer.text();
await broker.close();
console.log(broker.state.status);
`;

/** Tells what files were loaded, at the end. */
const TRACE = `
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
const urls = [];
registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context); } });
process.on('exit', () => writeFileSync(process.env.TRACE_FILE, JSON.stringify(urls)));
`;

const TYPED = `
import { connect, WorkerError, type ConnectOptions, type UsableToken, type WorkerSession } from 'token-cadence/worker';

const options: ConnectOptions = { session: 'etrade-prod', worker: 'orb-bot' };
const broker: WorkerSession = await connect(options);
await broker.ready({ timeoutSeconds: 3600 });
const answer: Response = await broker.fetch('https://api.etrade.com/v1/accounts/list.json');
const token: UsableToken = await broker.token({ minimumSeconds: 300 });
const generation: number = token.generation;
broker.on('renewed', (news) => news.generation.toFixed());
// @ts-expect-error no such news
broker.on('sold', () => {});
try {
  await broker.authorization('GET', 'https://api.etrade.com/v1/accounts/list.json');
} catch (error) {
  if (error instanceof WorkerError && error.code === 'SIGN_IN_NEEDED') throw error;
}
await broker.close();
export { answer, generation };
`;

/** What the service prints from its start to its end. */
const MORNING = [
  'waiting',
  'true NOT_SIGNED_IN https://tokens.example.com/sign-in/etrade-sandbox',
  'renewed 1',
  '200 generation 1',
  'closed',
];

let installed: InstalledPackage;

beforeAll(() => {
  installed = installPackage();
  installed.write('worker.mjs', WORKER);
  installed.write('trace.mjs', TRACE);
}, 180_000);

afterAll(() => installed?.remove());

describe('the tarball', () => {
  it('holds built code, the client’s declarations and the papers, and nothing else', () => {
    const papers = ['LICENSE', 'README.md', 'package.json'];
    const rest = installed.packed.filter((path) => !papers.includes(path));
    expect(installed.packed).toEqual(expect.arrayContaining(papers));
    expect(rest.filter((path) => !/^dist\/package\/.+\.(js|d\.ts)$/.test(path))).toEqual([]);
    const doors = rest.filter((path) =>
      /\/(http|morning-alert|pin-exchange|health-check)\W/.test(path),
    );
    expect(doors.filter((path) => path.endsWith('.d.ts'))).toEqual([]);
  });

  it('holds no path of the machine that built it', () => {
    for (const path of installed.packed) {
      expect(readFileSync(join(installed.directory, path), 'utf8').includes(ROOT), path).toBe(
        false,
      );
    }
  });

  it('names only files that exist: exports, bin, and every relative import', () => {
    const { exports, bin } = JSON.parse(
      readFileSync(join(installed.directory, 'package.json'), 'utf8'),
    );
    const { types, default: code } = exports['./worker'];
    for (const path of [types, code, bin['token-cadence']]) {
      expect(existsSync(join(installed.directory, path)), path).toBe(true);
    }
    const lost = installed.packed.filter(isCode).flatMap((path) =>
      importsIn(path)
        .filter((name) => name.startsWith('.'))
        .map((name) => join(dirname(path), name))
        .map((target) => (path.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : target))
        .filter((target) => !installed.packed.includes(target)),
    );
    expect(lost).toEqual([]);
  });

  it('asks for the Node that it needs itself, which this tree brings along', () => {
    const enginesIn = (folder: string): unknown =>
      JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).engines;
    expect(enginesIn(installed.directory)).toEqual({ node: '>=22' });
    expect(enginesIn(ROOT)).toEqual({ node: '>=20' });
  });

  it('depends on every package that it imports', () => {
    const { dependencies } = JSON.parse(
      readFileSync(join(installed.directory, 'package.json'), 'utf8'),
    );
    const bare = installed.packed
      .filter(isCode)
      .flatMap(importsIn)
      .filter((name) => !name.startsWith('.') && !name.startsWith('node:'));
    const names = new Set(bare.map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? ''));
    expect([...names].filter((name) => !(name in dependencies))).toEqual([]);
    expect(names).toContain('zod');
  });
});

describe('a trading service that has installed it', () => {
  it('connects before the sign-in, waits, and has a signed call accepted', async () => {
    const world = await openWorkerWorld({
      key: 'etrade-sandbox',
      events: { publish: async () => {} },
    });
    onTestFinished(() => world.close());
    const trace = join(installed.project, 'loaded.json');
    const service = startService(world, { EVENTS_URL: 'http://127.0.0.1:9/', TRACE_FILE: trace });
    await service.waits();
    await world.signIn();
    expect(await service.ended()).toEqual(MORNING);
    const loaded = packagesIn(JSON.parse(readFileSync(trace, 'utf8')));
    expect(loaded).toEqual(expect.arrayContaining(['@google-cloud/secret-manager', 'oauth-1.0a']));
    expect(loaded.filter((name) => NEVER.includes(name))).toEqual([]);
  });

  it.skipIf(!HAS_PUBSUB_EMULATOR)('hears of the sign-in through Google’s Pub/Sub', async () => {
    const emulator = await openPubsubEmulator();
    onTestFinished(() => emulator.stop());
    const pubsub = newPubsubProject(emulator.host, PROJECT);
    const topic = `token-renewed-${randomUUID()}`;
    await pubsub.createTopic(topic);
    await pubsub.createTopic(`${topic}-reports`);
    const client = { apiEndpoint: emulator.host };
    const events = createPubsubPublisher({ project: PROJECT, topic, client });
    onTestFinished(() => events.close());
    const world = await openWorkerWorld({ key: 'etrade-sandbox', events });
    onTestFinished(() => world.close());
    const service = startService(world, {
      PUBSUB_EMULATOR_HOST: emulator.host,
      EVENTS_TOPIC: topic,
      WORKER_REPORTS_TOPIC: `${topic}-reports`,
      TRACE_FILE: join(installed.project, 'heard.json'),
    });
    await service.waits();
    const subscribed = `http://${emulator.host}/v1/projects/${PROJECT}/topics/${topic}/subscriptions`;
    await expect
      .poll(async () => (await fetch(subscribed)).text(), { timeout: 10_000 })
      .toMatch(/token-renewed-.*orb-bot-/);
    await world.signIn();
    expect(await service.ended()).toEqual(MORNING);
    expect(await (await fetch(subscribed)).text()).not.toContain('orb-bot');
  });

  it('loads no client of Google’s by importing it', () => {
    const trace = join(installed.project, 'imported.json');
    installed.write('import.mjs', "await import('token-cadence/worker');");
    const env = { ...process.env, TRACE_FILE: trace };
    const { stderr } = installed.run(
      process.execPath,
      ['--import', './trace.mjs', 'import.mjs'],
      env,
    );
    expect(stderr).toBe('');
    const loaded = packagesIn(JSON.parse(readFileSync(trace, 'utf8')));
    expect(loaded).toContain('token-cadence');
    expect(loaded.filter((name) => /google|grpc|proto|gax/.test(name))).toEqual([]);
    expect(loaded.filter((name) => NEVER.includes(name))).toEqual([]);
  });

  it('may be CommonJS', () => {
    installed.write('service.cjs', "console.log(typeof require('token-cadence/worker').connect);");
    expect(installed.run(process.execPath, ['service.cjs']).stdout).toBe('function\n');
  });

  it('cannot reach into what is not exported', () => {
    installed.write('inner.mjs', "import 'token-cadence/dist/package/compose.js';");
    const { stderr } = installed.run(process.execPath, ['inner.mjs']);
    expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it.each(['nodenext', 'bundler'])('is typed, under "strict" and "%s"', (moduleResolution) => {
    installed.write('service.mts', TYPED);
    const module = moduleResolution === 'bundler' ? 'preserve' : 'nodenext';
    const compilerOptions = {
      target: 'es2022',
      module,
      moduleResolution,
      lib: ['es2024'],
      types: ['node'],
      strict: true,
      noEmit: true,
      exactOptionalPropertyTypes: true,
    };
    installed.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['service.mts'] }));
    const { status, stdout } = installed.run(process.execPath, [TSC, '-p', '.']);
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it('has the command line', () => {
    const program = join(installed.project, 'node_modules', '.bin', 'token-cadence');
    const { status, stdout, stderr } = installed.run(program, ['--help']);
    expect({ status, stdout }, stderr).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Usage: token-cadence/),
    });
  });
});

/** `worker.mjs` in a process of its own, at the world's time. */
function startService(world: WorkerWorld, env: Readonly<Record<string, string>>) {
  const service = spawn(process.execPath, ['--import', './trace.mjs', 'worker.mjs'], {
    cwd: installed.project,
    env: {
      ...world.env,
      ...env,
      PATH: process.env['PATH'],
      CLOCK_SHIFT_MS: String(world.shift()),
      NODE_OPTIONS: `--import=${SHIFTED_CLOCK}`,
      METADATA_SERVER_DETECTION: 'none',
    },
  });
  onTestFinished(() => {
    service.kill('SIGKILL');
  });
  const lines: string[] = [];
  let complaints = '';
  createInterface({ input: service.stdout }).on('line', (line) => lines.push(line));
  service.stderr.on('data', (text) => {
    complaints += text;
  });
  const closed = new Promise((resolve) => service.on('close', resolve));
  return {
    /** Until it has said that nobody has signed in. */
    async waits() {
      await expect
        .poll(() => (lines.length > 1 ? 'waits' : `printed ${lines} ${complaints}`), {
          timeout: 20_000,
        })
        .toBe('waits');
    },
    /** All its lines, once it has ended well by itself. */
    async ended() {
      expect(await closed, complaints).toBe(0);
      return lines;
    },
  };
}

function isCode(path: string): boolean {
  return /\.(js|d\.ts)$/.test(path);
}

/** What a packed file imports, statically or on first use. */
function importsIn(path: string): string[] {
  const text = readFileSync(join(installed.directory, path), 'utf8').replace(
    /\/\*[\s\S]*?\*\//g,
    '',
  );
  const names = text.matchAll(
    /(?:^(?:import|export)\b[^'"`;=()]*\bfrom|^import|\bimport\()\s*['"]([^'"]+)['"]/gm,
  );
  return [...names].map(([, name = '']) => name);
}

function packagesIn(urls: readonly string[]): string[] {
  const names = urls.map((url) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]);
  return [...new Set(names)].filter((name) => name !== undefined);
}
