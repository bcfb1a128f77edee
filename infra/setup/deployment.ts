/**
 * What runs now, as the builds tell it, and the one way to change it: settings saved, then a build.
 *
 * Used by `setup` (first build), `deploy` and `rollback`.
 */

import * as z from 'zod';
import { type Finding, textOf } from '../smoke/finding.ts';
import type { Build, Builder, Checks } from './builds.ts';
import type { Cloud } from './cloud.ts';
import type { Places } from './places.ts';
import { SetupProblem } from './problem.ts';
import { type DeploymentSettings, digestOf, writeSettings } from './settings-file.ts';
import type { Say } from './steps.ts';

/** The newest build that changed the cloud. */
export function newestChange(builds: readonly Build[]): Build | null {
  return builds.find(({ substitutions }) => isChange(substitutions['_MODE'])) ?? null;
}

/** Whether nothing was made since the last teardown, not even by a setup that stopped after its first phase. */
export function isTakenDown(builds: readonly Build[]): boolean {
  const newest = builds.find(
    ({ substitutions: { _MODE: mode } }) => mode === 'foundation' || isChange(mode),
  );
  return newest?.status === 'SUCCESS' && newest.substitutions['_MODE'] === 'destroy';
}

function isChange(mode: string | undefined): boolean {
  return mode === 'apply' || mode === 'destroy';
}

/** Whether these very settings are what was deployed last, without a failure. */
export function isDeployed(builds: readonly Build[], settings: DeploymentSettings): boolean {
  const newest = newestChange(builds);
  return (
    newest?.status === 'SUCCESS' &&
    newest.substitutions['_MODE'] === 'apply' &&
    newest.substitutions['_SETTINGS'] === digestOf(settings)
  );
}

export type Deployment = {
  readonly cloud: Cloud;
  readonly builder: Builder;
  readonly places: Places;
  readonly settings: DeploymentSettings;
  /** Those in the bucket, or `null`. */
  readonly earlier: DeploymentSettings | null;
  readonly commit: string | null;
  readonly checks: Checks;
};

/** An unchanged commit has passed all checks before; what differs from it, or is not known to be one, has not. */
export function checksOf(
  commit: string | null,
  asked: { readonly checked: boolean; readonly unchecked?: boolean },
): Checks {
  if (asked.checked) return 'yes';
  if (asked.unchecked === true) return 'no';
  return commit === null || commit.endsWith('-changed') ? 'yes' : 'committed';
}

/** Saves the settings if they changed. */
export async function saveSettings(
  deployment: Pick<Deployment, 'cloud' | 'places' | 'settings' | 'earlier'>,
  say: Say,
): Promise<void> {
  const { cloud, places, settings, earlier } = deployment;
  if (earlier !== null && digestOf(earlier) === digestOf(settings)) return;
  await writeSettings(cloud, places, settings);
  say.made(`settings in ${places.settings}`);
}

export async function deploy(deployment: Deployment, say: Say): Promise<void> {
  const { builder, settings, commit, checks } = deployment;
  await saveSettings(deployment, say);
  if (checks === 'yes') {
    say.note('linter, types and all tests run first: about half an hour more');
  }
  await builder.run(
    {
      mode: 'apply',
      checks,
      substitutions: {
        _SETTINGS: digestOf(settings),
        ...(commit === null ? {} : { _COMMIT: commit }),
      },
    },
    say,
  );
}

const outputsSchema = z.string().transform((text, context) => {
  try {
    const { page_url } = z
      .object({ page_url: z.object({ value: z.string() }) })
      .parse(JSON.parse(text));
    return { text, pageUrl: page_url.value };
  } catch {
    context.addIssue({ code: 'custom', message: 'no outputs' });
    return z.NEVER;
  }
});

export type AskedDeployment = {
  readonly cloud: Cloud;
  readonly places: Places;
  /** Looks at what runs from outside, with the outputs of Terraform. */
  readonly smoke: (outputs: string) => Promise<readonly Finding[]>;
};

/**
 * Asks what was deployed whether it lives, from here: the account that deploys runs nothing of npm.
 *
 * @returns the address people open; `null` where nothing is deployed
 * @throws SetupProblem with what does not answer as it should
 */
export async function askDeployed(
  { cloud, places, smoke }: AskedDeployment,
  say: Say,
): Promise<string | null> {
  const outputs = await readOutputs(cloud, places);
  if (outputs === null) return null;
  const findings = await say.progress(
    'asking the new functions whether they live',
    smoke(outputs.text),
  );
  const problems = findings.filter(({ type }) => type === 'problem');
  if (problems.length > 0) {
    throw new SetupProblem('It is deployed, and does not answer as it should.', [
      ...problems.flatMap((finding) => textOf(finding).trimEnd().split('\n')),
      `To look again: npm run smoke -- --urls <file>, with the file of gcloud storage cat ${places.outputs}`,
      `Back to what ran before: npm run rollback -- --project ${places.project}`,
    ]);
  }
  say.already('the functions answer as they should');
  for (const finding of findings.filter(({ type }) => type === 'not-checked')) {
    say.note(textOf(finding).trim());
  }
  return outputs.pageUrl;
}

/** The address people open; `null` before the first build. */
export async function readPageUrl(cloud: Cloud, places: Places): Promise<string | null> {
  return (await readOutputs(cloud, places))?.pageUrl ?? null;
}

function readOutputs(
  cloud: Cloud,
  places: Places,
): Promise<{ readonly text: string; readonly pageUrl: string } | null> {
  return cloud.ask(['storage', 'cat', places.outputs], {
    doing: 'read the address of the page',
    schema: outputsSchema.nullable(),
    whenPrinted: null,
    whenAbsent: null,
    isText: true,
  });
}
