/**
 * `npm run terraform`: formatting, validation, the tests of this folder, and rules on all that they make.
 *
 * Touches no cloud and needs no login. Without terraform on the machine it says so and stops: with success,
 * but not in CI.
 */

import { join } from 'node:path';
import { problemsIn } from './rules.ts';
import { findTerraform, type Terraform } from './terraform.ts';
import { runTests, type TestReport, type TestRun } from './test-runs.ts';

export type Step = { readonly name: string; readonly problems: readonly string[] };

export type Check = {
  readonly ok: boolean;
  readonly steps: readonly Step[];
  readonly tests: TestReport;
};

/**
 * The whole check of one folder.
 *
 * @param files tests to run; all when there are none
 * @param onStep told of each step as it ends
 */
export async function checkFolder(
  terraform: Terraform,
  folder: string,
  files: readonly string[] = [],
  onStep: (step: Step) => void = () => {},
): Promise<Check> {
  const steps: Step[] = [];
  const done = (name: string, problems: readonly string[]): boolean => {
    const step = { name, problems };
    steps.push(step);
    onStep(step);
    return problems.length === 0;
  };
  const command = async (name: string, args: readonly string[]): Promise<boolean> => {
    const { ok, lines } = await terraform.run(folder, [...args, '-no-color']);
    return done(name, ok ? [] : [lines.filter((line) => line.trim() !== '').join('\n')]);
  };
  const nothing: TestReport = { runs: [], problems: [] };

  const isFormatted = await command('format', ['fmt', '-check', '-diff', '-recursive']);
  const isValid =
    (await command('init', ['init', '-backend=false', '-input=false'])) &&
    (await command('validate', ['validate']));
  if (!isValid) return { ok: false, steps, tests: nothing };

  const tests = await runTests(terraform, folder, files);
  for (const run of tests.runs) done(titleOf(run), troubleOf(run));
  if (tests.problems.length > 0) done('tests', tests.problems);
  const applied = tests.runs.filter(({ isWhole }) => isWhole);
  const broken = new Set(applied.flatMap(({ made }) => problemsIn(made)));
  const isAnyMade = applied.some(({ made }) => made.length > 0);
  done('rules on everything that is made', isAnyMade ? [...broken] : ['nothing was made']);
  return { ok: isFormatted && steps.every(({ problems }) => problems.length === 0), steps, tests };
}

function titleOf({ file, name }: TestRun): string {
  const subject = file.replace(/^tests\//, '').replace(/\.tftest\.hcl$/, '');
  return `${subject}: ${name.replaceAll('_', ' ')}`;
}

function troubleOf({ status, problems }: TestRun): readonly string[] {
  if (status === 'pass') return [];
  return problems.length > 0 ? problems : [`ended with "${status}"`];
}

async function main(): Promise<number> {
  const say = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  const terraform = await findTerraform();
  if (terraform === null) {
    say('!! SKIPPED: there is no terraform on this machine, so infra/gcp was not checked at all.');
    say('!! Get it from https://developer.hashicorp.com/terraform/install (1.7 or newer).');
    return process.env['CI'] === 'true' ? 1 : 0;
  }
  try {
    const provider = terraform.offline ? 'stood in for: no network' : 'from the registry';
    say(`infra/gcp, Terraform ${terraform.version}, provider ${provider}`);
    const { ok, steps } = await checkFolder(terraform, import.meta.dirname, [], (step) => {
      say(`  ${step.problems.length === 0 ? '✓' : '✗'} ${step.name}`);
      for (const problem of step.problems) say(problem.replaceAll(/^/gm, '      '));
    });
    const failed = steps.filter(({ problems }) => problems.length > 0).length;
    say(`${steps.length - failed} passed, ${failed} failed`);
    return ok ? 0 : 1;
  } finally {
    await terraform.close();
  }
}

if (process.argv[1] === join(import.meta.dirname, 'check.ts')) process.exitCode = await main();
