/**
 * The first steps: who is logged in, which project, is it paid for, are its APIs on, does the region have all.
 *
 * Enables APIs and nothing else; never changes gcloud's own settings. Used by `guided.ts` and, for the login,
 * by the other scripts.
 */

import * as z from 'zod';
import type { Wait } from '../../functions/clock.ts';
import type { Answers } from './answers.ts';
import { type Cloud, readAnswer, untilApiIsOn } from './cloud.ts';
import { AGAIN, billingAdvice, explainFailure } from './explain.ts';
import type { Gcloud } from './gcloud.ts';
import { APIS } from './places.ts';
import { SetupProblem } from './problem.ts';
import type { Say } from './steps.ts';

export const LOGIN: readonly string[] = ['auth', 'list', '--filter=status:ACTIVE'];

/** @throws SetupProblem when gcloud is missing or nobody is logged in */
export async function checkLogin(gcloud: Gcloud): Promise<string> {
  const doing = 'see who is logged in';
  const answer = await gcloud([...LOGIN, '--format=json']);
  if (answer.exitCode !== 0) throw explainFailure(answer, { doing, project: '', account: null });
  const accounts = readAnswer(answer.stdout, {
    doing,
    schema: z.array(z.object({ account: z.string() })),
  });
  const account = accounts[0]?.account;
  if (account === undefined) {
    throw new SetupProblem('Nobody is logged in to gcloud.', ['Now: gcloud auth login', AGAIN]);
  }
  return account;
}

const PROJECT_ID = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

/** What was given, else what the person says; gcloud's own project is proposed. */
export async function chooseProject(
  given: string | undefined,
  gcloud: Gcloud,
  answers: Answers,
): Promise<string> {
  const judge = (value: string): string | null =>
    PROJECT_ID.test(value)
      ? null
      : 'is no project id: small letters, digits and "-", such as my-trading-123456 (not its name, not its number)';
  if (given !== undefined) {
    const complaint = judge(given);
    if (complaint === null) return given;
    throw new SetupProblem(`--project ${complaint}.`, ['Yours: gcloud projects list'], {
      isUsage: true,
    });
  }
  const answer = await gcloud(['config', 'get', 'project', '--format=json']);
  const configured = z.string().catch('').parse(parsed(answer.stdout));
  return answers.get({
    name: 'PROJECT',
    question: 'Project id',
    judge,
    ...(PROJECT_ID.test(configured) ? { fallback: configured } : {}),
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export type ProjectContext = {
  readonly cloud: Cloud;
  readonly gcloud: Gcloud;
  readonly project: string;
  readonly account: string | null;
};

/** @throws SetupProblem that names the projects this account does see */
export async function checkProject(context: ProjectContext, say: Say): Promise<void> {
  const { cloud, gcloud, project, account } = context;
  const found = await cloud.ask(['projects', 'describe', project], {
    doing: 'look at the project',
    schema: z.object({ projectId: z.string(), lifecycleState: z.string() }).nullable(),
    whenPrinted: { projectId: project, lifecycleState: 'ACTIVE' },
    whenAbsent: null,
    // Google does not say which of the two it is.
    absentKinds: ['absent', 'denied'],
  });
  if (found === null) {
    const answer = await gcloud(['projects', 'list', '--limit=20', '--format=json', '--quiet']);
    const known = z
      .array(z.object({ projectId: z.string() }))
      .catch([])
      .parse(parsed(answer.stdout));
    throw new SetupProblem(
      `There is no project "${project}", or ${account ?? 'your account'} may not see it.`,
      [
        known.length === 0
          ? 'This account sees no project at all. Log in with another one: gcloud auth login'
          : `This account sees: ${known.map(({ projectId }) => projectId).join(', ')}`,
        'A new one: gcloud projects create <id>',
      ],
    );
  }
  if (found.lifecycleState !== 'ACTIVE') {
    throw new SetupProblem(`The project ${project} is being deleted.`, [
      `Within 30 days it can be had back: gcloud projects undelete ${project}`,
    ]);
  }
  say.already(`${project}, as ${account ?? 'you'}`);
}

const BILLING_API = 'cloudbilling.googleapis.com';

export async function checkBilling(
  { cloud, project, wait }: ProjectContext & { readonly wait: Wait },
  say: Say,
): Promise<void> {
  const look = (): Promise<boolean | null> =>
    cloud.ask<boolean | null>(['billing', 'projects', 'describe', project], {
      doing: 'see whether billing is on',
      schema: z
        .object({ billingEnabled: z.boolean().default(false) })
        .transform(({ billingEnabled }) => billingEnabled),
      whenPrinted: true,
      whenAbsent: null,
      absentKinds: ['api-off'],
    });
  let isOn = await look();
  if (isOn === null) {
    await enable(cloud, [BILLING_API]);
    say.made(`API ${BILLING_API}`);
    isOn = await say.progress(
      'until Google knows that the API is on',
      untilApiIsOn(look, (answer) => answer === null, wait),
    );
  }
  if (isOn === null) {
    throw new SetupProblem(
      `Could not see whether billing is on: Google does not know yet that the API ${BILLING_API} is on in ${project}.`,
      ['Wait five minutes, then run the same again: what is done stays done.'],
    );
  }
  if (!isOn) throw new SetupProblem(`${project} has no billing account.`, billingAdvice(project));
  say.already('on');
}

export async function enableApis({ cloud }: ProjectContext, say: Say): Promise<void> {
  const missing = await missingApis(cloud, APIS);
  if (missing.length === 0) {
    say.already(`all ${APIS.length}`);
    return;
  }
  await say.progress(`enabling ${missing.length} APIs, a minute or two`, enable(cloud, missing));
  say.made(missing.map((api) => api.replace('.googleapis.com', '')).join(', '));
}

export async function ensureApi(cloud: Cloud, api: string): Promise<void> {
  const missing = await missingApis(cloud, [api]);
  if (missing.length > 0) await enable(cloud, missing);
}

async function missingApis(cloud: Cloud, wanted: readonly string[]): Promise<readonly string[]> {
  const enabled = await cloud.ask(['services', 'list', '--enabled'], {
    doing: 'list the APIs that are on',
    schema: z
      .array(z.object({ config: z.object({ name: z.string() }) }))
      .transform((services) => services.map(({ config }) => config.name)),
    whenPrinted: [],
  });
  return wanted.filter((api) => !enabled.includes(api));
}

async function enable(cloud: Cloud, apis: readonly string[]): Promise<void> {
  await cloud.change(['services', 'enable', ...apis], { doing: 'enable APIs' });
}

/**
 * Has Google make the account that Pub/Sub itself acts as: Terraform grants it rights, and Google makes it only
 * once Pub/Sub needs it. Where it is there already, nothing happens.
 */
export async function ensureServiceAgents(cloud: Cloud): Promise<void> {
  await cloud.change(
    ['beta', 'services', 'identity', 'create', '--service=pubsub.googleapis.com'],
    {
      doing: 'make Pub/Sub’s own account',
      explain: (stderr) =>
        /command group installed|components: \[beta\]/i.test(stderr) ? lacksBeta() : null,
    },
  );
}

/** The command is not in any other part of gcloud. */
function lacksBeta(): SetupProblem {
  return new SetupProblem('Could not make Pub/Sub’s own account: this gcloud has no "beta" part.', [
    'Now: gcloud components install beta',
    'Where a package manager has installed gcloud and that is refused, use Cloud Shell: https://shell.cloud.google.com',
    AGAIN,
  ]);
}

/** Products whose regions differ. */
const REGIONAL: readonly (readonly [string, readonly string[]])[] = [
  ['Cloud Functions', ['functions', 'regions', 'list', '--gen2']],
  ['Cloud Scheduler', ['scheduler', 'locations', 'list']],
];

/** @see https://docs.cloud.google.com/build/docs/locations: in new projects Cloud Build may run here alone */
const BUILDS_ALWAYS_IN: readonly string[] = [
  'asia-east1',
  'australia-southeast1',
  'europe-west1',
  'southamerica-east1',
  'us-central1',
  'us-west2',
];

export async function checkRegion(cloud: Cloud, region: string, say: Say): Promise<void> {
  for (const [product, args] of REGIONAL) {
    const regions = await say.progress(
      `the regions of ${product}`,
      cloud.ask(args, {
        doing: `list the regions of ${product}`,
        schema: z
          .array(z.object({ locationId: z.string() }))
          .transform((locations) => locations.map(({ locationId }) => locationId)),
        whenPrinted: [region],
      }),
    );
    if (regions.includes(region)) continue;
    const continent = region.split('-')[0] ?? '';
    const near = regions.filter((other) => other.startsWith(`${continent}-`)).toSorted();
    throw new SetupProblem(`The region "${region}" has no ${product}.`, [
      `It is in: ${(near.length > 0 ? near : regions.toSorted()).join(', ')}`,
      'us-central1 has everything, builds of new projects and free storage included: npm run setup -- --region us-central1',
    ]);
  }
  if (!BUILDS_ALWAYS_IN.includes(region)) {
    say.note(
      `Google lets some projects, new ones above all, build in ${BUILDS_ALWAYS_IN.join(', ')} alone. A build that is refused says so; a region cannot be changed later without new sign-ins`,
    );
  }
  say.already(`${region} has ${REGIONAL.map(([product]) => product).join(' and ')}`);
}
