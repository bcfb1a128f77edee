/**
 * `package.json` for who has just cloned this tree: its scripts run on the Node that comes along, or say what is missing;
 * and no text sends anybody to a program that npm would fetch from strangers.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { uploadedFiles } from './fixtures/uploaded-tree.ts';

const ROOT = join(import.meta.dirname, '..');
const manifest = z
  .object({
    engines: z.object({ node: z.string() }),
    scripts: z.record(z.string(), z.string()),
    allowScripts: z.record(z.string(), z.boolean()),
    devDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
const lock = z
  .object({
    packages: z.record(
      z.string(),
      z.looseObject({
        version: z.string().optional(),
        engines: z.unknown().optional(),
        hasInstallScript: z.boolean().default(false),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')));

const CHECK = 'node infra/node-version.mjs';

describe('an installation', () => {
  it('does not fill the screen with the Node that packages ask for: ours comes along', () => {
    const asked = spawnSync('npm', ['config', 'get', 'loglevel'], { cwd: ROOT, encoding: 'utf8' });
    expect(asked.stdout.trim()).toBe('error');
  });
});

describe('a script of npm', () => {
  it.each(Object.entries(manifest.scripts).filter(([, line]) => /\.ts|vitest/.test(line)))(
    '%s looks at its Node first',
    (name, line) => {
      // npm runs it right after "prepack", which has looked.
      if (name === 'postpack') return;
      expect(line.startsWith(`${CHECK} && `), line).toBe(true);
    },
  );

  it('says in one line what is missing where an install left out the Node that comes along', () => {
    const run = (version: string) =>
      spawnSync(
        process.execPath,
        [
          '--import',
          `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`,
          join(ROOT, 'infra/node-version.mjs'),
        ],
        { encoding: 'utf8' },
      );
    for (const version of ['18.20.8', '20.20.2', '22.23.0', '24.1.0']) {
      const { status, stderr } = run(version);
      expect([version, status]).toEqual([version, 2]);
      expect(stderr).toBe(
        `This needs Node 24 and runs on ${version}: the install left out the Node that comes along. Now: npm rebuild node\n`,
      );
    }
    for (const version of ['24.2.0', manifest.devDependencies['node'] ?? '', '26.0.0']) {
      expect(run(version)).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('says npm ci where nothing is installed yet', () => {
    const tree = mkdtempSync(join(tmpdir(), 'not-installed-'));
    mkdirSync(join(tree, 'infra'));
    cpSync(join(ROOT, 'infra/node-version.mjs'), join(tree, 'infra/node-version.mjs'));
    const old =
      "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})";
    const args = ['--import', old, join(tree, 'infra/node-version.mjs')];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    rmSync(tree, { recursive: true });
    expect(status).toBe(2);
    expect(stderr).toBe(
      'This needs Node 24 and runs on 20.20.2: the Node that comes along is not installed yet. Now: npm ci\n',
    );
  });

  it('token-cadence is the command line, in this tree and with nothing built', () => {
    const args = ['run', '--silent', 'token-cadence', '--', 'calendar', '2026-03-10'];
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('Tue 10 Mar 2026: trading day');
  });
});

it('this tree asks for Node 20, in its manifest and in its lock', () => {
  expect(manifest.engines).toEqual({ node: '>=20' });
  expect(lock.packages['']?.engines).toEqual(manifest.engines);
});

it('npm may run the install scripts of exactly the packages that have one', () => {
  const having = Object.entries(lock.packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([place, { version }]) => [`${place.replace(/^.*node_modules\//, '')}@${version}`, true]);
  expect(manifest.allowScripts).toEqual(Object.fromEntries(having));
});

it('no text runs a program by a name that npm would fetch from strangers', () => {
  const fetching = /\bn[p]x\b|\bnpm e[x]ec\b/;
  const files = uploadedFiles(ROOT).filter(
    (file) =>
      /\.(md|ts|mts|mjs|cjs|js|json|ya?ml|sh|py|tf|html|svg)$|\.ci\/run$/.test(file) &&
      file !== 'package-lock.json',
  );
  expect(files.length).toBeGreaterThan(500);
  expect(files.filter((file) => fetching.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
});
