/**
 * The names of all settings, and which of ours a name that is not read was probably meant to be.
 *
 * The compiler lets `config.ts` read no name that is missing here. Knows names only, never a value.
 */

import { BROKERS } from './brokers/registry.ts';

export const VARIABLES = [
  'ALERT_AT',
  'BACKUP_DIRECTORY',
  'BACKUP_PASSPHRASE',
  'EVENTS_TOPIC',
  'EVENTS_URL',
  'GOOGLE_CLOUD_PROJECT',
  'HEARTBEAT_URL',
  'MARKET_CLOSURES',
  'MARKET_SESSIONS',
  'MIRROR_SECRETS',
  'PUBLIC_URL',
  'REQUIRED_SESSIONS',
  'SECRET_MANAGER_API_URL',
  'SESSIONS',
  'STORE_DIRECTORY',
  'STORE_KEY_FILE',
  'STORE_PASSPHRASE',
  'TELEGRAM_API_URL',
  'TOKEN_CADENCE_APP',
  'WORKER_REPORTS_SUBSCRIPTION',
] as const;

/** What follows the name of a session: `ETRADE_PROD_ALERT_AT`. */
const ENDINGS = [
  'ACCOUNT',
  'ALERT_AT',
  'API_URL',
  'APPROVAL',
  'AUTHORIZE_URL',
  'CONSUMER',
  'CONSUMER_SINCE',
  'OAUTH_URL',
  'REDIRECT_URL',
  'WORKERS',
] as const;

/** People set these as variables of their own, as other programs have them. */
export const APP_FIELDS = ['telegramBotToken', 'telegramChatId', 'linkKey', 'statusKey'] as const;

export type VariableName = (typeof VARIABLES)[number] | `${string}_${(typeof ENDINGS)[number]}`;

const SESSIONS = Object.values(BROKERS).flatMap(({ name, defaults }) =>
  Object.keys(defaults).map((environment) => `${name}_${environment}`.toUpperCase()),
);
const OF_A_SESSION = new RegExp(`^(${SESSIONS.join('|')})_`);
const READ = new RegExp(
  `^(?:${VARIABLES.join('|')}|(?:${SESSIONS.join('|')})(?:_[A-Z0-9]+)?_(?:${ENDINGS.join('|')}))$`,
);
const CANDIDATES: readonly string[] = [
  ...VARIABLES,
  ...SESSIONS.flatMap((session) => ENDINGS.map((ending) => `${session}_${ending}`)),
];

/**
 * Why a name is not read although it looks like one of ours, as the end of a sentence; `null` for a name that
 * is read, for another program's, and where the name that was meant is set as well.
 */
export function whyNotRead(name: string, isSet: (name: string) => boolean): string | null {
  const upper = name.toUpperCase();
  if (READ.test(name)) return null;
  if (READ.test(upper)) return isSet(upper) ? null : 'is not read: names are upper case';
  const meant = CANDIDATES.find((candidate) => isClose(upper, candidate));
  if (meant !== undefined && !isSet(meant)) return `is not read: is "${meant}" meant?`;
  const field = APP_FIELDS.find((each) => isClose(upper, each.toUpperCase()));
  if (field !== undefined && !isSet('TOKEN_CADENCE_APP')) {
    return `is not read: "TOKEN_CADENCE_APP" has it, as the field "${field}"`;
  }
  const session = OF_A_SESSION.exec(upper)?.[1];
  return session === undefined
    ? null
    : `is not read: names that begin with "${session}_" end with ${ENDINGS.join(', ')}`;
}

/** Variables of an environment that look like ours and are not, each as a problem. */
export function namesNotRead(
  env: Readonly<Record<string, string | undefined>>,
  needsApp: boolean,
): string[] {
  const isSet = (name: string): boolean => (env[name] ?? '').trim() !== '';
  // Where nobody asks for it, another program's bot token is no mistake.
  const isGiven = (name: string): boolean =>
    isSet(name) || (name === 'TOKEN_CADENCE_APP' && !needsApp);
  return Object.keys(env)
    .filter(isSet)
    .flatMap((name) => {
      const why = whyNotRead(name, isGiven);
      return why === null ? [] : [`"${name}" ${why}`];
    });
}

/** At most one letter is missing, added, wrong or in its neighbour's place; underscores do not count. */
function isClose(one: string, other: string): boolean {
  const [a, b] = [one, other].map((each) => each.replaceAll('_', ''));
  if (a === undefined || b === undefined || Math.abs(a.length - b.length) > 1) return false;
  let from = 0;
  while (from < a.length && a[from] === b[from]) from += 1;
  const isSwapped = a[from] === b[from + 1] && a[from + 1] === b[from];
  return (
    (isSwapped && a.slice(from + 2) === b.slice(from + 2)) ||
    a.slice(from + 1) === b.slice(from + 1) ||
    a.slice(from) === b.slice(from + 1) ||
    a.slice(from + 1) === b.slice(from)
  );
}
