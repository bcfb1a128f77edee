/** The shell scripts of the two builds, run with stand-ins for their programs: what each mode really calls. */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { placesOf } from '../../infra/setup/places.ts';

const configSchema = z.object({
  steps: z.array(z.object({ id: z.string(), dir: z.string().default('.'), script: z.string() })),
  substitutions: z.record(z.string(), z.string()),
});

function readConfig(file: string): z.infer<typeof configSchema> {
  return configSchema.parse(parse(readFileSync(join(import.meta.dirname, '../..', file), 'utf8')));
}

const npmBuild = readConfig('cloudbuild.yaml');
const deployment = readConfig('infra/gcp/cloudbuild.yaml');

const places = placesOf('my-trading-123456');
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

type Ran = {
  readonly exitCode: number;
  readonly calls: readonly string[];
  readonly output: string;
};

type Given = {
  readonly hasSettings?: boolean;
  /** What reading the settings fails with, so many times. */
  readonly unread?: { readonly error: string; readonly times: number };
  /** What Terraform has made before. */
  readonly state?: readonly string[];
  /** What `terraform output` prints. */
  readonly outputs?: unknown;
  /** What each `terraform apply` fails with; `null` and what is not named succeeds. */
  readonly applies?: readonly (string | null)[];
  /** @default all of them */
  readonly only?: readonly string[];
  /** @default the deployment */
  readonly config?: z.infer<typeof configSchema>;
};

/** Runs all steps in a folder of its own; each program writes down how it was called. */
function runBuild(substitutions: Readonly<Record<string, string>>, given: Given = {}): Ran {
  const { hasSettings = true, state = [], applies = [], outputs = {}, config = deployment } = given;
  const unread = given.unread ?? { error: MATCHED_NONE, times: hasSettings ? 0 : 1 };
  const folder = mkdtempSync(join(tmpdir(), 'build-modes-'));
  folders.push(folder);
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'infra/gcp'), { recursive: true });
  const calls = join(folder, 'calls');
  applies.forEach((error, index) => {
    if (error !== null) writeFileSync(join(folder, `apply-${index + 1}`), `Error: ${error}\n`);
  });
  writeFileSync(join(folder, 'given-outputs.json'), JSON.stringify(outputs, null, 2));
  for (const program of ['npm', 'gcloud', 'terraform', 'sleep']) {
    const file = join(folder, 'bin', program);
    writeFileSync(
      file,
      `#!/bin/sh
echo "${program} $*" >>'${calls}'
case "$*" in
  'storage ls'*)
    if [ "$(grep -c '^gcloud storage ls' '${calls}')" -le ${unread.times} ]; then
      echo "ERROR: (gcloud.storage.ls) ${unread.error}" >&2
      exit 1
    fi
    ;;
  'storage cat'*) echo '{"region":"us-central1"}' ;;
  'state list') echo '${state.join('\n')}' ;;
  apply*)
    error='${folder}/apply-'$(grep -c '^terraform apply' '${calls}')
    if [ -e "$error" ]; then cat "$error" >&2; exit 1; fi
    ;;
  output*) cat '${folder}/given-outputs.json' ;;
esac
`,
    );
    chmodSync(file, 0o755);
  }
  let output = '';
  const steps = config.steps.filter(({ id }) => given.only?.includes(id) ?? true);
  for (const { script, dir } of steps) {
    const local = script.replaceAll('/workspace/', `${folder}/`);
    const interpreter = script.startsWith('#!/usr/bin/env bash') ? 'bash' : 'sh';
    const { status, stdout, stderr } = spawnSync(interpreter, ['-c', local], {
      cwd: join(folder, dir),
      encoding: 'utf8',
      env: {
        ...config.substitutions,
        _STATE_BUCKET: places.bucket,
        _BUILDS_BUCKET: places.buildsBucket,
        PROJECT_ID: places.project,
        ...substitutions,
        PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
      },
    });
    output += stdout + stderr;
    if (status !== 0) return { exitCode: status ?? 1, calls: readCalls(calls, folder), output };
  }
  return { exitCode: 0, calls: readCalls(calls, folder), output };
}

function readCalls(file: string, folder: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().replaceAll(folder, '/workspace').split('\n');
  } catch {
    return [];
  }
}

const INIT = `terraform init -input=false -no-color -backend-config=bucket=${places.bucket} -backend-config=prefix=token-cadence`;
const VARIABLES =
  '-input=false -no-color -var-file=/workspace/settings.tfvars.json -var=project=my-trading-123456';
const APPLY = [
  'terraform apply -input=false -no-color /workspace/plan.tfplan',
  'terraform output -no-color -json',
];
const CHECKS = ['npm run lint', 'npm run types', 'npm test -- --retry=2'];
const TERRAFORM_CHECKS = [
  'terraform fmt -check -diff -recursive',
  'terraform validate -no-color',
  'terraform test -no-color',
];
const SETTINGS = [`gcloud storage ls ${places.settings}`, `gcloud storage cat ${places.settings}`];
const [LOOK = ''] = SETTINGS;
const MATCHED_NONE = 'One or more URLs matched no objects.';
const DENIED_SETTINGS =
  'HTTPError 403: tc-deploy@my-trading-123456.iam.gserviceaccount.com does not have storage.objects.list access to the Google Cloud Storage bucket. Permission denied on resource (or it may not exist).';

const INSTALL = [
  'npm ci --ignore-scripts --no-audit --no-fund',
  'npm rebuild esbuild node protobufjs',
];

describe('a build of the bundles', () => {
  it('installs, checks and builds', () => {
    const { exitCode, calls, output } = runBuild({}, { config: npmBuild });
    expect(exitCode, output).toBe(0);
    expect(calls).toEqual([...INSTALL, ...CHECKS, 'npm run build']);
  });

  it.each(['committed', 'no'])('with _CHECKS=%s installs and builds', (_CHECKS) => {
    const { exitCode, calls } = runBuild({ _CHECKS }, { config: npmBuild });
    expect(exitCode).toBe(0);
    expect(calls).toEqual([...INSTALL, 'npm run build']);
  });
});

describe('a deployment with _MODE', () => {
  const BUNDLES = `gcloud storage cp gs://${places.buildsBucket}/bundles/c1/*.zip dist/`;

  it('apply takes the bundles, checks, changes the cloud and saves the addresses', () => {
    const { exitCode, calls, output } = runBuild({ _MODE: 'apply', _BUILD: 'c1' });
    expect(exitCode, output).toBe(0);
    expect(calls).toEqual([
      ...SETTINGS,
      BUNDLES,
      INIT,
      ...TERRAFORM_CHECKS,
      `terraform plan ${VARIABLES} -out=/workspace/plan.tfplan`,
      ...APPLY,
      `gcloud storage cp outputs.json ${places.outputs}`,
    ]);
  });

  describe('apply publishes the page', () => {
    const publish = (region: string): readonly string[] => {
      const output = (value: string) => ({ sensitive: false, type: 'string', value });
      const outputs = {
        page_url: output('https://pin-exchange-1.us-east4.run.app'),
        unchecked_in: output(region),
        worker_account: output('tc-worker@my-trading-123456.iam.gserviceaccount.com'),
      };
      const { exitCode, calls, output: said } = runBuild({ _MODE: 'apply' }, { outputs });
      expect(exitCode, said).toBe(0);
      return calls.filter((call) => call.startsWith('gcloud run'));
    };

    it('by a check that is switched off, where the settings say so', () => {
      expect(publish('us-central1')).toEqual([
        'gcloud run services update pin-exchange --region=us-central1 --no-invoker-iam-check --project=my-trading-123456 --quiet',
      ]);
    });

    it('by nothing else where everyone is granted the right', () => {
      expect(publish('')).toEqual([]);
    });
  });

  it.each(['committed', 'no'])(
    'apply with _CHECKS=%s leaves out Terraform’s tests alone',
    (_CHECKS) => {
      const { exitCode, calls } = runBuild({ _MODE: 'apply', _BUILD: 'c1', _CHECKS });
      expect(exitCode).toBe(0);
      expect(calls).toEqual([
        ...SETTINGS,
        BUNDLES,
        INIT,
        `terraform plan ${VARIABLES} -out=/workspace/plan.tfplan`,
        ...APPLY,
        `gcloud storage cp outputs.json ${places.outputs}`,
      ]);
    },
  );

  it.each(['apply', 'foundation'])(
    '%s stops at once without settings: a running system would be taken for a new one',
    (_MODE) => {
      const { exitCode, calls, output } = runBuild({ _MODE }, { hasSettings: false });
      expect(exitCode).toBe(1);
      expect(calls).toEqual([LOOK]);
      expect(output).toContain('npm run setup');
    },
  );

  it.each(['plan', 'destroy'])('%s goes on where no settings were ever saved', (_MODE) => {
    const { exitCode, calls, output } = runBuild({ _MODE }, { hasSettings: false });
    expect(exitCode, output).toBe(0);
    expect(calls).toContainEqual(expect.stringMatching(/^terraform plan /));
  });

  describe.each(['apply', 'plan', 'foundation', 'destroy'])('%s with settings', (_MODE) => {
    const pauses = (count: number): string[] =>
      Array.from({ length: count }, () => ['sleep 30', LOOK]).flat();

    it('that it may not read yet waits until it may', () => {
      const unread = { error: DENIED_SETTINGS, times: 3 };
      const { exitCode, calls, output } = runBuild({ _MODE }, { unread });
      expect(exitCode, output).toBe(0);
      expect(calls.slice(0, 8)).toEqual([LOOK, ...pauses(3), SETTINGS[1]]);
      expect(output).toContain('"region":"us-central1"');
    });

    it('that it may never read stops before Terraform, with what Google said', () => {
      const unread = { error: DENIED_SETTINGS, times: 99 };
      const { exitCode, calls, output } = runBuild({ _MODE }, { unread });
      expect(exitCode).toBe(1);
      expect(calls).toEqual([LOOK, ...pauses(14)]);
      expect(output).toContain(DENIED_SETTINGS);
    });

    it.each([
      'gs://my-trading-123456-terraform not found: 404.',
      'HTTPError 503: Service Unavailable',
    ])('that cannot be read for another reason stops at once: %s', (error) => {
      const { exitCode, calls, output } = runBuild({ _MODE }, { unread: { error, times: 99 } });
      expect(exitCode).toBe(1);
      expect(calls).toEqual([LOOK]);
      expect(output).toContain(error);
    });
  });

  it('plan ends with the plan, without a lock and without a change', () => {
    const { exitCode, calls } = runBuild({ _MODE: 'plan' });
    expect(exitCode).toBe(0);
    expect(calls.at(-1)).toBe(
      `terraform plan ${VARIABLES} -lock=false -out=/workspace/plan.tfplan`,
    );
  });

  it('foundation makes the first phase of the sessions that are named', () => {
    const { exitCode, calls, output } = runBuild({
      _MODE: 'foundation',
      _REGION: 'us-east1',
      _SESSIONS: 'etrade-sandbox,etrade-prod',
    });
    expect(exitCode, output).toBe(0);
    expect(calls).toEqual([
      ...SETTINGS,
      INIT,
      'terraform state list',
      `terraform plan ${VARIABLES} -var=region=us-east1 -var=secret_versions={} -var=sessions=["etrade-sandbox","etrade-prod"] -out=/workspace/plan.tfplan`,
      ...APPLY,
    ]);
  });

  describe('foundation beside running functions', () => {
    const state = [
      'google_cloudfunctions2_function.own["keep-alive"]',
      'google_secret_manager_secret.empty["etrade-prod-consumer"]',
      'google_secret_manager_secret.empty["etrade-prod-session"]',
      'google_secret_manager_secret.empty["etrade-sandbox-session"]',
      'google_secret_manager_secret_iam_member.granted["tc-worker secret etrade-old-session"]',
    ];
    const planOf = (sessions: string): string =>
      runBuild({ _MODE: 'foundation', _SESSIONS: sessions }, { state }).calls.find((call) =>
        call.startsWith('terraform plan'),
      ) ?? '';

    it('adds secrets and nothing else', () => {
      expect(planOf('etrade-sandbox,etrade-prod')).toBe(
        `terraform plan ${VARIABLES} -var=secret_versions={} -target=google_secret_manager_secret.empty -var=sessions=["etrade-sandbox","etrade-prod"] -out=/workspace/plan.tfplan`,
      );
      const secrets = readFileSync(join(import.meta.dirname, '../../infra/gcp/secrets.tf'), 'utf8');
      expect(secrets).toContain('resource "google_secret_manager_secret" "empty"');
    });

    it('keeps the secrets of sessions that are left out, which functions still mount', () => {
      expect(planOf('etrade-sandbox,kite-prod')).toContain(
        ' -var=sessions=["etrade-sandbox","kite-prod","etrade-prod"] ',
      );
      // Part of another one's name.
      expect(planOf('etrade-prod-ira')).toContain(
        ' -var=sessions=["etrade-prod-ira","etrade-prod","etrade-sandbox"] ',
      );
    });

    it('takes the sessions of the settings where none are named', () => {
      expect(planOf('')).not.toContain('sessions=');
    });
  });

  it('destroy takes everything down', () => {
    const { exitCode, calls } = runBuild({ _MODE: 'destroy' });
    expect(exitCode).toBe(0);
    expect(calls).toContain(
      `terraform plan ${VARIABLES} -destroy -var=secret_versions={} -out=/workspace/plan.tfplan`,
    );
    expect(calls).not.toContainEqual(expect.stringContaining('/bundles/'));
  });

  it('anything else is refused before Terraform plans', () => {
    const { exitCode, output } = runBuild({ _MODE: 'aply' });
    expect(exitCode).toBe(1);
    expect(output).toContain('_MODE is "aply"');
  });
});

describe('an apply that fails', () => {
  const DENIED =
    'Error waiting for Updating function: Could not create or update Cloud Run service keep-alive, Permission denied on secret: projects/1/secrets/etrade-prod-consumer/versions/1 for Revision service account tc-keep-alive@…';
  const plan = `terraform plan ${VARIABLES} -out=/workspace/plan.tfplan`;
  const [apply = '', outputs = ''] = APPLY;
  const only = ['terraform-plan', 'terraform-apply'];
  const from = (calls: readonly string[]): readonly string[] => calls.slice(calls.indexOf(plan));

  it('on a right that Google does not know of yet is planned and tried once more, after a pause', () => {
    const { exitCode, calls, output } = runBuild({ _MODE: 'apply' }, { applies: [DENIED], only });
    expect(exitCode, output).toBe(0);
    expect(from(calls).slice(0, 6)).toEqual([plan, apply, 'sleep 90', plan, apply, outputs]);
    expect(output).toContain('Permission denied on secret: projects/1');
  });

  it('on the same a third time ends the build, with what to do', () => {
    const { exitCode, calls, output } = runBuild(
      { _MODE: 'apply' },
      { applies: [DENIED, DENIED, DENIED], only },
    );
    expect(exitCode).toBe(1);
    const again = ['sleep 90', plan, apply];
    expect(from(calls)).toEqual([plan, apply, ...again, ...again]);
    expect(output).toContain('Tried three times. Wait ten minutes, then run the same again');
  });

  it.each([
    'googleapi: Error 400: Service account tc-keep-alive@x.iam.gserviceaccount.com does not exist., badRequest',
    "googleapi: Error 400: Role (projects/x/roles/tokenCadenceReader) does not exist in the resource's hierarchy.",
    'googleapi: Error 404: Unknown service account, notFound',
    "googleapi: Error 403: Permission 'iam.serviceaccounts.actAs' denied on service account tc-images (or it may not exist).",
    'googleapi: Error 403: Cloud Scheduler API has not been used in project 1 before or it is disabled.\nreason: "SERVICE_DISABLED"',
    'googleapi: Error 409: There were concurrent policy changes. Please retry the whole read-modify-write.',
    'googleapi: Error 409: Conflict, the etag of the request did not match.',
    'googleapi: Error 503: The service is currently unavailable., backendError',
    // As Terraform wraps long texts.
    'Could not create Cloud Run service keep-alive, Permission denied\non secret: projects/1/secrets/x',
  ])('on what passes by itself is tried again: %s', (error) => {
    const { exitCode, calls, output } = runBuild(
      { _MODE: 'apply' },
      { applies: [error, error], only },
    );
    expect(exitCode, output).toBe(0);
    const again = ['sleep 90', plan, apply];
    expect(from(calls).slice(0, 8)).toEqual([plan, apply, ...again, ...again]);
  });

  it.each([
    'Error 400: Invalid value',
    'googleapi: Error 409: Secret [token-cadence-app] already exists.',
    "googleapi: Error 403: Permission 'pubsub.topics.create' denied",
    'googleapi: Error 400: One or more users named in the policy do not belong to a permitted customer.',
    "googleapi: Error 400: You can't create a role_id (tokenCadenceReader) which has been marked for deletion.",
  ])('on anything else ends the build at once: %s', (error) => {
    const { exitCode, calls, output } = runBuild({ _MODE: 'apply' }, { applies: [error], only });
    expect(exitCode).toBe(1);
    expect(from(calls)).toEqual([plan, apply]);
    expect(output).toContain(error);
  });

  it('repeats the plan with the arguments it had', () => {
    const { calls } = runBuild(
      { _MODE: 'foundation', _SESSIONS: 'etrade-sandbox,etrade-prod' },
      { applies: [DENIED], only },
    );
    const [first, second] = calls.filter((call) => call.startsWith('terraform plan'));
    expect(first).toContain('["etrade-sandbox","etrade-prod"]');
    expect(second).toBe(first);
  });
});

// Terraform's order: without this, what a changed resource no longer needs is destroyed before it has changed.
it.each([
  ['secrets.tf', 'google_secret_manager_secret" "empty'],
  ['access.tf', 'google_secret_manager_secret_iam_member" "granted'],
])('%s takes away what a left-out session had after the functions let go of it', (file, name) => {
  const source = readFileSync(join(import.meta.dirname, '../../infra/gcp', file), 'utf8');
  const resource = source.split(/^(?=resource )/m).find((part) => part.includes(name));
  expect(resource).toMatch(/create_before_destroy += true/);
});

it('Terraform and the setup want the same APIs', async () => {
  const { APIS } = await import('../../infra/setup/places.ts');
  const source = readFileSync(join(import.meta.dirname, '../../infra/gcp/apis.tf'), 'utf8');
  const listed = [...(source.split('var.billing_account')[0] ?? '').matchAll(/^\s+"([a-z]+)",$/gm)];
  expect(listed.map((match) => `${match[1]}.googleapis.com`)).toEqual(APIS);
});
