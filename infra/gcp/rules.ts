/**
 * What must hold of everything that Terraform makes, whatever file or resource it comes from.
 *
 * Pure: resources in, sentences out. The assertions in `tests/` look at the resources they name; these rules
 * find the one that somebody adds beside them. Used by `check.ts`.
 */

import * as z from 'zod';
import type { Made } from './test-runs.ts';

const RUNTIME = 'nodejs24';

/** The one door that is open to everybody. */
const PUBLIC_FUNCTION = 'pin-exchange';

/** What may stand on the whole project: role, and the accounts that may have it. */
const ON_PROJECT: Readonly<Record<string, RegExp>> = {
  tokenCadenceLister: /^tc-(morning-alert|pin-exchange|keep-alive|health-check)@/,
  tokenCadenceSubscriber: /@/,
  'logging.logWriter': /^tc-images@/,
  'storage.objectViewer': /^tc-images@/,
};

/** Up to this many sessions are read one by one, without a right on the project. */
const SESSIONS_WITHOUT_LIST = 20;

const textSchema = z.string().catch('');

type Grant = {
  readonly made: Made;
  /** Without `roles/` or the project's path. */
  readonly role: string;
  readonly members: readonly string[];
};

/** One sentence a problem; none when all is well. `made` comes from an apply, so that addresses are known. */
export function problemsIn(made: readonly Made[]): readonly string[] {
  const grants = made.filter(({ type }) => /_iam_(member|binding|policy)$/.test(type)).map(grantOf);
  return [
    ...grants.flatMap(publicProblem),
    ...grants.flatMap(projectProblem),
    ...made.flatMap((each) => roleProblem(each, made)),
    ...made.flatMap((each) => jobProblem(each, made)),
    ...made.flatMap(functionProblem),
    ...made.flatMap(secretProblem),
  ];
}

function grantOf(made: Made): Grant {
  const { role, member, members, policy_data } = made.values;
  const listed = z.array(z.string()).catch([]).parse(members);
  const all = [textSchema.parse(member), textSchema.parse(policy_data), ...listed];
  return { made, role: nameOfRole(role), members: all.filter((each) => each !== '') };
}

/** Without its path, and without the suffix that ids of custom roles end in. */
function nameOfRole(role: unknown): string {
  return (textSchema.parse(role).split('/').at(-1) ?? '').replace(/^(tokenCadence\w+?)_.*$/, '$1');
}

function publicProblem({ made, role, members }: Grant): string[] {
  if (!members.some((member) => /all(Authenticated)?Users/.test(member))) return [];
  const name = textSchema.parse(made.values['name'] ?? made.values['service']);
  const isDoor =
    made.type === 'google_cloud_run_v2_service_iam_member' &&
    name === PUBLIC_FUNCTION &&
    role === 'run.invoker';
  return isDoor ? [] : [`${made.address} is public: only ${PUBLIC_FUNCTION} may be called by all`];
}

function projectProblem({ made, role, members }: Grant): string[] {
  if (/_iam_(binding|policy)$/.test(made.type)) {
    return [`${made.address} replaces what others were granted: grant to single members`];
  }
  if (!/^google_(project|folder|organization)_iam_member$/.test(made.type)) return [];
  const allowed = ON_PROJECT[role];
  const accounts = members.map((member) => member.replace(/^\w+:/, ''));
  const isException = allowed !== undefined && accounts.every((account) => allowed.test(account));
  const isBounded = role !== 'storage.objectViewer' || hasCondition(made);
  return isException && isBounded
    ? []
    : [`${made.address} grants ${role} on the whole project, which is no named exception`];
}

function hasCondition({ values }: Made): boolean {
  return z.array(z.unknown()).catch([]).parse(values['condition']).length > 0;
}

/** Custom roles are granted on the project too: what is in them matters as much as their name. */
function roleProblem({ type, address, values }: Made, made: readonly Made[]): string[] {
  if (type !== 'google_project_iam_custom_role') return [];
  const role = nameOfRole(values['role_id']);
  if (ON_PROJECT[role] === undefined) return [];
  const permissions = z.array(z.string()).catch([]).parse(values['permissions']);
  const secret = permissions.filter((permission) => permission.startsWith('secretmanager.'));
  const sessions = made.filter(
    (each) =>
      each.type === 'google_secret_manager_secret' &&
      textSchema.parse(each.values['secret_id']).endsWith('-session'),
  ).length;
  const isGranted = made.some(
    (each) =>
      each.type === 'google_project_iam_member' &&
      nameOfRole(textSchema.parse(each.values['role'])) === role,
  );
  const isFine =
    secret.length === 0 ||
    (secret.join() === 'secretmanager.secrets.list' &&
      (sessions > SESSIONS_WITHOUT_LIST || !isGranted));
  return isFine ? [] : [`${address} has ${secret.join(', ')} for the whole project`];
}

const jobSchema = z.object({
  name: z.string(),
  http_target: z.tuple([
    z.object({
      uri: z.string(),
      oidc_token: z.array(z.object({ audience: z.string().nullish() })),
    }),
  ]),
});

const functionSchema = z.object({
  name: z.string(),
  build_config: z.tuple([z.object({ runtime: z.string() })]),
  service_config: z.tuple([z.object({ uri: z.string() })]),
});

function jobProblem({ type, address, values }: Made, made: readonly Made[]): string[] {
  if (type !== 'google_cloud_scheduler_job') return [];
  const job = jobSchema.safeParse(values);
  if (!job.success) return [`${address} calls no function over HTTP`];
  const { name, http_target } = job.data;
  const [{ uri, oidc_token }] = http_target;
  const audience = oidc_token[0]?.audience;
  const own = made
    .filter((each) => each.type === 'google_cloudfunctions2_function')
    .map((each) => functionSchema.safeParse(each.values))
    .find((each) => each.success && isJobOf(name, each.data.name))?.data?.service_config[0].uri;
  if (own === undefined) return [`${address} has no function of its name`];
  return uri === own && audience === own
    ? []
    : [`${address} has no token whose audience is the address of its own function`];
}

/** `morning-alert-nse` is a job of `morning-alert`, as `morning-alert` itself is. */
function isJobOf(job: string, name: string): boolean {
  return job === name || job.startsWith(`${name}-`);
}

function functionProblem({ type, address, values }: Made): string[] {
  if (type !== 'google_cloudfunctions2_function') return [];
  const read = functionSchema.safeParse(values);
  return read.success && read.data.build_config[0].runtime === RUNTIME
    ? []
    : [`${address} does not run on ${RUNTIME}`];
}

function secretProblem({ type, address }: Made): string[] {
  return /secret_manager_(regional_)?secret_version/.test(type)
    ? [`${address} puts the value of a secret into the state`]
    : [];
}
