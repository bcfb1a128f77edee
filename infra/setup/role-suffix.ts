/**
 * The end of the ids of custom roles. Google keeps the id of a deleted role for 37 days and gives it back for the
 * first seven alone, so what is set up after a teardown has a suffix of its own.
 *
 * Pure. The suffix is kept in the settings: a running deployment keeps its roles.
 */

import { createHash } from 'node:crypto';
import type { Random } from '../../functions/clock.ts';
import type { Build } from './builds.ts';
import { newestChange } from './deployment.ts';
import type { DeploymentSettings } from './settings-file.ts';

const LETTERS = 6;

/** As Terraform puts it together in `infra/gcp/accounts.tf`. */
export function roleId(name: string, suffix: string | undefined): string {
  return suffix === undefined || suffix === '' ? name : `${name}_${suffix}`;
}

/**
 * What to go on with: after a teardown with another suffix, the same for every run until the next deployment,
 * and with no version of a secret, since all of them are gone.
 */
export function settingsToGoOnWith(
  settings: DeploymentSettings,
  builds: readonly Build[],
  random: Random,
): DeploymentSettings {
  const newest = newestChange(builds);
  if (newest?.substitutions['_MODE'] === 'destroy') {
    // Another one than was taken down: chosen since then, by an earlier run or with --set.
    const gone = newest.substitutions['_ROLE_SUFFIX'];
    const { role_suffix: given = '' } = settings;
    if (gone !== undefined && given !== '' && given !== gone) {
      return { ...settings, secret_versions: {} };
    }
    const role_suffix = createHash('sha256').update(newest.id).digest('hex').slice(0, LETTERS);
    return settings.role_suffix === role_suffix
      ? settings
      : { ...settings, secret_versions: {}, role_suffix };
  }
  // What was deployed before there were suffixes keeps its roles.
  if (settings.role_suffix !== undefined || newest !== null) return settings;
  return { ...settings, role_suffix: Buffer.from(random(LETTERS / 2)).toString('hex') };
}
