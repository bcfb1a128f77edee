/**
 * `npm run teardown`: takes down what Terraform made, after the project's id was typed; then what setup made.
 *
 * Tokens, records and consumer keys are deleted with their secrets and cannot be had back. Enabled APIs stay:
 * others in the project may use them.
 */

import { removeBuildOnlyAccount } from './build-only-account.ts';
import { createBuilder } from './builds.ts';
import type { Cloud } from './cloud.ts';
import {
  buildRolesIn,
  findAccount,
  findCustomRole,
  heldRoles,
  memberOf,
  wantedRoles,
} from './deploy-account.ts';
import { isTakenDown } from './deployment.ts';
import { openProject } from './open-deployment.ts';
import { COMMON, readOptions } from './options.ts';
import { BUILD_ROLE, type Places } from './places.ts';
import { roleId } from './role-suffix.ts';
import { runInProcess, type Script } from './script.ts';
import { readSettings } from './settings-file.ts';
import { findBucket } from './state-bucket.ts';
import { createSteps, type Say } from './steps.ts';

const HELP = `npm run teardown -- [--project <id>] [--everything]

Takes down everything that Terraform made: functions, jobs, topics, and the secrets with all tokens in them.
Asks for the project's id first.

  --everything           also the two buckets, the two accounts that build and deploy, and their role, without asking again
  --state-bucket <name>  another bucket than <project>-terraform

Without a terminal: TEARDOWN=<project id> and REMOVE_REST=yes or no on standard input.
`;

const STEPS = 3;

export const teardown: Script = async (parts, args) => {
  const options = readOptions(args, {
    ...COMMON,
    everything: { type: 'boolean', default: false },
  });
  const { terminal, answers, wait } = parts;
  if (options.help) {
    terminal.line(HELP);
    return;
  }
  const { step } = createSteps({ terminal, total: STEPS, isPrinted: false });
  const { cloud, places, bucket, settings } = await step('What there is', async (say) => {
    const opened = await openProject(parts, options, say);
    const found = await findBucket(opened.cloud, opened.places);
    const known = found.isThere ? await readSettings(opened.cloud, opened.places) : null;
    if (known !== null) say.note(`sessions: ${known.sessions.join(', ')}, in ${known.region}`);
    return { ...opened, bucket: found, settings: known };
  });
  const { project } = places;

  await step('Terraform takes down what it made', async (say) => {
    if (!bucket.isThere) {
      say.already(`there is no bucket ${places.bucket}, so Terraform made nothing here`);
      return;
    }
    const builder = createBuilder({ cloud, places, wait });
    if (isTakenDown(await builder.settled(say))) {
      say.already('taken down');
      return;
    }
    say.note(
      'Tokens, records and consumer keys go with it. A copy of the tokens: npm run token-cadence -- export <file>',
    );
    await answers.get({
      name: 'TEARDOWN',
      question: `Type the project's id (${project}) to take it down`,
      judge: (value) => (value === project ? null : `is not "${project}"`),
    });
    await builder.run(
      {
        mode: 'destroy',
        ...(settings === null
          ? {}
          : {
              substitutions: {
                _REGION: settings.region,
                _ROLE_SUFFIX: settings.role_suffix ?? '',
              },
            }),
      },
      say,
    );
    say.made('taken down');
  });

  const isRestGone = await step('What setup itself made', async (say) => {
    say.note(
      `buckets gs://${places.bucket} and gs://${places.buildsBucket} (state, settings, sources, builds), ${places.buildAccount}, ${places.deployAccount} and its custom role`,
    );
    const answer = options.everything
      ? 'yes'
      : await answers.get({
          name: 'REMOVE_REST',
          question: 'Delete these as well? (yes or no)',
          fallback: 'no',
          judge: (value) => (/^(yes|no)$/.test(value) ? null : 'is neither yes nor no'),
        });
    if (answer === 'no') return false;
    const rest = { hasBucket: bucket.isThere, roleSuffix: settings?.role_suffix };
    await removeRest(cloud, places, rest, say);
    return true;
  });
  terminal.line();
  terminal.line(`${terminal.paint('green', 'Taken down.')} What stays in ${project}:`);
  if (!isRestGone) {
    terminal.line(
      `- gs://${places.bucket}, gs://${places.buildsBucket}, ${places.buildAccount}, ${places.deployAccount} and the role ${roleId(BUILD_ROLE.id, settings?.role_suffix)}`,
    );
  }
  terminal.line(
    '- the APIs that were enabled, the history and the logs of the builds; nothing of it costs',
  );
  terminal.line('- the bot: @BotFather, /deletebot; the consumer key: at the broker');
};

/** Each one only if it is there, so that an interrupted run can be run again. */
async function removeRest(
  cloud: Cloud,
  places: Places,
  {
    hasBucket,
    roleSuffix,
  }: { readonly hasBucket: boolean; readonly roleSuffix?: string | undefined },
  say: Say,
): Promise<void> {
  const { project, deployAccount } = places;
  const held = await heldRoles(cloud, places);
  // First of all, as long as it is seen which of them the account holds.
  const customRoles = new Set([...buildRolesIn(held), roleId(BUILD_ROLE.id, roleSuffix)]);
  for (const id of customRoles) {
    const role = await findCustomRole(cloud, id);
    if (role === null || role.deleted) continue;
    await cloud.change(['iam', 'roles', 'delete', id], { doing: 'delete the custom role' });
    say.made(`custom role ${id} deleted`);
  }
  const granted = [...customRoles].flatMap((id) => wantedRoles(places, id));
  for (const role of held.filter((each) => granted.includes(each))) {
    await cloud.change(
      [
        'projects',
        'remove-iam-policy-binding',
        project,
        `--member=${memberOf(places)}`,
        `--role=${role}`,
        '--condition=None',
        '--format=none',
      ],
      { doing: `take ${role} from the account that deploys` },
    );
  }
  if ((await findAccount(cloud, deployAccount)) !== null) {
    await cloud.change(['iam', 'service-accounts', 'delete', deployAccount], {
      doing: 'delete the account that deploys',
    });
    say.made(`${deployAccount} deleted`);
  }
  await removeBuildOnlyAccount(cloud, places, say);
  const builds = await findBucket(cloud, { bucket: places.buildsBucket });
  const buckets = [
    ...(hasBucket ? [places.bucket] : []),
    ...(builds.isThere ? [places.buildsBucket] : []),
  ];
  for (const bucket of buckets) {
    await cloud.change(['storage', 'rm', `gs://${bucket}`, '--recursive'], {
      doing: `delete the bucket ${bucket}`,
    });
    say.made(`gs://${bucket} deleted`);
  }
}

if (import.meta.main) await runInProcess(teardown);
