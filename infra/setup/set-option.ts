/**
 * `--set name=value` and `--unset name`: the choices of a deployment, as variables of `infra/gcp`.
 *
 * Pure. Values are read as JSON where they are JSON, else as text; whether a variable exists and what it takes
 * is Terraform's to say, which refuses before it changes anything.
 */

import * as z from 'zod';
import { SetupProblem } from './problem.ts';
import type { DeploymentSettings } from './settings-file.ts';

/** These follow from something else and have a way of their own. */
const NOT_TO_SET: Readonly<Record<string, string>> = {
  sessions: 'npm run setup -- --sessions …',
  region: 'npm run teardown, then npm run setup -- --region …',
  project: '--project …',
  secret_versions:
    'npm run setup -- --replace <secret>; or disable the newest version, then npm run deploy: the newest enabled one is taken',
};

const SETTINGS_PREFIX = 'settings.';

export type Changes = { readonly set: readonly string[]; readonly unset: readonly string[] };

/** @throws SetupProblem for a name that is not set this way */
export function changeSettings(
  settings: DeploymentSettings,
  { set, unset }: Changes,
): DeploymentSettings {
  const changed: Record<string, unknown> = { ...settings };
  const environment: Record<string, unknown> = { ...asRecord(settings['settings']) };
  for (const assignment of set) {
    const at = assignment.indexOf('=');
    const name = checkName(assignment.slice(0, Math.max(at, 0)), assignment);
    const value = assignment.slice(at + 1);
    // An environment variable is text, also when it looks like a number.
    if (name.startsWith(SETTINGS_PREFIX)) environment[name.slice(SETTINGS_PREFIX.length)] = value;
    else changed[name] = fromText(value);
  }
  for (const given of unset) {
    const name = checkName(given, given);
    if (name.startsWith(SETTINGS_PREFIX)) delete environment[name.slice(SETTINGS_PREFIX.length)];
    else delete changed[name];
  }
  if (Object.keys(environment).length > 0) changed['settings'] = environment;
  else delete changed['settings'];
  checkWorkerAccounts({ ...changed, sessions: settings.sessions });
  return changed as DeploymentSettings;
}

/**
 * Also for what an earlier version has saved: said here, not by Terraform in the middle of a build.
 *
 * @throws SetupProblem with the line to use instead of a list
 */
export function checkWorkerAccounts(settings: {
  readonly sessions: readonly string[];
  readonly [name: string]: unknown;
}): void {
  const { sessions, worker_accounts: given } = settings;
  checkSessionsOfWorkers(sessions, given);
  const listed = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(listed)) return;
  const rights = { sessions, instances: ['main'] };
  const accounts = ['tc-worker', ...listed.map(String)].map((account) => [account, rights]);
  const value = JSON.stringify(Object.fromEntries(accounts));
  throw new SetupProblem(
    '"worker_accounts" maps each account to its sessions and instances; it is not a list any more.',
    [
      `Instead: npm run deploy -- --set 'worker_accounts=${value}'`,
      'Name for each account only the sessions that its workers use, and a name for each of their processes.',
    ],
    { isUsage: true },
  );
}

const workerAccountsSchema = z.record(
  z.string(),
  z.looseObject({ sessions: z.array(z.string()).optional() }),
);

/** An account of workers may not name a session that is not there, or is about to go. */
function checkSessionsOfWorkers(sessions: readonly string[], given: unknown): void {
  const accounts = workerAccountsSchema.safeParse(given).data ?? {};
  const gone = Object.entries(accounts).flatMap(([account, rights]) =>
    (rights.sessions ?? [])
      .filter((session) => !sessions.includes(session))
      .map((session) => ({ account, session })),
  );
  if (gone.length === 0) return;
  const kept = Object.entries(accounts).map(([account, rights]) => [
    account,
    rights.sessions === undefined
      ? rights
      : { ...rights, sessions: rights.sessions.filter((each) => sessions.includes(each)) },
  ]);
  const value = JSON.stringify(Object.fromEntries(kept));
  throw new SetupProblem(
    `"worker_accounts" names sessions that are not deployed: ${gone.map(({ account, session }) => `${account}: ${session}`).join(', ')}.`,
    [`First, without them: npm run deploy -- --set 'worker_accounts=${value}'`],
    { isUsage: true },
  );
}

function checkName(name: string, given: string): string {
  const instead = NOT_TO_SET[name];
  if (instead !== undefined) {
    throw new SetupProblem(`"${name}" is not changed with --set.`, [`Instead: ${instead}`], {
      isUsage: true,
    });
  }
  if (/^(settings\.)?\w+$/.test(name)) return name;
  throw new SetupProblem(
    `"${given}" is not <name>=<value>.`,
    ['Such as: --set uptime_check=true, --set settings.ALERT_AT=08:00'],
    { isUsage: true },
  );
}

function fromText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
