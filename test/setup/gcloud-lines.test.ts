/**
 * Every gcloud line that the scripts run, print or advise, parsed by gcloud itself, offline.
 *
 * Collected from whole runs on the fake cloud and from the texts. Skipped loudly where there is no gcloud; in
 * CI it must be there.
 */

import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { deployScript } from '../../infra/setup/deploy.ts';
import { commandLine } from '../../infra/setup/gcloud.ts';
import { rollback } from '../../infra/setup/rollback.ts';
import { setup } from '../../infra/setup/setup.ts';
import { teardown } from '../../infra/setup/teardown.ts';
import { createFakeCloud, PROJECT } from './fake-cloud.ts';
import { CANARIES, runScript } from './harness.ts';

const ROOT = join(import.meta.dirname, '../..');
const hasGcloud = spawnSync('gcloud', ['--version']).status === 0;
const isNeeded = process.env['CI'] === 'true';

const resultsSchema = z.array(
  z.object({
    command_string: z.string(),
    success: z.boolean(),
    error_message: z.string().nullable().optional(),
  }),
);

/** One call for all lines: a second and a half each otherwise. */
async function refusedBy(lines: readonly string[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gcloud-lines-'));
  const file = join(folder, 'lines.json');
  writeFileSync(file, JSON.stringify(lines.map((line) => ({ command_string: line }))));
  try {
    const { stdout } = await promisify(execFile)(
      'gcloud',
      ['meta', 'lint-gcloud-commands', `--commands-file=${file}`, '--format=json'],
      { maxBuffer: 2 ** 28 },
    );
    // A second document, always empty, follows the results.
    const results = resultsSchema.parse(
      JSON.parse(stdout.slice(0, stdout.lastIndexOf(']', stdout.lastIndexOf(']') - 1) + 1)),
    );
    expect(results).toHaveLength(lines.length);
    return results
      .filter(({ success }) => !success)
      .map((result) => `${result.command_string}: ${result.error_message?.split('\n')[0]}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Fourteen lines that differ in the role alone would take gcloud seconds. */
const SAME_ROLE = /(?<=--role=roles\/)\S+/;

async function collectLines(): Promise<readonly string[]> {
  const account = `tc-build@${PROJECT}.iam.gserviceaccount.com`;
  const cloud = createFakeCloud({
    apis: [],
    configuredProject: PROJECT,
    projects: {
      [PROJECT]: {
        number: '421337',
        lifecycleState: 'ACTIVE',
        billing: true,
        parent: { type: 'organization', id: '42' },
      },
    },
    accounts: { [account]: { disabled: true } },
    roles: { tokenCadenceBuild: { permissions: [], deleted: false } },
    bindings: [
      { role: `projects/${PROJECT}/roles/tokenCadenceBuild`, member: `serviceAccount:${account}` },
    ],
    failingStep: { step: 'test', lines: ['planted'] },
  });
  const ARGS = ['--project', PROJECT];
  await runScript(setup, cloud, { args: [], answers: { ...CANARIES, PROJECT, BUDGET: '1' } });
  await runScript(setup, cloud, { answers: { ...CANARIES, BUDGET: '1' } });
  await runScript(deployScript, cloud, { args: [...ARGS, '--plan'] });
  await runScript(deployScript, cloud);
  await runScript(rollback, cloud);
  await runScript(teardown, cloud, {
    args: [...ARGS, '--everything'],
    answers: { TEARDOWN: PROJECT },
  });
  await runScript(setup, createFakeCloud());
  await runScript(setup, cloud, { args: ['--project', 'unknown-project'] });
  const run = cloud.calls.map(({ args }) => commandLine(args));
  const { output } = await runScript(setup, createFakeCloud(), { args: [...ARGS, '--print'] });
  const printed = [...output.matchAll(/gcloud [a-z].*$/gm)].map(([line]) => line);
  const all = [...run, ...printed, ...advisedLines(), ...documentedLines()];
  return [
    ...new Set(
      all.map((line) =>
        line.replace(/ --quiet\b| --format=json\b/g, '').replace(SAME_ROLE, 'viewer'),
      ),
    ),
  ];
}

/** `gcloud …` inside of a text, with its placeholders filled. */
function advisedLines(): string[] {
  const folder = join(ROOT, 'infra/setup');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), 'utf8').matchAll(
        /["'`:] *gcloud ((?:auth|billing|builds|components|config|org-policies|projects|secrets|services|storage) [^"'`,;()]*)/g,
      ),
    ])
    .map((match) => match[1] ?? '')
    .map((line) =>
      line
        .replace(/\$\{[^}]*\}?/g, 'filled')
        .replace(/<[^>]*>/g, 'filled')
        .trim(),
    )
    .map((line) => `gcloud ${line.replace(/[.?:]$/, '').replace(/--(\w+)=$/, '--$1=filled')}`);
}

/** What infra/gcp/README.md has people run by hand. */
function documentedLines(): string[] {
  const readme = readFileSync(join(ROOT, 'infra/gcp/README.md'), 'utf8');
  const lines = [...readme.matchAll(/(?<=^ *)gcloud .*$|(?<=`)gcloud [^`]*/gm)].map(
    ([line]) => line,
  );
  expect(lines.length).toBe(9);
  return lines.map((line) => line.replaceAll(/\b(KEY_)?PROJECT\b/g, PROJECT));
}

it.skipIf(!hasGcloud && !isNeeded)(
  'gcloud itself accepts every line of the scripts',
  { timeout: 120_000 },
  async () => {
    const lines = await collectLines();
    expect(lines.length).toBeGreaterThan(40);
    expect(await refusedBy(lines)).toEqual([]);
  },
);

it.skipIf(!hasGcloud && !isNeeded)(
  'a planted misspelling is refused by gcloud',
  { timeout: 60_000 },
  async () => {
    const planted = [
      `gcloud secrets versions add x --data-fil=- --project=${PROJECT}`,
      'gcloud secrets version list x',
    ];
    expect(await refusedBy([...planted, 'gcloud secrets list'])).toEqual([
      expect.stringContaining('unrecognized arguments: --data-fil=-'),
      expect.stringContaining('gcloud secrets version list x'),
    ]);
  },
);

if (!hasGcloud) {
  process.stderr.write('SKIPPED: no gcloud here, so its lines are not parsed.\n');
}
