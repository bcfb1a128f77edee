/** `npm run build`: the zips that are uploaded, and that each works as the cloud unpacks, installs and starts it. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { FUNCTIONS, type FunctionName } from '../../infra/build/bundle.ts';
import { zipFolder } from '../../infra/build/zip.ts';
import {
  type Answer,
  type FunctionProcess,
  firstAnswer,
  freePort,
  spawnInstalled,
} from '../fixtures/function-process.ts';
import { functionSettings } from '../fixtures/function-settings.ts';
import { type SecretManagerServer, startSecretManager } from '../fixtures/secret-manager.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { SANDBOX } from '../fixtures/tokens.ts';
import { install, placesIn, unpack } from '../fixtures/uploaded-zip.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAX_BYTES = 3_000_000;

const HAS_PYTHON =
  process.env['CI'] !== undefined || spawnSync('python3', ['--version']).status === 0;
if (!HAS_PYTHON)
  process.stderr.write('SKIPPED: another reader of our zips, for want of "python3"\n');

let directory: string;
let printed: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'token-cadence-zips-'));
  printed = build(join(directory, 'first'), { TZ: 'America/New_York' });
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The command itself; what it printed. */
function build(out: string, env: Readonly<Record<string, string>> = {}): string {
  const args = [join(ROOT, 'infra', 'build.ts'), '--out', out];
  const ran = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  expect(ran.stderr).toBe('');
  expect(ran.status).toBe(0);
  return ran.stdout;
}

function zipOf(name: FunctionName, out = 'first'): string {
  return join(directory, out, `${name}.zip`);
}

describe('the build', () => {
  it('makes the same bytes again, in another time zone', () => {
    build(join(directory, 'second'), { TZ: 'Asia/Tokyo' });
    for (const name of FUNCTIONS) {
      const [first, second] = ['first', 'second'].map((out) => readFileSync(zipOf(name, out)));
      expect(first?.equals(second ?? Buffer.alloc(0)), name).toBe(true);
    }
  });

  it('prints the size of each zip', () => {
    for (const name of FUNCTIONS) {
      const size = `${Math.round(statSync(zipOf(name)).size / 1000)} kB`;
      expect(printed).toContain(`${name}.zip: ${size}`);
    }
  });
});

describe('a zip', () => {
  it('follows from names and contents alone: not from order, times or modes', async () => {
    const folder = temporaryDirectory();
    const write = async (names: readonly string[], mode: number) => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      for (const name of names) writeFileSync(join(folder, name), `content of ${name}`, { mode });
      await zipFolder(folder, `${folder}.zip`);
      return readFileSync(`${folder}.zip`);
    };
    onTestFinished(() => rmSync(`${folder}.zip`, { force: true }));
    const zip = await write(['a.cjs', 'b.cjs'], 0o600);
    expect((await write(['b.cjs', 'a.cjs'], 0o755)).equals(zip)).toBe(true);
    expect((await write(['a.cjs', 'c.cjs'], 0o600)).equals(zip)).toBe(false);
  });

  it('is refused for a folder within the folder, which would be missing in the cloud', async () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 'inner'));
    await expect(zipFolder(folder, join(folder, 'x.zip'))).rejects.toThrow('inner" is no plain');
  });
});

describe.each(FUNCTIONS)('the zip of %s', (name) => {
  it('is small, and holds the bundle’s files and no packages', () => {
    expect(statSync(zipOf(name)).size).toBeLessThan(MAX_BYTES);
    const files = unzipSync(readFileSync(zipOf(name)));
    const sizes = Object.values(files).map(({ length }) => length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_BYTES);
    const names = Object.keys(files);
    expect(names).toEqual(
      expect.arrayContaining(['index.cjs', 'package.json', 'package-lock.json']),
    );
    expect(names.filter((file) => file.includes('/') || file.includes('node_modules'))).toEqual([]);
    expect(names).toEqual([...names].sort());
  });

  it.skipIf(!HAS_PYTHON)('is whole for another reader, its files readable by all', () => {
    const look = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    print({(oct(i.external_attr >> 16), i.create_system) for i in z.infolist()})`;
    const { stdout, stderr } = spawnSync('python3', ['-c', look, zipOf(name)], {
      encoding: 'utf8',
    });
    expect({ stdout, stderr }).toEqual({ stdout: "{('0o100644', 3)}\n", stderr: '' });
  });
});

describe('a zip in the cloud', () => {
  let secretManager: SecretManagerServer;

  beforeAll(async () => {
    secretManager = await startSecretManager();
    await secretManager.createSecret('token-cadence-app');
    await secretManager.createSecret(`${SANDBOX}-session`);
  });

  afterAll(() => secretManager.close());

  type Question = {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly text: RegExp;
  };

  const QUESTIONS: Readonly<Record<FunctionName, Question>> = {
    'morning-alert': { method: 'POST', path: '/', status: 200, text: /"waiting":0/ },
    'pin-exchange': { method: 'GET', path: '/', status: 401, text: /<!doctype html>/ },
    'keep-alive': { method: 'POST', path: '/', status: 200, text: /"session":"etrade-sandbox"/ },
    'health-check': { method: 'POST', path: '/', status: 200, text: /"worked":true/ },
  };

  it.each(FUNCTIONS)(
    'installs the framework and its lock alone, and %s answers by the buildpack’s line',
    async (name) => {
      const uploaded = unpack(zipOf(name));
      onTestFinished(() => rmSync(uploaded, { recursive: true, force: true }));
      const locked = placesIn(join(uploaded, 'package-lock.json'));
      expect(install(uploaded)).toEqual(locked);
      const installed = JSON.parse(
        readFileSync(
          join(uploaded, 'node_modules', '@google-cloud', 'functions-framework', 'package.json'),
          'utf8',
        ),
      );
      const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
      expect(installed.version).toBe(own.dependencies['@google-cloud/functions-framework']);

      const running = spawnInstalled(uploaded, {
        name,
        env: functionSettings(secretManager.url),
        port: await freePort(),
      });
      onTestFinished(() => running.stop());
      const { method, path, status, text } = QUESTIONS[name];
      const answer = await answerOf(running, path, method);
      expect(answer).toEqual({ status, text: expect.stringMatching(text) });
    },
    180_000,
  );

  function answerOf(running: FunctionProcess, path: string, method: string): Promise<Answer> {
    return firstAnswer(running, path, {}, method);
  }
});
