/**
 * A small Google Cloud behind `gcloud`'s command line, for tests of the scripts: what they make is there when
 * they look again, an API that is off refuses, a name that is taken stays taken.
 *
 * Pure: `answerTo` changes the state it is given. Every call is recorded with a digest of its standard input.
 * Used in process, and by `fake-gcloud.ts` as a program.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GcloudAnswer } from '../../infra/setup/gcloud.ts';

export type FakeBuild = {
  id: string;
  status: string;
  createTime: string;
  tags: string[];
  logUrl: string;
  substitutions: Record<string, string>;
  source: { storageSource?: { bucket: string; object: string; generation: string } };
  steps: { id: string; status: string; timing: { startTime: string; endTime: string } }[];
};

export type FakeCall = {
  args: readonly string[];
  /** Digest of standard input, `null` for none. */
  input: string | null;
  isChange: boolean;
  exitCode: number;
};

export type FakeCloud = {
  account: string | null;
  configuredProject: string | null;
  projects: Record<
    string,
    {
      number: string;
      lifecycleState: string;
      billing: boolean;
      parent?: { type: string; id: string };
    }
  >;
  /** Rules of organisation policies, by constraint; `null`: the account may not see it. */
  policies: Record<string, unknown[] | null>;
  /** Roles on the billing account. */
  billingRoles: { role: string; member: string }[];
  /** Projects that the account may not see. */
  hidden: string[];
  apis: string[];
  /** How many calls an API refuses after it was enabled: Google needs a while to know. */
  slowApis: Record<string, number>;
  functionRegions: string[];
  schedulerRegions: string[];
  buckets: Record<
    string,
    { project: string; versioning: boolean; lifecycle: boolean; location: string }
  >;
  objects: Record<string, string>;
  accounts: Record<string, { disabled: boolean }>;
  /** Services whose own account Google has made. */
  agents: string[];
  roles: Record<string, { permissions: string[]; deleted: boolean }>;
  bindings: { role: string; member: string }[];
  secrets: Record<string, { value: string; state: string }[]>;
  /** Deployments: builds of `infra/gcp/cloudbuild.yaml`. */
  builds: FakeBuild[];
  /** Builds of `cloudbuild.yaml`, which make the bundles. */
  bundleBuilds: FakeBuild[];
  /** Bindings on buckets, by URL. */
  bucketBindings: Record<string, { role: string; member: string }[]>;
  /** Permissions that the account lacks, by the beginning of a command: `iam service-accounts create`. */
  denied: Record<string, string>;
  /** The next build fails in this step, after these lines. */
  failingStep: { step: string; lines: string[] } | null;
  logs: Record<string, { step: string; lines: string[] }>;
  calls: FakeCall[];
};

export const PROJECT = 'my-trading-123456';

export function createFakeCloud(changes: Partial<FakeCloud> = {}): FakeCloud {
  return {
    account: 'trader@example.com',
    configuredProject: PROJECT,
    projects: { [PROJECT]: { number: '421337', lifecycleState: 'ACTIVE', billing: true } },
    policies: {},
    billingRoles: [],
    hidden: [],
    apis: [
      'cloudbilling.googleapis.com',
      'cloudresourcemanager.googleapis.com',
      'serviceusage.googleapis.com',
    ],
    slowApis: {},
    functionRegions: ['europe-west1', 'us-central1', 'us-east1', 'us-south1'],
    schedulerRegions: ['europe-west1', 'us-central1', 'us-east1'],
    buckets: {},
    objects: {},
    accounts: {},
    agents: [],
    roles: {},
    bindings: [],
    secrets: {},
    builds: [],
    bundleBuilds: [],
    bucketBindings: {},
    denied: {},
    failingStep: null,
    logs: {},
    calls: [],
    ...changes,
  };
}

const BUNDLE_STEPS = ['install', 'test', 'build'];
const DEPLOY_STEPS = ['settings', 'bundles', 'terraform-plan', 'terraform-apply', 'outputs'];
export const STEP_IDS = [...BUNDLE_STEPS, ...DEPLOY_STEPS];

const NO_AGENT =
  'Error 400: Service account service-421337@gcp-sa-pubsub.iam.gserviceaccount.com does not exist.';

class Refusal extends Error {}

type Call = {
  readonly cloud: FakeCloud;
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  readonly project: string;
  readonly input: string;
};

type Handler = {
  readonly change?: boolean;
  readonly api?: string;
  readonly run: (call: Call) => unknown;
};

/** What gcloud would answer; the state is changed as Google would change it. */
export function answerTo(cloud: FakeCloud, args: readonly string[], input = ''): GcloudAnswer {
  const words = args.filter((arg) => !arg.startsWith('--'));
  const flags = Object.fromEntries(
    args
      .filter((arg) => arg.startsWith('--'))
      .map((arg) => {
        const at = arg.indexOf('=');
        return at < 0 ? [arg.slice(2), 'true'] : [arg.slice(2, at), arg.slice(at + 1)];
      }),
  );
  const found = Object.entries(HANDLERS).find(([name]) =>
    `${words.join(' ')} `.startsWith(`${name} `),
  );
  const name = found?.[0] ?? words.join(' ');
  const handler = found?.[1];
  const call: FakeCall = {
    args,
    input: input === '' ? null : createHash('sha256').update(input).digest('hex'),
    isChange: handler?.change === true,
    exitCode: 0,
  };
  cloud.calls.push(call);
  try {
    if (handler === undefined) throw new Refusal(`Invalid choice: '${words.join(' ')}'.`);
    const rest = words.slice(name.split(' ').length);
    const project = flags['project'] ?? '';
    judge(cloud, { name, handler, project });
    const result = handler.run({ cloud, words: rest, flags, project, input });
    const isJson = flags['format'] === 'json';
    return {
      exitCode: 0,
      stdout: isJson ? JSON.stringify(result ?? null) : String(result ?? ''),
      stderr: '',
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    call.exitCode = 1;
    return {
      exitCode: 1,
      stdout: '',
      stderr: `ERROR: (gcloud.${name.replaceAll(' ', '.')}) ${error.message}\n`,
    };
  }
}

function judge(
  cloud: FakeCloud,
  { name, handler, project }: { name: string; handler: Handler; project: string },
): void {
  if (name.startsWith('auth') || name.startsWith('config')) return;
  if (cloud.account === null) {
    throw new Refusal(
      'You do not currently have an active account selected.\nPlease run:\n\n  $ gcloud auth login',
    );
  }
  const denied = Object.entries(cloud.denied).find(([command]) => name.startsWith(command))?.[1];
  if (denied !== undefined) {
    throw new Refusal(
      `PERMISSION_DENIED: Permission '${denied}' denied on resource (or it may not exist).`,
    );
  }
  if (name === 'projects list') return;
  if (cloud.projects[project] === undefined || cloud.hidden.includes(project)) {
    throw new Refusal(
      `[${cloud.account}] does not have permission to access projects instance [${project}] (or it may not exist): The caller does not have permission.`,
    );
  }
  const { api } = handler;
  if (api === undefined) return;
  const left = cloud.slowApis[api] ?? 0;
  if (cloud.apis.includes(`${api}.googleapis.com`)) {
    if (left === 0) return;
    cloud.slowApis[api] = left - 1;
  }
  throw new Refusal(
    `PERMISSION_DENIED: ${api} API has not been used in project 421337 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${api}.googleapis.com/overview?project=421337 then retry.\nreason: SERVICE_DISABLED`,
  );
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  'auth list': {
    run: ({ cloud }) =>
      cloud.account === null ? [] : [{ account: cloud.account, status: 'ACTIVE' }],
  },
  'config get': { run: ({ cloud }) => cloud.configuredProject },
  'projects list': {
    run: ({ cloud }) =>
      Object.keys(cloud.projects)
        .filter((id) => !cloud.hidden.includes(id))
        .map((projectId) => ({ projectId })),
  },
  'projects describe': {
    run: ({ cloud, words: [id = ''] }) => ({
      projectId: id,
      projectNumber: cloud.projects[id]?.number,
      lifecycleState: cloud.projects[id]?.lifecycleState,
      parent: cloud.projects[id]?.parent,
    }),
  },
  'org-policies describe': {
    api: 'orgpolicy',
    run: ({ cloud, words: [constraint = ''], flags }) => {
      const rules = cloud.policies[constraint];
      if (rules === null || flags['effective'] !== 'true') {
        throw new Refusal("PERMISSION_DENIED: Permission 'orgpolicy.policy.get' denied.");
      }
      return {
        name: `projects/421337/policies/${constraint}`,
        spec: {
          rules: rules ?? [
            constraint.startsWith('iam.allowed') ? { allowAll: true } : { enforce: false },
          ],
        },
      };
    },
  },
  'billing accounts add-iam-policy-binding': {
    change: true,
    api: 'cloudbilling',
    run: ({ cloud, flags }) => {
      cloud.billingRoles.push({ role: flags['role'] ?? '', member: flags['member'] ?? '' });
    },
  },
  'projects get-iam-policy': {
    run: ({ cloud }) => ({
      bindings: [...new Set(cloud.bindings.map(({ role }) => role))].map((role) => ({
        role,
        members: cloud.bindings.filter((each) => each.role === role).map(({ member }) => member),
      })),
      etag: 'BwY=',
    }),
  },
  'projects add-iam-policy-binding': {
    change: true,
    run: ({ cloud, flags }) => {
      const member = flags['member'] ?? '';
      const role = flags['role'] ?? '';
      const email = member.replace('serviceAccount:', '');
      if (cloud.accounts[email] === undefined) {
        throw new Refusal(`INVALID_ARGUMENT: Service account ${email} does not exist.`);
      }
      if (role.startsWith('projects/') && cloud.roles[role.replace(/^.*\//, '')] === undefined) {
        throw new Refusal(
          `INVALID_ARGUMENT: Role ${role} does not exist in the resource's hierarchy.`,
        );
      }
      if (!cloud.bindings.some((each) => each.role === role && each.member === member)) {
        cloud.bindings.push({ role, member });
      }
    },
  },
  'projects remove-iam-policy-binding': {
    change: true,
    run: ({ cloud, flags }) => {
      const before = cloud.bindings.length;
      cloud.bindings = cloud.bindings.filter(
        ({ role, member }) => role !== flags['role'] || member !== flags['member'],
      );
      if (cloud.bindings.length === before)
        throw new Refusal('NOT_FOUND: Policy binding not found.');
    },
  },
  'billing projects describe': {
    api: 'cloudbilling',
    run: ({ cloud, words: [id = ''] }) => ({
      billingEnabled: cloud.projects[id]?.billing === true,
      billingAccountName: 'billingAccounts/012345-6789AB-CDEF01',
    }),
  },
  'services list': { run: ({ cloud }) => cloud.apis.map((name) => ({ config: { name } })) },
  'services enable': {
    change: true,
    run: ({ cloud, words, project }) => {
      const paid = words.filter((api) => api !== 'cloudbilling.googleapis.com');
      if (paid.length > 0 && cloud.projects[project]?.billing !== true) {
        throw new Refusal(
          `FAILED_PRECONDITION: Billing account for project '421337' is not found. Billing must be enabled for activation of service(s) '${paid.join(',')}' to proceed.\nreason: UREQ_PROJECT_BILLING_NOT_FOUND`,
        );
      }
      cloud.apis = [...new Set([...cloud.apis, ...words])];
    },
  },
  'beta services identity create': {
    change: true,
    run: ({ cloud, flags }) => {
      cloud.agents = [...new Set([...cloud.agents, flags['service'] ?? ''])];
    },
  },
  'functions regions list': {
    api: 'cloudfunctions',
    run: ({ cloud }) => cloud.functionRegions.map((locationId) => ({ locationId })),
  },
  'scheduler locations list': {
    api: 'cloudscheduler',
    run: ({ cloud }) => cloud.schedulerRegions.map((locationId) => ({ locationId })),
  },
  'storage buckets list': {
    api: 'storage',
    run: ({ cloud, flags, project }) =>
      Object.entries(cloud.buckets)
        .filter(
          ([name, bucket]) => bucket.project === project && flags['filter'] === `name=${name}`,
        )
        .map(([name, bucket]) => ({
          name,
          location: bucket.location,
          versioning_enabled: bucket.versioning ? true : null,
          lifecycle_config: bucket.lifecycle ? { rule: [] } : null,
        })),
  },
  'storage buckets create': {
    change: true,
    api: 'storage',
    run: ({ cloud, words: [url = ''], flags, project }) => {
      const name = url.replace('gs://', '');
      const there = cloud.buckets[name];
      if (there !== undefined) {
        throw new Refusal(
          there.project === project
            ? 'HTTPError 409: Your previous request to create the named bucket succeeded and you already own it.'
            : 'HTTPError 409: The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
        );
      }
      cloud.buckets[name] = {
        project,
        versioning: false,
        lifecycle: false,
        location: flags['location'] ?? '',
      };
    },
  },
  'storage buckets update': {
    change: true,
    api: 'storage',
    run: ({ cloud, words: [url = ''], flags }) => {
      const bucket = bucketOf(cloud, url);
      bucket.versioning ||= flags['versioning'] === 'true';
      bucket.lifecycle ||= flags['lifecycle-file'] !== undefined;
    },
  },
  'storage buckets get-iam-policy': {
    api: 'storage',
    run: ({ cloud, words: [url = ''] }) => {
      bucketOf(cloud, url);
      const bindings = cloud.bucketBindings[url] ?? [];
      return { bindings: bindings.map(({ role, member }) => ({ role, members: [member] })) };
    },
  },
  'storage buckets add-iam-policy-binding': {
    change: true,
    api: 'storage',
    run: ({ cloud, words: [url = ''], flags }) => {
      bucketOf(cloud, url);
      const { member = '', role = '' } = flags;
      const email = member.replace('serviceAccount:', '');
      if (cloud.accounts[email] === undefined) {
        throw new Refusal(`HTTPError 400: Service account ${email} does not exist.`);
      }
      const bindings = cloud.bucketBindings[url] ?? [];
      cloud.bucketBindings[url] = bindings;
      if (!bindings.some((each) => each.role === role && each.member === member)) {
        bindings.push({ role, member });
      }
    },
  },
  'storage cat': {
    api: 'storage',
    run: ({ cloud, words: [url = ''] }) => {
      bucketOf(cloud, url);
      const text = cloud.objects[url];
      if (text === undefined)
        throw new Refusal(`The following URLs matched no objects or files:\n${url}`);
      return text;
    },
  },
  'storage ls': {
    api: 'storage',
    run: ({ cloud, words: [url = ''] }) => {
      bucketOf(cloud, url);
      if (cloud.objects[url] === undefined)
        throw new Refusal('One or more URLs matched no objects.');
      return `${url}\n`;
    },
  },
  'storage cp': {
    change: true,
    api: 'storage',
    run: ({ cloud, words: [from, url = ''], input }) => {
      bucketOf(cloud, url);
      if (from !== '-') throw new Refusal('only standard input is known here');
      cloud.objects[url] = input;
    },
  },
  'storage rm': {
    change: true,
    api: 'storage',
    run: ({ cloud, words: [url = ''] }) => {
      bucketOf(cloud, url);
      delete cloud.buckets[url.replace('gs://', '')];
      delete cloud.bucketBindings[url];
      for (const object of Object.keys(cloud.objects)) {
        if (object.startsWith(`${url}/`)) delete cloud.objects[object];
      }
    },
  },
  'iam service-accounts list': {
    api: 'iam',
    run: ({ cloud, flags }) =>
      Object.entries(cloud.accounts)
        .filter(([email]) => flags['filter'] === `email=${email}`)
        .map(([email, { disabled }]) => ({ email, disabled })),
  },
  'iam service-accounts create': {
    change: true,
    api: 'iam',
    run: ({ cloud, words: [id = ''], project }) => {
      const email = `${id}@${project}.iam.gserviceaccount.com`;
      if (cloud.accounts[email] !== undefined) {
        throw new Refusal(
          `Resource in projects [${project}] is the subject of a conflict: Service account ${id} already exists within project.`,
        );
      }
      cloud.accounts[email] = { disabled: false };
    },
  },
  'iam service-accounts enable': {
    change: true,
    api: 'iam',
    run: ({ cloud, words: [email = ''] }) => {
      cloud.accounts[email] = { disabled: false };
    },
  },
  'iam service-accounts delete': {
    change: true,
    api: 'iam',
    run: ({ cloud, words: [email = ''] }) => {
      if (cloud.accounts[email] === undefined)
        throw new Refusal(`NOT_FOUND: Unknown service account ${email}`);
      delete cloud.accounts[email];
    },
  },
  'iam roles describe': {
    api: 'iam',
    run: ({ cloud, words: [id = ''], project }) => {
      const role = cloud.roles[id];
      if (role === undefined) {
        throw new Refusal(
          `NOT_FOUND: The role named projects/${project}/roles/${id} was not found.`,
        );
      }
      return { includedPermissions: role.permissions, ...(role.deleted ? { deleted: true } : {}) };
    },
  },
  'iam roles create': {
    change: true,
    api: 'iam',
    run: ({ cloud, words: [id = ''], flags }) => {
      const earlier = cloud.roles[id];
      if (earlier?.deleted === true) {
        throw new Refusal(
          `FAILED_PRECONDITION: You can't create a role_id (${id}) which has been marked for deletion.`,
        );
      }
      if (earlier !== undefined)
        throw new Refusal(`ALREADY_EXISTS: A role named ${id} already exists.`);
      cloud.roles[id] = { permissions: (flags['permissions'] ?? '').split(','), deleted: false };
    },
  },
  'iam roles update': {
    change: true,
    api: 'iam',
    run: ({ cloud, words: [id = ''], flags }) => {
      if (cloud.roles[id]?.deleted !== false)
        throw new Refusal(`NOT_FOUND: The role named ${id} was not found.`);
      cloud.roles[id] = { permissions: (flags['permissions'] ?? '').split(','), deleted: false };
    },
  },
  'iam roles delete': {
    change: true,
    api: 'iam',
    run: ({ cloud, words: [id = ''] }) => {
      const role = cloud.roles[id];
      if (role !== undefined) role.deleted = true;
    },
  },
  'secrets list': {
    api: 'secretmanager',
    run: ({ cloud }) =>
      Object.keys(cloud.secrets).map((id) => ({ name: `projects/421337/secrets/${id}` })),
  },
  'secrets versions list': {
    api: 'secretmanager',
    run: ({ cloud, words: [id = ''], flags }) =>
      secretOf(cloud, id).flatMap(({ state }, index) =>
        flags['filter'] === `state=${state}`
          ? [{ name: `projects/421337/secrets/${id}/versions/${index + 1}`, state }]
          : [],
      ),
  },
  'secrets versions add': {
    change: true,
    api: 'secretmanager',
    run: ({ cloud, words: [id = ''], flags, input }) => {
      if (flags['data-file'] !== '-') throw new Refusal('a value comes through standard input');
      const versions = secretOf(cloud, id);
      versions.push({ value: input, state: 'ENABLED' });
      return {
        name: `projects/421337/secrets/${id}/versions/${versions.length}`,
        state: 'ENABLED',
      };
    },
  },
  'secrets versions access': {
    api: 'secretmanager',
    run: ({ cloud, words: [number = ''], flags }) => {
      const version = secretOf(cloud, flags['secret'] ?? '')[Number(number) - 1];
      if (version === undefined) throw new Refusal('NOT_FOUND: version not found');
      return version.value;
    },
  },
  'builds list': {
    api: 'cloudbuild',
    run: ({ cloud, flags }) =>
      [...cloud.builds, ...cloud.bundleBuilds]
        .filter(({ tags }) => tags.some((tag) => flags['filter'] === `tags=${tag}`))
        .toSorted((one, other) => (one.createTime < other.createTime ? 1 : -1))
        .slice(0, Number(flags['limit'])),
  },
  'builds describe': {
    api: 'cloudbuild',
    run: ({ cloud, words: [id = ''] }) => {
      const build = [...cloud.builds, ...cloud.bundleBuilds].find((each) => each.id === id);
      if (build === undefined) throw new Refusal(`NOT_FOUND: build ${id} not found`);
      const seen = structuredClone(build);
      advance(cloud, build);
      return seen;
    },
  },
  'builds submit': { change: true, api: 'cloudbuild', run: submit },
  'logging read': {
    api: 'logging',
    run: ({ cloud, words: [filter = ''] }) => {
      const id = /build_id="([^"]+)"/.exec(filter)?.[1] ?? '';
      const log = cloud.logs[id];
      return (log?.lines ?? [])
        .map((line) => ({
          textPayload: line,
          labels: { build_step: `Step #${STEP_IDS.indexOf(log?.step ?? '')} - "${log?.step}"` },
        }))
        .toReversed();
    },
  },
};

function bucketOf(cloud: FakeCloud, url: string): FakeCloud['buckets'][string] {
  const bucket = cloud.buckets[/^gs:\/\/([^/]+)/.exec(url)?.[1] ?? ''];
  if (bucket === undefined)
    throw new Refusal(`HTTPError 404: The specified bucket does not exist: ${url}`);
  return bucket;
}

function secretOf(cloud: FakeCloud, id: string): { value: string; state: string }[] {
  const versions = cloud.secrets[id];
  if (versions === undefined)
    throw new Refusal(`NOT_FOUND: Secret [projects/421337/secrets/${id}] not found.`);
  return versions;
}

function submit({ cloud, words: [source = ''], flags, project }: Call): { id: string } {
  const isDeployment = flags['config'] === 'infra/gcp/cloudbuild.yaml';
  const account = `tc-${isDeployment ? 'deploy' : 'build'}@${project}.iam.gserviceaccount.com`;
  if (cloud.accounts[account]?.disabled !== false) {
    throw new Refusal(`NOT_FOUND: service account ${account} not found`);
  }
  const bucket = /^gs:\/\/([^/]+)/.exec(flags['gcs-source-staging-dir'] ?? '')?.[1] ?? '';
  bucketOf(cloud, `gs://${bucket}`);
  if (source.startsWith('gs://') && cloud.objects[source] === undefined) {
    throw new Refusal(`HTTPError 404: No such object: ${source}`);
  }
  const list = isDeployment ? cloud.builds : cloud.bundleBuilds;
  const number = list.length + 1;
  const id = `${isDeployment ? 'b' : 'c'}${number}-0000-4000-8000-000000000000`;
  const object = `sources/${isDeployment ? '' : 'c'}${number}.tgz`;
  const minute = cloud.builds.length + cloud.bundleBuilds.length + 1;
  cloud.objects[`gs://${bucket}/${object}`] = 'an archive';
  const assignments = (flags['substitutions'] ?? '').replace(/^\^;\^/, '').split(';');
  list.push({
    id,
    status: 'QUEUED',
    createTime: new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString(),
    tags: tagsOf(flags['config'] ?? ''),
    logUrl: `https://console.cloud.google.com/cloud-build/builds/${id}?project=421337`,
    substitutions: Object.fromEntries(
      assignments.map((each) => each.split('=') as [string, string]),
    ),
    source: {
      storageSource: {
        bucket,
        object,
        generation: '1',
      },
    },
    steps: (isDeployment ? DEPLOY_STEPS : BUNDLE_STEPS).map((step) => ({
      id: step,
      status: 'QUEUED',
      timing: { startTime: '', endTime: '' },
    })),
  });
  return { id };
}

/** As the file itself says. */
function tagsOf(config: string): string[] {
  const text = readFileSync(join(import.meta.dirname, '../..', config), 'utf8');
  return /^tags: \[(.*)\]$/m.exec(text)?.[1]?.split(', ') ?? [];
}

/** One look later: a third of the steps is done, at last all, and what the build was for is there. */
function advance(cloud: FakeCloud, build: FakeBuild): void {
  if (!['QUEUED', 'WORKING'].includes(build.status)) return;
  build.status = 'WORKING';
  const isFailing = cloud.agents.includes('pubsub.googleapis.com')
    ? cloud.failingStep
    : { step: 'terraform-apply', lines: [NO_AGENT] };
  for (let done = 0; done < 3; done += 1) {
    const step = build.steps.find(({ status }) => status !== 'SUCCESS');
    if (step === undefined) break;
    const seconds = isLeftOut(build, step.id) ? '00' : '41';
    step.timing = { startTime: '2026-11-20T12:00:00Z', endTime: `2026-11-20T12:00:${seconds}Z` };
    if (isFailing?.step === step.id) {
      step.status = 'FAILURE';
      build.status = 'FAILURE';
      cloud.logs[build.id] = isFailing;
      cloud.failingStep = null;
      return;
    }
    step.status = 'SUCCESS';
    if (step.id === 'terraform-apply') take(cloud, build);
    if (step.id === 'build') {
      const folder = `gs://${build.substitutions['_BUILDS_BUCKET']}/bundles/${build.id}`;
      cloud.objects[`${folder}/keep-alive.zip`] = 'a bundle';
    }
  }
  const next = build.steps.find(({ status }) => status === 'QUEUED');
  if (next === undefined) build.status = 'SUCCESS';
  else next.status = 'WORKING';
}

/** As the scripts of cloudbuild.yaml end at once where a mode does not need them. */
function isLeftOut({ substitutions }: FakeBuild, step: string): boolean {
  return step === 'bundles' && !['apply', 'plan'].includes(substitutions['_MODE'] ?? '');
}

function take(cloud: FakeCloud, { substitutions }: FakeBuild): void {
  const folder = `gs://${substitutions['_STATE_BUCKET']}/token-cadence`;
  switch (substitutions['_MODE']) {
    case 'foundation':
      // Adds alone: functions that run may mount the others.
      for (const id of secretIds((substitutions['_SESSIONS'] ?? '').split(','))) {
        cloud.secrets[id] ??= [];
      }
      break;
    case 'apply': {
      const settings: { sessions: string[] } = JSON.parse(
        cloud.objects[`${folder}/settings.tfvars.json`] ?? '{"sessions":[]}',
      );
      const wanted = secretIds(settings.sessions);
      for (const id of Object.keys(cloud.secrets)) {
        if (/-(session|consumer)$/.test(id) && !wanted.includes(id)) delete cloud.secrets[id];
      }
      cloud.objects[`${folder}/outputs.json`] = JSON.stringify({
        page_url: { value: 'https://pin-exchange-421337.us-central1.run.app' },
      });
      break;
    }
    case 'destroy':
      cloud.secrets = {};
      break;
  }
}

function secretIds(sessions: readonly string[]): string[] {
  return sessions.flatMap((session) => {
    const [broker, environment, account] = session.split('-');
    const own = account === undefined ? [] : [`${session}-consumer`];
    return ['token-cadence-app', `${broker}-${environment}-consumer`, `${session}-session`, ...own];
  });
}
