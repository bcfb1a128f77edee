/**
 * What a build on Cloud Build does, done in exactly the files that it would be given: the scripts of its steps, with the packages that are installed here.
 *
 * A step runs here or is left out for a reason that is written down; one that is in neither list fails. Nothing is
 * uploaded.
 */

import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import {
  filesOfGcloud,
  filesOfGit,
  layOut,
  recordedUpload,
  uploadedFiles,
} from './fixtures/uploaded-tree.ts';

const ROOT = join(import.meta.dirname, '..');

const CONFIGS = ['cloudbuild.yaml', 'infra/gcp/cloudbuild.yaml'] as const;

/** Each step of the two builds: `run` here, or why not. */
const STEPS: Readonly<Record<string, 'run' | { readonly leftOut: string }>> = {
  install: { leftOut: 'needs the registry; the packages that are installed here are used' },
  lint: 'run',
  types: 'run',
  test: { leftOut: 'this test is one of those it runs' },
  build: 'run',
  settings: { leftOut: 'reads the bucket of the state; build-modes.test.ts plays it' },
  bundles: { leftOut: 'reads the bucket of the builds; build-modes.test.ts plays it' },
  'terraform-init': { leftOut: 'needs the registry of providers and the bucket' },
  'terraform-check': { leftOut: 'gcp/terraform.test.ts runs the same' },
  'terraform-plan': { leftOut: 'asks Google; build-modes.test.ts plays it' },
  'terraform-apply': { leftOut: 'changes the cloud; build-modes.test.ts plays it' },
  outputs: { leftOut: 'writes to the bucket; build-modes.test.ts plays it' },
  publish: { leftOut: 'changes the cloud; build-modes.test.ts plays it' },
};

const buildSchema = z.object({
  steps: z.array(z.object({ id: z.string(), dir: z.string().default('.'), script: z.string() })),
  substitutions: z.record(z.string(), z.string()),
});
const steps = CONFIGS.flatMap((config) => {
  const build = buildSchema.parse(parse(readFileSync(join(ROOT, config), 'utf8')));
  return build.steps.map((step) => ({ ...step, substitutions: build.substitutions }));
});

const files = uploadedFiles(ROOT);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'uploaded-tree-'));
  layOut(ROOT, files, folder);
});

afterAll(() => rmSync(folder, { recursive: true }));

it('each step of the builds is run here or left out for a reason', () => {
  expect(Object.keys(STEPS)).toEqual(steps.map(({ id }) => id));
});

it('what is uploaded is what is in the repository', () => {
  const git = filesOfGit(ROOT);
  if (git !== null) expect(files).toEqual(git.toSorted());
  expect(
    files.filter((file) =>
      /(^|\/)(\.env|node_modules|dist|\.token-cadence|\.git)(\/|$)/.test(file),
    ),
  ).toEqual([]);
});

it('no file with secrets that the documents name is uploaded, wherever it lies', () => {
  const documents = files.filter((file) => /\.md$|^infra\/setup\/answers\.ts$/.test(file));
  const named = documents.flatMap((file) =>
    [
      ...read(file).matchAll(
        /[\s`=](?:[\w.-]+\/)*((?:[\w-]+)?\.env|[\w-]+\.(?:backup|key))(?=[\s`'])/g,
      ),
    ].map((match) => match[1] ?? ''),
  );
  expect(named).toEqual(
    expect.arrayContaining(['.env', 'answers.env', 'local.env', 'store.key', 'tokens.backup']),
  );
  const secret = [...new Set([...named, '.env.prod', 'token-cadence-2026-11-20-7.backup'])];
  const kept = ['functions/cli/README.md', 'infra/setup/setup.ts', 'functions/storage/file-key.ts'];
  const tree = mkdtempSync(join(tmpdir(), 'uploaded-names-'));
  try {
    execFileSync('git', ['init', '--quiet', tree]);
    for (const ignore of Object.keys(recordedUpload.ignoreFiles)) {
      cpSync(join(ROOT, ignore), join(tree, ignore));
    }
    for (const file of [...kept, ...secret, ...secret.map((name) => `functions/cli/${name}`)]) {
      mkdirSync(join(tree, dirname(file)), { recursive: true });
      writeFileSync(join(tree, file), '');
    }
    const expected = [...Object.keys(recordedUpload.ignoreFiles), ...kept].toSorted();
    expect(filesOfGit(tree)?.toSorted()).toEqual(expected);
    expect(filesOfGcloud(tree) ?? expected).toEqual(expected);
  } finally {
    rmSync(tree, { recursive: true });
  }
});

it('gcloud decides as it was recorded to, by ignore files that are still the same', () => {
  const names = Object.keys(recordedUpload.ignoreFiles);
  const present = Object.fromEntries(
    names.map((name) => [name, existsSync(join(ROOT, name)) ? read(name) : null]),
  );
  expect(present).toEqual(recordedUpload.ignoreFiles);
  expect(files.filter((file) => /(^|\/)\.(gcloud|git)ignore$/.test(file))).toEqual(names);
  const [gcloud, git] = [filesOfGcloud(ROOT), filesOfGit(ROOT)];
  if (gcloud === null || git === null) return;
  expect(git.filter((file) => !gcloud.includes(file))).toEqual(recordedUpload.leftOut);
});

it.concurrent.each(steps.filter(({ id }) => STEPS[id] === 'run'))(
  'the step "$id" succeeds in these files',
  { timeout: 240_000 },
  async ({ script, dir, substitutions }) => {
    const running = promisify(execFile)('bash', ['-c', script], {
      cwd: join(folder, dir),
      env: {
        ...substitutions,
        PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
        HOME: folder,
      },
    });
    const said = await running.then(
      () => '',
      (error: { stdout?: string; stderr?: string }) => `${error.stdout}${error.stderr}`,
    );
    expect(said).toBe('');
  },
);

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}
