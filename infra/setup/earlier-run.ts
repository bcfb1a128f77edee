/**
 * What an earlier run has settled: kept where nothing else is said, and not given up without asking.
 *
 * Changes nothing.
 */

import type { Random } from '../../functions/clock.ts';
import type { Answers } from './answers.ts';
import type { Builder } from './builds.ts';
import type { Cloud } from './cloud.ts';
import { DEFAULT_REGION, DEFAULT_SESSIONS, type Places } from './places.ts';
import { SetupProblem } from './problem.ts';
import { settingsToGoOnWith } from './role-suffix.ts';
import { secretsOf } from './secrets.ts';
import { type DeploymentSettings, readSettings } from './settings-file.ts';
import type { Say } from './steps.ts';

/** What the command line says. */
export type Chosen = {
  readonly project?: string | undefined;
  readonly region?: string | undefined;
  readonly sessions?: readonly string[] | undefined;
};

export type EarlierRun = {
  /** As they lie in the bucket. */
  readonly saved: DeploymentSettings | null;
  /** What to go on with: the same, or those of a deployment that has to be made. */
  readonly earlier: DeploymentSettings;
  readonly region: string;
  readonly sessions: readonly string[];
};

export type EarlierRunOptions = {
  readonly cloud: Cloud;
  readonly places: Places;
  readonly builder: Builder;
  readonly random: Random;
  readonly hasBucket: boolean;
  readonly chosen: Chosen;
};

export async function readEarlierRun(
  { cloud, places, builder, random, hasBucket, chosen }: EarlierRunOptions,
  say: Say,
): Promise<EarlierRun> {
  const saved = hasBucket ? await readSettings(cloud, places) : null;
  const builds = await builder.settled(say);
  const kept = saved === null ? null : settingsToGoOnWith(saved, builds, random);
  const { region, sessions } = settle(chosen, kept);
  const none = { region, sessions: [...sessions], secret_versions: {} };
  const earlier = kept ?? settingsToGoOnWith(none, builds, random);
  return { saved, earlier, region, sessions };
}

function settle(
  options: Chosen,
  earlier: DeploymentSettings | null,
): { readonly region: string; readonly sessions: readonly string[] } {
  const region = options.region ?? earlier?.region ?? DEFAULT_REGION;
  if (earlier !== null && isRunning(earlier) && earlier.region !== region) {
    throw new SetupProblem(
      `This project runs in ${earlier.region} already; --region ${region} would be a second system beside it.`,
      [
        `To move it, take it down first (tokens are lost, sign in again after): npm run teardown -- --project ${options.project ?? '<project>'}`,
      ],
    );
  }
  return { region, sessions: options.sessions ?? earlier?.sessions ?? DEFAULT_SESSIONS };
}

/** Without a number of a version nothing has been deployed, or nothing is there any more. */
export function isRunning({ secret_versions }: DeploymentSettings): boolean {
  return Object.keys(secret_versions).length > 0;
}

/** A session that is left out loses its token and its record, and what no other session uses. */
export async function confirmRemoval(
  answers: Answers,
  { earlier, sessions }: EarlierRun,
): Promise<void> {
  if (!isRunning(earlier)) return;
  const removed = earlier.sessions.filter((session) => !sessions.includes(session));
  if (removed.length === 0) return;
  const kept = secretsOf({ sessions, heartbeat: false });
  const keys = secretsOf({ sessions: earlier.sessions, heartbeat: false }).filter(
    (secret) => secret.endsWith('-consumer') && !kept.includes(secret),
  );
  const also = keys.length === 0 ? '' : ` with ${keys.join(', ')}`;
  await answers.get({
    name: 'REMOVE_SESSIONS',
    question: `Tokens and records of ${removed.join(', ')} will be deleted${also}. Type the names of the sessions to go on`,
    judge: (value) =>
      value === removed.join(', ') || value === removed.join(',')
        ? null
        : `is not "${removed.join(', ')}"`,
  });
}
