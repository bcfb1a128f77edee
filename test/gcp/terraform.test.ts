/** The Terraform folder passes its own check, and deliberate mistakes in a copy of it do not. */

import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Check, checkFolder } from '../../infra/gcp/check.ts';
import { type Folder, terraformHere } from './terraform-here.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, 'infra', 'gcp');
const JOBS = 'tests/jobs.tftest.hcl';
const ACCESS = 'tests/access.tftest.hcl';
const FUNCTIONS = 'tests/functions.tftest.hcl';

const terraform = await terraformHere();

/** Terraform starts a provider and reads its whole schema for every run. */
const TIMEOUT_MS = 300_000;

describe.skipIf(terraform === null)('infra/gcp', { timeout: TIMEOUT_MS }, () => {
  afterAll(() => terraform?.close());

  describe('as it is', () => {
    let check: Check;
    beforeAll(async () => {
      check = await checked(FOLDER);
    }, TIMEOUT_MS);

    it('passes format, validation, every test and every rule', () => {
      const failed = check.steps.filter(({ problems }) => problems.length > 0);
      expect(failed).toEqual([]);
      expect(check.ok).toBe(true);
    });

    it('has run every test file, and has looked at everything that an apply makes', () => {
      const files = new Set(check.tests.runs.map(({ file }) => file));
      expect(files.size).toBe(7);
      expect(check.tests.runs.length).toBeGreaterThan(15);
      const applied = check.tests.runs.filter(({ isWhole }) => isWhole);
      expect(applied.length).toBeGreaterThan(0);
      for (const { made } of applied) expect(made.length).toBeGreaterThan(100);
    });

    it('reads and writes no value of a secret', () => {
      const types = check.tests.runs.flatMap(({ made }) => made.map(({ type }) => type));
      expect(types).toContain('google_secret_manager_secret');
      expect(types.filter((type) => type.includes('secret_version'))).toEqual([]);
    });
  });

  describe('a deliberate mistake is caught', () => {
    it('a public keep-alive, added beside the list of rights', async () => {
      await expectCaught(
        [JOBS],
        { file: 'jobs.tf', append: member('cloud_run_v2_service', 'name = "keep-alive"', PUBLIC) },
        [
          'google_cloud_run_v2_service_iam_member.mistake is public: only pin-exchange may be called by all',
        ],
      );
    });

    it('a public keep-alive in the list of rights', async () => {
      await expectCaught(
        [ACCESS],
        {
          file: 'access.tf',
          from: 'kind = "service", on = "pin-exchange", why',
          to: 'kind = "service", on = "keep-alive", why',
        },
        [/^People open pin-exchange; nothing else is public\./],
      );
    });

    it('a job without an audience', async () => {
      await expectCaught([JOBS], { file: 'jobs.tf', from: / +audience +=.*\n/, to: '' }, [
        /^The audience of each job's token is the function's own address\./,
        /keep-alive.* has no token whose audience is the address of its own function$/,
      ]);
    });

    it('a right to read every secret of the project', async () => {
      await expectCaught(
        [JOBS],
        {
          file: 'access.tf',
          append: member('project', 'project = var.project', {
            role: 'roles/secretmanager.secretAccessor',
            who: 'serviceAccount:$' + '{local.emails["worker"]}',
          }),
        },
        [
          'google_project_iam_member.mistake grants secretmanager.secretAccessor on the whole project, which is no named exception',
        ],
      );
    });

    it('a grant that replaces those of others, and a secret with its value', async () => {
      const binding = `
resource "google_project_iam_binding" "mistake" {
  project = var.project
  role    = "roles/logging.logWriter"
  members = ["user:somebody@example.com"]
}
`;
      const version = `
resource "google_secret_manager_secret_version" "mistake" {
  secret      = google_secret_manager_secret.empty["token-cadence-app"].id
  secret_data = "value"
}
`;
      await expectCaught(
        [JOBS],
        [
          { file: 'access.tf', append: binding },
          { file: 'secrets.tf', append: version },
        ],
        [
          'google_project_iam_binding.mistake replaces what others were granted: grant to single members',
          'google_secret_manager_secret_version.mistake puts the value of a secret into the state',
        ],
      );
    });

    it('another runtime, and a function that mounts what it does not use', async () => {
      await expectCaught(
        [FUNCTIONS],
        [
          { file: 'functions.tf', from: '"nodejs24"', to: '"nodejs22"' },
          { file: 'functions.tf', from: 'uses_brokers = false', to: 'uses_brokers = true' },
        ],
        [
          /^Every function runs on nodejs24\./,
          /^Consumer keys are for those who call the broker/,
          /keep-alive.* does not run on nodejs24$/,
        ],
      );
    });

    it('the list of worker accounts that there was once, with the line to paste instead', async () => {
      const list = `
run "once" {
  command = plan
  variables {
    worker_accounts = ["orb-bot@my-trading-123456.iam.gserviceaccount.com"]
  }
}
`;
      await expectCaught(
        ['tests/approval.tftest.hcl'],
        { file: 'tests/approval.tftest.hcl', append: list },
        [
          /npm run deploy -- --set 'worker_accounts=\{"orb-bot@my-trading-123456\.iam\.gserviceaccount\.com":\{\},"tc-worker":\{\}\}'/,
        ],
      );
    });

    it('an argument that the provider does not know', async () => {
      await expectCaught([JOBS], { file: 'jobs.tf', from: 'time_zone ', to: 'timezone ' }, [
        /An argument named "timezone" is not expected here/,
      ]);
    });
  });
});

describe('a machine without terraform', () => {
  const run = (env: Readonly<Record<string, string>>) =>
    spawnSync(process.execPath, [join(FOLDER, 'check.ts')], {
      env: { PATH: join(FOLDER, 'tests'), ...env },
      encoding: 'utf8',
    });

  it('is told loudly that nothing was checked', () => {
    const { status, stdout } = run({});
    expect(stdout).toContain('SKIPPED');
    expect(status).toBe(0);
  });

  it('fails in CI', () => {
    expect(run({ CI: 'true' }).status).toBe(1);
  });
});

const PUBLIC = { role: 'roles/run.invoker', who: 'allUsers' };

/** A grant that stands outside of the list. */
function member(
  on: string,
  target: string,
  { role, who }: { readonly role: string; readonly who: string },
): string {
  return `
resource "google_${on}_iam_member" "mistake" {
  ${target}
  role    = "${role}"
  member  = "${who}"
}
`;
}

type Edit =
  | { readonly file: string; readonly append: string }
  | { readonly file: string; readonly from: string | RegExp; readonly to: string };

async function expectCaught(
  files: readonly string[],
  edits: Edit | readonly Edit[],
  expected: readonly (string | RegExp)[],
): Promise<void> {
  await using folder = await copyOf(...[edits].flat());
  const { ok, steps } = await checked(folder.path, files);
  expect(ok).toBe(false);
  const problems = steps
    // The mistakes are not written with care.
    .filter(({ name }) => name !== 'format')
    .flatMap((step) => step.problems);
  for (const each of expected) {
    expect(problems).toContainEqual(typeof each === 'string' ? each : expect.stringMatching(each));
  }
}

async function checked(path: string, files: readonly string[] = []): Promise<Check> {
  if (terraform === null) throw new Error('no terraform');
  return checkFolder(terraform, path, files);
}

/** With `scheduler.yaml` where the folder looks for it. */
async function copyOf(...edits: readonly Edit[]): Promise<Folder> {
  const root = await mkdtemp(join(tmpdir(), 'token-cadence-gcp-'));
  const path = join(root, 'infra', 'gcp');
  await cp(join(ROOT, 'scheduler.yaml'), join(root, 'scheduler.yaml'));
  await cp(FOLDER, path, { recursive: true });
  for (const edit of edits) {
    const file = join(path, edit.file);
    const text = await readFile(file, 'utf8');
    const changed = 'append' in edit ? text + edit.append : text.replace(edit.from, edit.to);
    if (changed === text) throw new Error(`nothing to change in ${edit.file}`);
    await writeFile(file, changed);
  }
  return { path, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}
