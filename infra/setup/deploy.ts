/**
 * `npm run deploy`: what is in this folder, with the newest enabled version of each secret, as one build.
 *
 * Also the way to change a choice (`--set`) and to take over a new consumer key. Never asks for a secret.
 */

import { createBuilder } from './builds.ts';
import { askDeployed, checksOf, deploy, saveSettings } from './deployment.ts';
import { isRunning } from './earlier-run.ts';
import { openDeployment } from './open-deployment.ts';
import { COMMON, readOptions } from './options.ts';
import { SetupProblem } from './problem.ts';
import { runInProcess, type Script } from './script.ts';
import { numberSecrets } from './secrets.ts';
import { changeSettings } from './set-option.ts';
import type { DeploymentSettings } from './settings-file.ts';
import { createSteps, type Say } from './steps.ts';

const HELP = `npm run deploy -- [--project <id>] [--plan] [--set <name>=<value>] [--unset <name>] [--checked | --unchecked]

Builds this folder on Cloud Build, makes it what runs, and asks whether it lives. Takes the newest enabled version of each
secret. Files that differ from the commit are checked before: linter, types and all tests.

  --plan                 up to Terraform's plan; changes nothing
  --set <name>=<value>   a variable of infra/gcp, or settings.<NAME> for an environment variable:
                         --set settings.ALERT_AT=08:00   --set uptime_check=true
  --unset <name>         its default again
  --checked              the same checks for an unchanged commit, which has passed them before
  --unchecked            in an emergency: changed files without checks, minutes instead of half an hour.
                         If what ran before was good, "npm run rollback" is as fast, and safe
  --state-bucket <name>  another bucket than <project>-terraform
`;

const STEPS = 3;

export const deployScript: Script = async (parts, args) => {
  const options = readOptions(args, {
    ...COMMON,
    plan: { type: 'boolean', default: false },
    set: { type: 'string', multiple: true, default: [] },
    unset: { type: 'string', multiple: true, default: [] },
    checked: { type: 'boolean', default: false },
    unchecked: { type: 'boolean', default: false },
  });
  const { terminal, wait } = parts;
  if (options.help) {
    terminal.line(HELP);
    return;
  }
  if (options.plan && options.set.length + options.unset.length > 0) {
    throw new SetupProblem(
      '--plan shows what the saved settings do; --set changes them.',
      ['Leave one of the two out.'],
      { isUsage: true },
    );
  }
  if (options.plan && options.unchecked) {
    throw new SetupProblem(
      '--plan changes nothing, so there is nothing to hurry; --unchecked leaves the checks out.',
      ['Leave one of the two out.'],
      { isUsage: true },
    );
  }
  if (options.checked && options.unchecked) {
    throw new SetupProblem(
      '--checked runs all checks; --unchecked leaves them out.',
      ['Leave one of the two out.'],
      { isUsage: true },
    );
  }
  if (options.unchecked) {
    terminal.line(
      terminal.paint('red', 'UNCHECKED: no linter, no types, no test has seen what will run.'),
    );
    terminal.line('Only the new functions are asked whether they live, once they run.\n');
  }
  const { step } = createSteps({ terminal, total: STEPS, isPrinted: false });
  const { cloud, places, earlier } = await step('The deployment, and its settings', (say) =>
    openDeployment(parts, options, say),
  );
  const builder = createBuilder({ cloud, places, wait });

  const settings = await step('The newest version of each secret', async (say) => {
    const changed = changeSettings(earlier, options);
    const known = await numberSecrets(cloud, {
      sessions: changed.sessions,
      heartbeat: changed.heartbeat === true,
    });
    if (known.missing.length > 0) {
      // Before the first deployment, setup goes on with what is chosen here; what runs keeps settings that are whole.
      if (!isRunning(earlier))
        await saveSettings({ cloud, places, settings: changed, earlier }, say);
      throw new SetupProblem(`There is no value yet for ${known.missing.join(', ')}.`, [
        `npm run setup asks for it: npm run setup -- --project ${places.project}`,
      ]);
    }
    const next: DeploymentSettings = { ...changed, secret_versions: { ...known.numbers } };
    tellVersions(earlier, next, say);
    return next;
  });

  const title = options.plan
    ? 'A plan, which changes nothing'
    : 'The build, and the deployment of it';
  const pageUrl = await step(title, async (say) => {
    await builder.settled(say);
    const commit = await parts.commit();
    const checks = checksOf(commit, options);
    if (options.plan) {
      await builder.run({ mode: 'plan', checks }, say);
      return null;
    }
    await deploy({ cloud, builder, places, settings, earlier, commit, checks }, say);
    return askDeployed({ cloud, places, smoke: parts.smoke }, say);
  });
  terminal.line();
  terminal.line(
    options.plan
      ? 'Nothing was changed. The plan stands in the log of the step "terraform-plan".'
      : `${terminal.paint('green', 'Deployed.')} The page: ${pageUrl ?? '?'}`,
  );
  if (options.unchecked) {
    terminal.line(
      `${terminal.paint('red', 'It was not checked.')} As soon as there is time: npm run deploy -- --project ${places.project}`,
    );
  }
  if (!options.plan)
    terminal.line(`Back to what ran before: npm run rollback -- --project ${places.project}`);
};

function tellVersions(earlier: DeploymentSettings, next: DeploymentSettings, say: Say): void {
  for (const [secret, number] of Object.entries(next.secret_versions)) {
    const before = earlier.secret_versions[secret];
    if (before === number || before === undefined) {
      say.already(`${secret}, version ${number}`);
      continue;
    }
    say.made(`${secret}, version ${number} instead of ${before}`);
    say.note(
      `once all is well: gcloud secrets versions destroy ${before} --secret=${secret} (each version costs)`,
    );
  }
}

if (import.meta.main) await runInProcess(deployScript);
