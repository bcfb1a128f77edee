/**
 * `npm run rollback`: what an earlier deployment was made of, deployed once more.
 *
 * Every deployment's source and bundles lie in the bucket for 90 days, so nothing is built or checked again, and
 * Terraform changes only the functions that differ. Settings, secrets and tokens stay as they are.
 */

import * as z from 'zod';
import { type Build, createBuilder } from './builds.ts';
import type { Cloud } from './cloud.ts';
import { askDeployed } from './deployment.ts';
import { openDeployment } from './open-deployment.ts';
import { COMMON, readOptions } from './options.ts';
import { SetupProblem } from './problem.ts';
import { chooseRollback, releasesOf } from './releases.ts';
import { runInProcess, type Script } from './script.ts';
import { digestOf } from './settings-file.ts';
import { createSteps } from './steps.ts';

const HELP = `npm run rollback -- [--project <id>] [--to <build>] [--list]

Deploys the source of the deployment before the present one. Settings, secrets and tokens stay as they are.

  --list                 what there is to go back to
  --to <build>           one of these instead
  --state-bucket <name>  another bucket than <project>-terraform
`;

const STEPS = 2;

export const rollback: Script = async (parts, args) => {
  const options = readOptions(args, {
    ...COMMON,
    to: { type: 'string' },
    list: { type: 'boolean', default: false },
  });
  const { terminal, wait } = parts;
  if (options.help) {
    terminal.line(HELP);
    return;
  }
  const { step } = createSteps({ terminal, total: STEPS, isPrinted: false });
  const { cloud, places, earlier } = await step('The deployment', (say) =>
    openDeployment(parts, options, say),
  );
  const builder = createBuilder({ cloud, places, wait });
  const builds = await builder.list();
  if (options.list) {
    terminal.table(
      releasesOf(builds).map((build) => [
        build.id,
        build.createTime,
        `${commitOf(build)}${isUnchecked(build) ? ', unchecked' : ''}`,
      ]),
    );
    return;
  }
  const choice = chooseRollback(builds, options.to ?? null);
  const list = `What there is: npm run rollback -- --project ${places.project} --list`;
  switch (choice.reason) {
    case 'unfinished':
      throw new SetupProblem(`The build ${choice.build.id} is still going.`, [
        'Wait for its end, or stop it and run the same again:',
        `  gcloud builds cancel ${choice.build.id} --project=${places.project}`,
      ]);
    case 'nothing-before':
      throw new SetupProblem('There is no deployment before this one.', [list]);
    case 'unknown-release':
      throw new SetupProblem(`No deployment "${options.to}" is kept.`, [list], { isUsage: true });
    case 'back-to':
      break;
  }
  const { release, from } = choice;
  const source = release.source.storageSource;
  if (source === undefined) throw new Error('a release without a source');
  const archive = `gs://${source.bucket}/${source.object}`;
  const build = release.substitutions['_BUILD'] ?? '';
  const bundles = `gs://${places.buildsBucket}/bundles/${build}/keep-alive.zip`;
  const gone = (await isThere(cloud, archive))
    ? build !== '' && (await isThere(cloud, bundles))
      ? null
      : bundles
    : archive;
  if (gone !== null) {
    throw new SetupProblem(`What ${release.id} was made of is gone: ${gone}`, [
      `Sources and bundles are kept for 90 days, and this one is of ${release.createTime.slice(0, 10)}.`,
      'From git, as a deployment of its own:',
      `  git checkout ${release.substitutions['_COMMIT']?.replace(/-changed$/, '') || '<commit>'} && npm ci && npm run deploy -- --project ${places.project}`,
      list,
    ]);
  }
  const pageUrl = await step(
    `Back from ${from.id.slice(0, 8)} (${commitOf(from)}) to ${release.id.slice(0, 8)} (${commitOf(release)}, ${release.createTime.slice(0, 16)})`,
    async (say) => {
      if (isUnchecked(release))
        say.note('it was deployed with --unchecked, so no test has seen it');
      await builder.run(
        {
          mode: 'apply',
          built: { source: archive, build },
          substitutions: {
            _RELEASE: release.id,
            _SETTINGS: digestOf(earlier),
            _COMMIT: release.substitutions['_COMMIT'] ?? '',
          },
        },
        say,
      );
      return askDeployed({ cloud, places, smoke: parts.smoke }, say);
    },
  );
  terminal.line();
  terminal.line(`${terminal.paint('green', 'Rolled back.')} The page: ${pageUrl ?? '?'}`);
  terminal.line(`Forward again, once it is mended: npm run deploy -- --project ${places.project}`);
};

async function isThere(cloud: Cloud, archive: string): Promise<boolean> {
  const found = await cloud.ask(['storage', 'ls', archive], {
    doing: 'look for the source of that deployment',
    schema: z.string(),
    whenPrinted: archive,
    whenAbsent: '',
    isText: true,
  });
  return found.trim() !== '';
}

function isUnchecked(build: Build): boolean {
  return build.substitutions['_CHECKS'] === 'no';
}

function commitOf(build: Build): string {
  return build.substitutions['_COMMIT'] || 'commit not known';
}

if (import.meta.main) await runInProcess(rollback);
