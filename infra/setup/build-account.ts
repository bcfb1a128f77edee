/**
 * The account that builds run as, and what it may do: never an owner or editor, and blind to secrets' values.
 *
 * Its roles stand on the project, since what they are for does not exist yet; each with its reason in
 * `places.ts`. Adds what is missing, takes nothing away.
 */

import * as z from 'zod';
import type { Wait } from '../../functions/clock.ts';
import type { Cloud } from './cloud.ts';
import { BUILD_ACCOUNT, BUILD_ROLE, BUILD_ROLES, type Places } from './places.ts';
import type { Say } from './steps.ts';

/** How long Google usually takes to tell all its parts of a new role. */
const ROLES_KNOWN_AFTER_MS = 60_000;

export type BuildAccountOptions = {
  readonly cloud: Cloud;
  readonly places: Places;
  readonly wait: Wait;
};

export async function ensureBuildAccount(options: BuildAccountOptions, say: Say): Promise<void> {
  const { places, wait } = options;
  await ensureAccount(options, say);
  await ensureCustomRole(options, say);
  const granted = await grantRoles(options, say);
  if (granted === 0)
    say.already(`${places.buildAccount}, with its ${BUILD_ROLES.length + 1} roles`);
  else await say.progress('a minute, until Google knows of the roles', wait(ROLES_KNOWN_AFTER_MS));
}

export async function findAccount(
  cloud: Cloud,
  places: Places,
): Promise<{ readonly disabled: boolean } | null> {
  const accounts = await cloud.ask(
    ['iam', 'service-accounts', 'list', `--filter=email=${places.buildAccount}`],
    {
      doing: 'list the service accounts',
      schema: z.array(z.object({ email: z.string(), disabled: z.boolean().default(false) })),
      whenPrinted: [],
    },
  );
  return accounts.find(({ email }) => email === places.buildAccount) ?? null;
}

async function ensureAccount({ cloud, places }: BuildAccountOptions, say: Say): Promise<void> {
  const account = await findAccount(cloud, places);
  if (account === null) {
    await cloud.change(
      [
        'iam',
        'service-accounts',
        'create',
        BUILD_ACCOUNT,
        '--display-name=token-cadence: builds and deploys',
      ],
      { doing: 'make the build account' },
    );
    say.made(`account ${places.buildAccount}`);
  } else if (account.disabled) {
    await cloud.change(['iam', 'service-accounts', 'enable', places.buildAccount], {
      doing: 'enable the build account',
    });
    say.made(`account ${places.buildAccount} enabled again`);
  }
}

export async function findCustomRole(
  cloud: Cloud,
): Promise<{ readonly includedPermissions: readonly string[]; readonly deleted: boolean } | null> {
  return cloud.ask(['iam', 'roles', 'describe', BUILD_ROLE.id], {
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

async function ensureCustomRole({ cloud }: BuildAccountOptions, say: Say): Promise<void> {
  const permissions = BUILD_ROLE.permissions.join(',');
  const role = await findCustomRole(cloud);
  const has = role?.includedPermissions ?? [];
  const isWhole = BUILD_ROLE.permissions.every((permission) => has.includes(permission));
  if (role !== null && isWhole && !role.deleted) return;
  const doing = 'make the custom role';
  if (role?.deleted === true) {
    await cloud.change(['iam', 'roles', 'undelete', BUILD_ROLE.id], { doing });
  }
  await cloud.change(
    role === null
      ? [
          'iam',
          'roles',
          'create',
          BUILD_ROLE.id,
          `--title=${BUILD_ROLE.title}`,
          `--permissions=${permissions}`,
          '--stage=GA',
        ]
      : ['iam', 'roles', 'update', BUILD_ROLE.id, `--permissions=${permissions}`],
    { doing },
  );
  say.made(`custom role ${BUILD_ROLE.id}`);
}

/** What the build account may do on the whole project, conditions aside. */
export async function heldRoles(cloud: Cloud, places: Places): Promise<readonly string[]> {
  const policy = await cloud.ask(['projects', 'get-iam-policy', places.project], {
    doing: 'see who may do what',
    schema: policySchema,
    whenPrinted: { bindings: [] },
  });
  return policy.bindings
    .filter(
      ({ members, condition }) => condition === undefined && members.includes(memberOf(places)),
    )
    .map(({ role }) => role);
}

const policySchema = z.object({
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

export function memberOf({ buildAccount }: Places): string {
  return `serviceAccount:${buildAccount}`;
}

export function wantedRoles({ project }: Places): readonly string[] {
  return [...BUILD_ROLES.map(({ role }) => role), `projects/${project}/roles/${BUILD_ROLE.id}`];
}

/** @returns how many were missing */
async function grantRoles({ cloud, places }: BuildAccountOptions, say: Say): Promise<number> {
  const held = await heldRoles(cloud, places);
  const missing = wantedRoles(places).filter((role) => !held.includes(role));
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
        { doing: `grant ${role} to the build account`, retryWhile: /does not exist|concurrent/i },
      ),
    );
  }
  if (missing.length > 0) say.made(`${missing.length} roles: ${missing.map(shortRole).join(', ')}`);
  return missing.length;
}

function shortRole(role: string): string {
  return role.replace(/^.*roles\//, '');
}
