/**
 * The account that builds: it runs the install scripts and tests of everybody's packages, so it may write its log,
 * read the sources and add bundles, and nothing else.
 *
 * What it was given on the project beyond the log (an earlier release let it deploy as well) is taken away.
 */

import type { Cloud } from './cloud.ts';
import { ensureAccount, findAccount, heldRoles, policySchema } from './deploy-account.ts';
import { BUILD_ONLY_BUCKET_ROLES, BUILD_ONLY_ROLES, type Places } from './places.ts';
import type { Say } from './steps.ts';

export async function ensureBuildOnlyAccount(
  cloud: Cloud,
  places: Places,
  say: Say,
): Promise<void> {
  const email = places.buildAccount;
  const member = `serviceAccount:${email}`;
  await ensureAccount(cloud, { email, title: 'token-cadence: builds, may do nothing else' }, say);
  const held = await heldRoles(cloud, places, email);
  const beyond = held.filter((each) => !BUILD_ONLY_ROLES.includes(each));
  for (const role of beyond) {
    await changeBinding(cloud, places, 'remove', { member, role });
    say.made(`${email} without ${role}`);
  }
  const missing = BUILD_ONLY_ROLES.filter((each) => !held.includes(each));
  for (const role of missing) {
    await changeBinding(cloud, places, 'add', { member, role });
    say.made(`${email}: ${role}`);
  }
  const url = `gs://${places.buildsBucket}`;
  const policy = await cloud.ask(['storage', 'buckets', 'get-iam-policy', url], {
    doing: 'see who may do what with the bucket of the builds',
    schema: policySchema,
    whenPrinted: { bindings: [] },
  });
  const onBucket = policy.bindings
    .filter(({ members }) => members.includes(member))
    .map(({ role }) => role);
  const missingOnBucket = BUILD_ONLY_BUCKET_ROLES.filter((each) => !onBucket.includes(each));
  if (beyond.length + missing.length + missingOnBucket.length === 0) {
    say.already(`${email}, with its log and ${url}`);
  }
  for (const role of missingOnBucket) {
    await cloud.change(
      ['storage', 'buckets', 'add-iam-policy-binding', url, `--member=${member}`, `--role=${role}`],
      { doing: `let the build account use ${url}`, retryWhile: /does not exist|concurrent/i },
    );
    say.made(`${email}: ${role} on ${url}`);
  }
}

export async function removeBuildOnlyAccount(
  cloud: Cloud,
  places: Places,
  say: Say,
): Promise<void> {
  const email = places.buildAccount;
  for (const role of await heldRoles(cloud, places, email)) {
    await changeBinding(cloud, places, 'remove', { member: `serviceAccount:${email}`, role });
  }
  if ((await findAccount(cloud, email)) === null) return;
  await cloud.change(['iam', 'service-accounts', 'delete', email], {
    doing: 'delete the build account',
  });
  say.made(`${email} deleted`);
}

async function changeBinding(
  cloud: Cloud,
  { project }: Places,
  what: 'add' | 'remove',
  { member, role }: { readonly member: string; readonly role: string },
): Promise<void> {
  await cloud.change(
    [
      'projects',
      `${what}-iam-policy-binding`,
      project,
      `--member=${member}`,
      `--role=${role}`,
      '--condition=None',
      '--format=none',
    ],
    {
      doing: `${what === 'add' ? 'grant' : 'take'} ${role} ${what === 'add' ? 'to' : 'from'} the build account`,
      retryWhile: /does not exist|concurrent/i,
    },
  );
}
