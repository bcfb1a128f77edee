/**
 * The variables that the local run gives its functions and its worker: simulators and generated keys,
 * or the person's own consumer keys and bot for a real broker.
 *
 * Pure: the environment is handed in. Names are those of `functions/config.ts`.
 */

import { variablePrefix } from '../../functions/config.ts';
import type { LocalKeys, StateDirectory } from './state.ts';
import { WORKER_NAMES } from './worker-names.ts';

/** Variables of the local run itself: where its shared files are, and whom the worker reports to. */
export const CLOCK_FILE_VARIABLE = 'LOCAL_CLOCK_FILE';
export const FAULTS_FILE_VARIABLE = 'LOCAL_FAULTS_FILE';
export const REPORTS_URL_VARIABLE = 'LOCAL_WORKER_REPORTS_URL';
/** Set when the runner writes to a terminal. */
export const COLOUR_VARIABLE = 'LOCAL_COLOUR';
/** Set when the functions are to log trouble only. */
export const QUIET_VARIABLE = 'LOCAL_QUIET';

export type Environment = Readonly<Record<string, string | undefined>>;

export type ServiceUrls = {
  readonly public: string;
  /** Where workers have their tokens refreshed. */
  readonly keepAlive: string;
  readonly events: string;
  readonly workerReports: string;
  /** `null`: the real Telegram. */
  readonly telegram: string | null;
};

export type SettingsOptions = {
  readonly sessions: readonly string[];
  readonly state: StateDirectory;
  readonly keys: LocalKeys;
  readonly urls: ServiceUrls;
  /** What leads to the simulators; `null`: the real brokers. */
  readonly brokerVariables: Readonly<Record<string, string>> | null;
  /** What leads to Google's parts on this machine; `null`: files and local events. */
  readonly googleVariables: Readonly<Record<string, string>> | null;
  /** Where a person's own settings come from: the shell and `.env`. */
  readonly env: Environment;
  readonly colour: boolean;
  /** @default false */
  readonly quiet?: boolean;
};

/** Settings that a person may give to any local run. */
const PASSED_ON = ['ALERT_AT', 'REQUIRED_SESSIONS', 'MARKET_CLOSURES', 'MARKET_SESSIONS'] as const;

/** The same, after the name of a session: `UPSTOX_PROD_ALERT_AT`. */
const SESSION_WISHES = ['ALERT_AT', 'APPROVAL', 'CONSUMER_SINCE'] as const;

/** A real broker's, after broker and environment: `SCHWAB_PROD_REDIRECT_URL`. */
const ADDRESSES = ['OAUTH_URL', 'API_URL', 'AUTHORIZE_URL', 'REDIRECT_URL'] as const;

/** A real bot is used when its token is given; only with a real broker, never by the simulators' side. */
export function usesRealTelegram(env: Environment): boolean {
  const app = readObject(env['TOKEN_CADENCE_APP']);
  return typeof app?.['telegramBotToken'] === 'string';
}

/** The bearer key of the JSON routes: the person's own with a real broker, if there is one. */
export function statusKeyOf(env: Environment, keys: LocalKeys, isReal: boolean): string {
  const own = isReal ? readObject(env['TOKEN_CADENCE_APP'])?.['statusKey'] : undefined;
  return typeof own === 'string' ? own : keys.app.statusKey;
}

export function settingsFor(options: SettingsOptions): Record<string, string> {
  const { sessions, state, keys, urls, brokerVariables, env } = options;
  const isReal = brokerVariables === null;
  const variables: Record<string, string> = {
    NODE_ENV: 'production',
    SESSIONS: sessions.join(','),
    PUBLIC_URL: urls.public,
    KEEP_ALIVE_URL: urls.keepAlive,
    ...(options.googleVariables ?? {
      EVENTS_URL: urls.events,
      STORE_DIRECTORY: state.storeDirectory,
      STORE_KEY_FILE: state.storeKeyFile,
    }),
    TOKEN_CADENCE_APP: appFor(keys, isReal ? env['TOKEN_CADENCE_APP'] : undefined),
    ...(urls.telegram === null ? {} : { TELEGRAM_API_URL: urls.telegram }),
    ...brokerVariables,
    [CLOCK_FILE_VARIABLE]: state.clockFile,
    [FAULTS_FILE_VARIABLE]: state.faultsFile,
    [REPORTS_URL_VARIABLE]: urls.workerReports,
    ...(options.colour ? { [COLOUR_VARIABLE]: '1' } : {}),
    ...(options.quiet === true ? { [QUIET_VARIABLE]: '1' } : {}),
  };
  const passOn = (names: readonly string[]): void => {
    for (const name of names) {
      const value = env[name];
      if (value !== undefined) variables[name] = value;
    }
  };
  passOn(PASSED_ON);
  for (const session of sessions) {
    const prefix = variablePrefix(session);
    variables[`${prefix}_WORKERS`] = WORKER_NAMES.join(',');
    passOn(SESSION_WISHES.map((wish) => `${prefix}_${wish}`));
    if (!isReal) {
      variables[`${prefix}_CONSUMER`] = JSON.stringify(keys.consumers[session]);
      continue;
    }
    const shared = variablePrefix(session.split('-').slice(0, 2).join('-'));
    const consumers = ['CONSUMER', 'CONSUMER_SINCE'].map((name) => `${shared}_${name}`);
    passOn([`${prefix}_CONSUMER`, `${prefix}_ACCOUNT`, ...consumers]);
    passOn(ADDRESSES.map((address) => `${shared}_${address}`));
  }
  return variables;
}

/** A person's own fields before generated ones; what does not read is passed on, for config to name it. */
function appFor(keys: LocalKeys, given = ''): string {
  const own = readObject(given);
  if (own === null) return given;
  return JSON.stringify({ ...keys.app, ...own });
}

/** The JSON object of a variable, empty where there is none; `null` when it is something else. */
function readObject(text = ''): Record<string, unknown> | null {
  try {
    // Trimmed of a byte-order mark, too.
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text.trim());
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? { ...value } : null;
  } catch {
    return null;
  }
}
