/**
 * `terraform test` on a folder, and what it says: how each run ended, what it would make, its outputs.
 *
 * Reads Terraform's JSON lines as they come, since each run brings megabytes of schema along. Judges nothing.
 * Used by `check.ts` and the tests.
 *
 * @see https://developer.hashicorp.com/terraform/internals/machine-readable-ui
 */

import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { Terraform } from './terraform.ts';

/** A resource as Terraform would make it; what only the cloud knows is missing from a plan. */
export type Made = {
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
};

export type TestRun = {
  readonly file: string;
  readonly name: string;
  readonly status: 'pass' | 'fail' | 'error' | 'skip';
  readonly problems: readonly string[];
  /** What was made, or planned; `isWhole` once it was applied, to the mocked cloud. */
  readonly made: readonly Made[];
  readonly isWhole: boolean;
  readonly outputs: Readonly<Record<string, unknown>>;
};

export type TestReport = {
  readonly runs: readonly TestRun[];
  /** Those that belong to no run. */
  readonly problems: readonly string[];
};

const values = z.record(z.string(), z.unknown());
const messageSchema = z.looseObject({
  type: z.string(),
  '@testfile': z.string().optional(),
  '@testrun': z.string().optional(),
  test_run: z.object({ progress: z.string(), status: z.string().optional() }).optional(),
  diagnostic: z
    .object({
      severity: z.string(),
      summary: z.string(),
      detail: z.string().default(''),
      range: z.object({ filename: z.string(), start: z.object({ line: z.number() }) }).nullish(),
    })
    .optional(),
  test_plan: z
    .object({
      resource_changes: z
        .array(
          z.object({
            address: z.string(),
            mode: z.string(),
            type: z.string(),
            change: z.object({ after: values.nullable() }),
          }),
        )
        .default([]),
      output_changes: z.record(z.string(), z.object({ after: z.unknown() })).default({}),
    })
    .optional(),
  test_state: z
    .object({
      root_module: z
        .object({
          resources: z
            .array(z.object({ address: z.string(), mode: z.string(), type: z.string(), values }))
            .default([]),
        })
        .default({ resources: [] }),
      outputs: z.record(z.string(), z.object({ value: z.unknown() })).default({}),
    })
    .optional(),
});

const STATUSES = { pass: 'pass', fail: 'fail', error: 'error', skip: 'skip' } as const;

/**
 * `terraform test` on an initialized folder, with what each run would make.
 *
 * @param files those alone, such as `tests/jobs.tftest.hcl`
 */
export async function runTests(
  terraform: Terraform,
  folder: string,
  files: readonly string[] = [],
): Promise<TestReport> {
  const all = files.length > 0 ? files : await testFilesOf(folder);
  // A process each, as many at once as there are processors: most of the time goes into computing.
  const reports: TestReport[] = [];
  const waiting = [...all.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, file] = next;
      reports[index] = await runTestFile(terraform, folder, file);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return {
    runs: reports.flatMap(({ runs }) => runs),
    problems: reports.flatMap(({ problems }) => problems),
  };
}

async function testFilesOf(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(folder, 'tests'));
  return names
    .filter((name) => name.endsWith('.tftest.hcl'))
    .sort()
    .map((name) => `tests/${name}`);
}

async function runTestFile(
  terraform: Terraform,
  folder: string,
  testFile: string,
): Promise<TestReport> {
  const runs = new Map<string, { -readonly [Key in keyof TestRun]: TestRun[Key] }>();
  const problems: string[] = [];
  const take = (line: string): void => {
    const message = readMessage(line);
    if (message === null) return;
    const { '@testfile': file = '', '@testrun': name = '', diagnostic } = message;
    const key = `${file} ${name}`;
    let run = runs.get(key);
    if (run === undefined && message.test_run !== undefined) {
      run = { file, name, status: 'skip', problems: [], made: [], isWhole: false, outputs: {} };
      runs.set(key, run);
    }
    const { status } = message.test_run ?? {};
    if (run !== undefined && status !== undefined) {
      run.status = STATUSES[status as keyof typeof STATUSES] ?? 'error';
    }
    if (diagnostic?.severity === 'error') {
      const problem = textOf(diagnostic);
      if (run === undefined) problems.push(problem);
      else run.problems = [...run.problems, problem];
    }
    if (run === undefined) return;
    if (message.test_plan !== undefined) {
      const { resource_changes, output_changes } = message.test_plan;
      run.made = resource_changes
        .filter(({ mode }) => mode === 'managed')
        .map(({ address, type, change }) => ({ address, type, values: change.after ?? {} }));
      run.outputs = mapValues(output_changes, ({ after }) => after);
    }
    if (message.test_state !== undefined) {
      const { root_module, outputs } = message.test_state;
      run.made = root_module.resources.filter(({ mode }) => mode === 'managed');
      run.isWhole = true;
      run.outputs = mapValues(outputs, ({ value }) => value);
    }
  };
  const args = ['test', '-json', '-verbose', `-filter=${testFile}`];
  const ran = await terraform.run(folder, args, take);
  const isSilent =
    problems.length === 0 && [...runs.values()].every((run) => run.status === 'pass');
  if (isSilent && (!ran.ok || runs.size === 0)) {
    problems.push(ran.lines.join('\n') || `${testFile}: terraform test ended without a word`);
  }
  return { runs: [...runs.values()], problems };
}

function readMessage(line: string): z.infer<typeof messageSchema> | null {
  if (!line.startsWith('{')) return null;
  return messageSchema.parse(JSON.parse(line));
}

type Diagnostic = NonNullable<z.infer<typeof messageSchema>['diagnostic']>;

function textOf({ summary, detail, range }: Diagnostic): string {
  const where = range == null ? '' : ` (${range.filename}:${range.start.line})`;
  // What is asserted says it all; Terraform's own words need both parts.
  const what = summary === 'Test assertion failed' ? detail : `${summary}: ${detail}`;
  return `${what}${where}`;
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  change: (value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
