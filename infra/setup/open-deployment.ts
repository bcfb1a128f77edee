/**
 * How `deploy`, `rollback` and `teardown` begin: who, which project, and what `setup` has left there.
 */

import { type Cloud, createCloud } from './cloud.ts';
import { type Places, placesOf } from './places.ts';
import { SetupProblem } from './problem.ts';
import { checkLogin, checkProject, chooseProject } from './project-checks.ts';
import type { ScriptParts } from './script.ts';
import { type DeploymentSettings, readSettings } from './settings-file.ts';
import type { Say } from './steps.ts';

export type OpenDeployment = {
  readonly cloud: Cloud;
  readonly places: Places;
  readonly earlier: DeploymentSettings;
};

export type OpenOptions = {
  readonly project?: string | undefined;
  readonly 'state-bucket'?: string | undefined;
};

/** The project, without asking whether anything is deployed in it. */
export async function openProject(
  parts: ScriptParts,
  options: OpenOptions,
  say: Say,
): Promise<Pick<OpenDeployment, 'cloud' | 'places'>> {
  const { gcloud, answers, wait } = parts;
  const account = await checkLogin(gcloud);
  const project = await chooseProject(options.project, gcloud, answers);
  const cloud = createCloud({ gcloud, project, account, wait });
  await checkProject({ cloud, gcloud, project, account }, say);
  return { cloud, places: placesOf(project, options['state-bucket']) };
}

/** @throws SetupProblem when nothing was deployed there */
export async function openDeployment(
  parts: ScriptParts,
  options: OpenOptions,
  say: Say,
): Promise<OpenDeployment> {
  const { cloud, places } = await openProject(parts, options, say);
  const earlier = await readSettings(cloud, places);
  if (earlier === null) {
    throw new SetupProblem(
      `token-cadence is not set up in ${places.project}: there is no ${places.settings}.`,
      [
        `Now: npm run setup -- --project ${places.project}`,
        'Was it set up with another bucket? Then: --state-bucket <name>',
      ],
    );
  }
  say.already(`${earlier.sessions.join(', ')} in ${earlier.region}`);
  return { cloud, places, earlier };
}
