/**
 * What runs now, as the builds tell it, and the one way to change it: settings saved, then a build.
 *
 * Used by `setup` (first build), `deploy` and `rollback`.
 */

import * as z from 'zod';
import type { Build, Builder } from './builds.ts';
import type { Cloud } from './cloud.ts';
import type { Places } from './places.ts';
import { type DeploymentSettings, digestOf, writeSettings } from './settings-file.ts';
import type { Say } from './steps.ts';

/** The newest build that changed the cloud. */
export function newestChange(builds: readonly Build[]): Build | null {
  return builds.find(({ substitutions }) => isChange(substitutions['_MODE'])) ?? null;
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
  /** Without the checks of the build: in an emergency. @default false */
  readonly isUnchecked?: boolean;
};

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
  const { builder, settings, commit, isUnchecked = false } = deployment;
  await saveSettings(deployment, say);
  await builder.run(
    {
      mode: 'apply',
      substitutions: {
        _SETTINGS: digestOf(settings),
        ...(commit === null ? {} : { _COMMIT: commit }),
        ...(isUnchecked ? { _CHECKS: 'no' } : {}),
      },
    },
    say,
  );
}

const outputsSchema = z.string().transform((text, context) => {
  try {
    return z.object({ page_url: z.object({ value: z.string() }) }).parse(JSON.parse(text)).page_url
      .value;
  } catch {
    context.addIssue({ code: 'custom', message: 'no outputs' });
    return z.NEVER;
  }
});

/** The address people open; `null` before the first build. */
export async function readPageUrl(cloud: Cloud, places: Places): Promise<string | null> {
  return cloud.ask(['storage', 'cat', places.outputs], {
    doing: 'read the address of the page',
    schema: outputsSchema.nullable(),
    whenPrinted: null,
    whenAbsent: null,
    isText: true,
  });
}
