/**
 * The account that deploys, and what it may do: never an owner or editor. It reads no secret's value, but it can let
 * others read them, so it runs Terraform and no package of npm.
 *
 * Its roles stand on the project, since what they are for does not exist yet; each with its reason in
 * `places.ts`. Adds what is missing, takes nothing away.
 */

import * as z from 'zod';
import type { Wait } from '../../functions/clock.ts';
import type { Cloud } from './cloud.ts';
import { BUILD_ROLE, BUILD_ROLES, type Places } from './places.ts';
import { SetupProblem } from './problem.ts';
import { roleId } from './role-suffix.ts';
import type { Say } from './steps.ts';

/** How long Google usually takes to tell all its parts of a new role. */
const ROLES_KNOWN_AFTER_MS = 60_000;

export type DeployAccountOptions = {
  readonly cloud: Cloud;
  readonly places: Places;
  readonly wait: Wait;
  /** Of the deployment's custom roles. */
  readonly roleSuffix: string | undefined;
};

export async function ensureDeployAccount(options: DeployAccountOptions, say: Say): Promise<void> {
  const { cloud, places, wait } = options;
  const email = places.deployAccount;
  await ensureAccount(cloud, { email, title: 'token-cadence: deploys' }, say);
  const held = await heldRoles(cloud, places);
  const customRole = await ensureCustomRole(options, held, say);
  const granted = await grantRoles(options, { held, customRole }, say);
  if (granted === 0)
    say.already(`${places.deployAccount}, with its ${BUILD_ROLES.length + 1} roles`);
  else await say.progress('a minute, until Google knows of the roles', wait(ROLES_KNOWN_AFTER_MS));
}

export async function findAccount(
  cloud: Cloud,
  email: string,
): Promise<{ readonly disabled: boolean } | null> {
  const accounts = await cloud.ask(['iam', 'service-accounts', 'list', `--filter=email=${email}`], {
    doing: 'list the service accounts',
    schema: z.array(z.object({ email: z.string(), disabled: z.boolean().default(false) })),
    whenPrinted: [],
  });
  return accounts.find((account) => account.email === email) ?? null;
}

export async function ensureAccount(
  cloud: Cloud,
  { email, title }: { readonly email: string; readonly title: string },
  say: Say,
): Promise<void> {
  const account = await findAccount(cloud, email);
  if (account === null) {
    await cloud.change(
      ['iam', 'service-accounts', 'create', email.replace(/@.*/, ''), `--display-name=${title}`],
      { doing: `make the account ${email}` },
    );
    say.made(`account ${email}`);
  } else if (account.disabled) {
    await cloud.change(['iam', 'service-accounts', 'enable', email], {
      doing: `enable the account ${email}`,
    });
    say.made(`account ${email} enabled again`);
  }
}

export async function findCustomRole(
  cloud: Cloud,
  id: string,
): Promise<{ readonly includedPermissions: readonly string[]; readonly deleted: boolean } | null> {
  return cloud.ask(['iam', 'roles', 'describe', id], {
    doing: 'look at the custom role',
    schema: z
      .object({
        includedPermissions: z.array(z.string()).default([]),
        deleted: z.boolean().default(false),
      })
      .nullable(),
    whenPrinted: null,
    whenAbsent: null,
  });
}

/** Ids of the deploying account's own custom roles among these. */
export function buildRolesIn(roles: readonly string[]): readonly string[] {
  return roles.flatMap((role) => {
    const id = /\/roles\/(\w+)$/.exec(role)?.[1] ?? '';
    return id.split('_')[0] === BUILD_ROLE.id ? [id] : [];
  });
}

/** More ids in a row are not given away by Google: something else is wrong. */
const TRIED_IDS = 5;

/** @returns its id: of the role that the account holds already, else with the deployment's suffix */
async function ensureCustomRole(
  { cloud, places, roleSuffix }: DeployAccountOptions,
  held: readonly string[],
  say: Say,
): Promise<string> {
  const first = roleId(BUILD_ROLE.id, roleSuffix);
  const others = Array.from({ length: TRIED_IDS }, (_, index) => `${first}_${index + 2}`);
  for (const id of new Set([...buildRolesIn(held), first, ...others])) {
    const role = await findCustomRole(cloud, id);
    // What was deleted may be out of reach, and its id with it.
    if (role?.deleted === true) continue;
    if (role === null) {
      if (!(await createCustomRole(cloud, id))) continue;
    } else {
      const has = role.includedPermissions;
      if (BUILD_ROLE.permissions.every((permission) => has.includes(permission))) return id;
      await cloud.change(['iam', 'roles', 'update', id, PERMISSIONS], { doing: MAKING });
    }
    say.made(`custom role ${id}`);
    return id;
  }
  throw new SetupProblem(`Could not ${MAKING}: ${first} and its like were deleted not long ago.`, [
    `Such a name is free again after 37 days. See: gcloud iam roles list --show-deleted --project=${places.project}`,
  ]);
}

const MAKING = 'make the custom role';
const PERMISSIONS = `--permissions=${BUILD_ROLE.permissions.join(',')}`;

/** @returns false where a role of this id was deleted too long ago to be seen and too lately to be forgotten */
async function createCustomRole(cloud: Cloud, id: string): Promise<boolean> {
  let isTaken = false;
  const title = `--title=${BUILD_ROLE.title}`;
  try {
    await cloud.change(['iam', 'roles', 'create', id, title, PERMISSIONS, '--stage=GA'], {
      doing: MAKING,
      explain: (stderr) => {
        isTaken = /marked for deletion/i.test(stderr);
        return null;
      },
    });
  } catch (error) {
    if (!isTaken) throw error;
  }
  return !isTaken;
}

/** What an account may do on the whole project, conditions aside. */
export async function heldRoles(
  cloud: Cloud,
  places: Places,
  email = places.deployAccount,
): Promise<readonly string[]> {
  const policy = await cloud.ask(['projects', 'get-iam-policy', places.project], {
    doing: 'see who may do what',
    schema: policySchema,
    whenPrinted: { bindings: [] },
  });
  return policy.bindings
    .filter(
      ({ members, condition }) =>
        condition === undefined && members.includes(`serviceAccount:${email}`),
    )
    .map(({ role }) => role);
}

export const policySchema = z.object({
  bindings: z
    .array(
      z.object({
        role: z.string(),
        members: z.array(z.string()).default([]),
        condition: z.unknown().optional(),
      }),
    )
    .default([]),
});

export function memberOf({ deployAccount }: Places): string {
  return `serviceAccount:${deployAccount}`;
}

export function wantedRoles({ project }: Places, customRole: string): readonly string[] {
  return [...BUILD_ROLES.map(({ role }) => role), `projects/${project}/roles/${customRole}`];
}

/** @returns how many were missing */
async function grantRoles(
  { cloud, places }: DeployAccountOptions,
  { held, customRole }: { readonly held: readonly string[]; readonly customRole: string },
  say: Say,
): Promise<number> {
  const missing = wantedRoles(places, customRole).filter((role) => !held.includes(role));
  for (const [index, role] of missing.entries()) {
    await say.progress(
      `granting role ${index + 1} of ${missing.length}`,
      cloud.change(
        [
          'projects',
          'add-iam-policy-binding',
          places.project,
          `--member=${memberOf(places)}`,
          `--role=${role}`,
          '--condition=None',
          '--format=none',
        ],
        {
          doing: `grant ${role} to the account that deploys`,
          retryWhile: /does not exist|concurrent/i,
        },
      ),
    );
  }
  if (missing.length > 0) say.made(`${missing.length} roles: ${missing.map(shortRole).join(', ')}`);
  return missing.length;
}

function shortRole(role: string): string {
  return role.replace(/^.*roles\//, '');
}
