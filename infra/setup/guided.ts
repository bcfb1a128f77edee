/**
 * The guided setup, from an empty project to the first real alert: twelve steps, in this order.
 *
 * Each step looks first and changes only what is missing, so it can be run again at any point: after a failure,
 * with one more session, with a new consumer key. Values of secrets go from the person into gcloud's standard
 * input and nowhere else. Called by `setup.ts`.
 */

import type { Secret } from '../../functions/secret.ts';
import { askApp, askConsumer, askHeartbeat, hintOf, type ValueParts } from './ask-values.ts';
import { offerBudget } from './budget.ts';
import { ensureBuildOnlyAccount } from './build-only-account.ts';
import { createBuilder } from './builds.ts';
import { type Cloud, createCloud, createPrintedCloud } from './cloud.ts';
import { ensureDeployAccount } from './deploy-account.ts';
import { askDeployed, checksOf, deploy, isDeployed, saveSettings } from './deployment.ts';
import { confirmRemoval, readEarlierRun } from './earlier-run.ts';
import { commandLine } from './gcloud.ts';
import { APP_SECRET, HEARTBEAT_SECRET, type Places, placesOf } from './places.ts';
import { SetupProblem } from './problem.ts';
import {
  checkBilling,
  checkLogin,
  checkProject,
  checkRegion,
  chooseProject,
  enableApis,
  ensureServiceAgents,
  LOGIN,
} from './project-checks.ts';
import { choosePublishing } from './public-page.ts';
import type { ScriptParts } from './script.ts';
import { addVersion, existingSecrets, numberSecrets, secretsOf } from './secrets.ts';
import { checkWorkerAccounts } from './set-option.ts';
import type { DeploymentSettings } from './settings-file.ts';
import { ensureBucket, ensureBuildsBucket, findBucket } from './state-bucket.ts';
import { createSteps, type Say } from './steps.ts';
import { sendTestMessage } from './test-message.ts';

export type SetupOptions = {
  readonly project?: string | undefined;
  readonly region?: string | undefined;
  readonly sessions?: readonly string[] | undefined;
  readonly stateBucket?: string | undefined;
  /** Secrets that get a new version although they have one. */
  readonly replace: readonly string[];
  /** All checks, also for an unchanged commit. */
  readonly isChecked: boolean;
  /** Prints the commands instead of running them. */
  readonly isPrinted: boolean;
};

const STEPS = 12;
const PROJECT_TO_PRINT = 'PROJECT_ID';

const LEGEND =
  'Each step looks first and adds what is missing: "=" was there already, "+" is new.\n';
const PRINTED = `# What npm run setup would run in an empty project, as lines for a shell; run them in the folder of this project.
# It looks before each change and leaves out what is there already. BUILD_… stands for what the line before prints.`;

/** @throws SetupProblem */
export async function runSetup(parts: ScriptParts, options: SetupOptions): Promise<void> {
  const { terminal, answers, gcloud } = parts;
  const { isPrinted } = options;
  const wait: ScriptParts['wait'] = isPrinted ? async () => {} : parts.wait;
  const { step, printCommand } = createSteps({ terminal, total: STEPS, isPrinted });
  terminal.line(isPrinted ? PRINTED : LEGEND);

  const account = await step('Somebody is logged in to gcloud', async (say) => {
    if (isPrinted) {
      printCommand(`# look: ${commandLine(LOGIN)}`);
      return null;
    }
    const found = await checkLogin(gcloud);
    say.already(found);
    return found;
  });

  const { project, plain, cloud } = await step('The project', async (say) => {
    if (isPrinted) {
      const id = options.project ?? PROJECT_TO_PRINT;
      const printed = createPrintedCloud(id, printCommand);
      await checkProject({ cloud: printed, gcloud, project: id, account }, say);
      return { project: id, plain: printed, cloud: printed };
    }
    const id = await chooseProject(options.project, gcloud, answers);
    const made = { gcloud, project: id, account, wait };
    const plain = createCloud(made);
    await checkProject({ cloud: plain, gcloud, project: id, account }, say);
    return { project: id, plain, cloud: createCloud({ ...made, areApisOn: true }) };
  });
  const places = placesOf(project, options.stateBucket);
  // Once its APIs are on, what says that one is off is asked again.
  const context = { cloud: plain, gcloud, project, account };
  const builder = createBuilder({ cloud, places, wait });

  await step('Billing is on', (say) => checkBilling({ ...context, wait }, say));
  await step('Google’s APIs are on', (say) => enableApis(context, say));

  const { bucket, publishing, saved, earlier, region, sessions } = await step(
    'The region has what is needed; what an earlier run has settled is kept',
    async (say) => {
      const found = await findBucket(cloud, places);
      const { random } = parts;
      const hasBucket = found.isThere;
      const run = await readEarlierRun(
        { cloud, places, builder, random, hasBucket, chosen: options },
        say,
      );
      await checkRegion(cloud, run.region, say);
      checkWorkerAccounts({ ...run.earlier, sessions: run.sessions });
      await confirmRemoval(answers, run);
      say.already(`sessions: ${run.sessions.join(', ')}`);
      const publishing = await choosePublishing({ cloud, project, earlier: run.earlier }, say);
      return { bucket: found, publishing, ...run };
    },
  );
  const choice = { sessions, heartbeat: earlier.heartbeat === true };

  await step('A bucket for Terraform’s state and the settings, one for the builds', async (say) => {
    await ensureBucket(cloud, places, { found: bucket, region }, say);
    await ensureBuildsBucket(cloud, places, region, say);
    // The suffix of the roles has to be known to the first build, and to a run after this one is cut off.
    await saveSettings({ cloud, places, settings: earlier, earlier: saved }, say);
  });
  await step('Two accounts: one builds and may do nothing else, the other deploys', async (say) => {
    await ensureBuildOnlyAccount(cloud, places, say);
    await ensureDeployAccount({ cloud, places, wait, roleSuffix: earlier.role_suffix }, say);
  });

  await step('Terraform, first phase: accounts, topics, secrets without a value', async (say) => {
    await builder.settled(say);
    const there = await existingSecrets(cloud);
    if (secretsOf(choice).every((secret) => there.includes(secret))) {
      say.already(`all ${secretsOf(choice).length} secrets are there`);
      return;
    }
    await ensureServiceAgents(cloud);
    await builder.run(
      { mode: 'foundation', substitutions: { _REGION: region, _SESSIONS: sessions.join(',') } },
      say,
    );
    say.made(`secrets ${secretsOf(choice).join(', ')}`);
  });

  const known = await numberSecrets(cloud, choice);
  const values: ValueStep = {
    cloud,
    parts,
    numbers: { ...known.numbers },
    isWanted: (secret) => known.missing.includes(secret) || options.replace.includes(secret),
    asked: new Map(),
  };
  refuseUnknown(options.replace, secretsOf(choice));

  await step('The consumer key of the broker, for each environment', async (say) => {
    const consumers = new Set([
      ...Object.keys(known.numbers),
      ...known.missing,
      ...options.replace,
    ]);
    for (const secret of consumers) {
      if (secret.endsWith('-consumer')) await fill(secret, values, say);
    }
  });
  await step(
    'The Telegram bot and your chat with it; new keys for links and status',
    async (say) => {
      await fill(APP_SECRET, values, say);
      if (choice.heartbeat) await fill(HEARTBEAT_SECRET, values, say);
    },
  );

  const kept = { ...earlier, ...publishing };
  const pageUrl = await step('Terraform, second phase: functions and all the rest', async (say) => {
    const settings: DeploymentSettings = {
      ...kept,
      ...(await offerBudget({ cloud, places, answers, earlier }, say)),
      region,
      sessions: [...sessions],
      secret_versions: values.numbers,
    };
    const commit = isPrinted ? null : await parts.commit();
    const checks = isPrinted ? 'committed' : checksOf(commit, { checked: options.isChecked });
    const deployment = { cloud, builder, places, settings, earlier, commit, checks };
    await saveSettings(deployment, say);
    if (isDeployed(await builder.settled(say), settings))
      say.already('deployed, with these settings');
    else await deploy({ ...deployment, earlier: settings }, say);
    return askDeployed({ cloud, places, smoke: parts.smoke }, say);
  });

  await step('A test message', (say) =>
    sendTestMessage(
      {
        cloud,
        places,
        version: values.numbers[APP_SECRET] ?? '',
        app: values.asked.get(APP_SECRET) ?? null,
        pageUrl,
      },
      parts,
      say,
    ),
  );
  if (isPrinted)
    printCommand('# npm run setup sends it through the bot itself; nothing is to be run.');
  else tellEnd(parts, { pageUrl, places, sessions });
}

function refuseUnknown(replace: readonly string[], known: readonly string[]): void {
  const strangers = replace.filter(
    (secret) => !known.includes(secret) || secret.endsWith('-session'),
  );
  if (strangers.length === 0) return;
  const offered = known.filter((secret) => !secret.endsWith('-session'));
  throw new SetupProblem(
    `--replace names ${strangers.join(', ')}, which holds no value of yours.`,
    [`There are: ${offered.join(', ')}`],
    { isUsage: true },
  );
}

type ValueStep = {
  readonly cloud: Cloud;
  readonly parts: ValueParts;
  /** Number of each secret's version; grows. */
  readonly numbers: Record<string, string>;
  readonly isWanted: (secret: string) => boolean;
  /** What was asked for in this run. */
  readonly asked: Map<string, Secret>;
};

async function fill(secret: string, step: ValueStep, say: Say): Promise<void> {
  const { cloud, parts, numbers, asked } = step;
  if (!step.isWanted(secret)) {
    say.already(`${secret}, version ${numbers[secret]}`);
    return;
  }
  const value = cloud.isPrinted ? null : await askFor(secret, parts, say);
  const number = await addVersion(cloud, secret, { value, hint: hintOf(secret) });
  if (value !== null) asked.set(secret, value);
  numbers[secret] = String(number);
  say.made(`${secret}, version ${number}`);
}

function askFor(secret: string, parts: ValueParts, say: Say): Promise<Secret> {
  if (secret === APP_SECRET) return askApp(parts, say);
  if (secret === HEARTBEAT_SECRET) return askHeartbeat(parts);
  return askConsumer(secret, parts);
}

type End = {
  readonly pageUrl: string | null;
  readonly places: Places;
  readonly sessions: readonly string[];
};

function tellEnd({ terminal }: ScriptParts, { pageUrl, places, sessions }: End): void {
  const { line, paint } = terminal;
  line();
  line(
    `${paint('green', 'Done.')} The page: ${paint('bold', pageUrl ?? 'see the output of the build')}`,
  );
  line('To try a sign-in now, open it and press "Send a new link to my Telegram".');
  if (!sessions.some((session) => session.includes('-prod'))) {
    line(
      `Once the sandbox works: npm run setup -- --project ${places.project} --sessions ${[...sessions, 'etrade-prod'].join(',')}`,
    );
  }
  line(`After a change of the code: npm run deploy -- --project ${places.project}`);
}
