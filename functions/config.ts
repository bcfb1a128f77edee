/**
 * The settings of token-cadence, read from environment variables.
 *
 * Every problem is collected and named at once, never with its value. Mounted secrets become `Secret`
 * here and tolerate the trailing newline that editors add. Read on the first request, never at import,
 * by `compose.ts`.
 */

import * as z from 'zod';
import { BROKERS, type BrokerEntry } from './brokers/registry.ts';
import { readAlertTime, readMarketChanges, readSince } from './config-markets.ts';
import { type APP_FIELDS, namesNotRead, type VariableName } from './config-names.ts';
import {
  type Reader,
  readBackup,
  readEvents,
  readHeartbeat,
  readStore,
} from './config-services.ts';
import { ConfigError } from './errors.ts';
import type { MarketChanges } from './lifecycle/calendars.ts';
import { parseSessionKey, type SessionKey } from './lifecycle/session.ts';
import { isWorkerName, WORKER_NAME_RULE } from './lifecycle/worker-report.ts';
import { Secret } from './secret.ts';
import type { PeopleSettings, SessionSettings, Settings, StoreSettings } from './settings.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

const word = z.string().trim();

const consumerSchema = z.object({ key: word.min(1), secret: word.min(1) });

const appSchema = z.object({
  telegramBotToken: word.regex(/^\d+:[\w-]+$/),
  telegramChatId: z.union([z.string(), z.number()]).transform(String).pipe(word.regex(/^\d+$/)),
  linkKey: word.min(32),
  statusKey: word.min(16).optional(),
} satisfies Record<(typeof APP_FIELDS)[number], z.ZodType>);

const APP_HINTS: Readonly<Record<(typeof APP_FIELDS)[number], string>> = {
  telegramBotToken: 'looks like 123456:ABC… and comes from @BotFather',
  telegramChatId: 'is the number of a private chat (groups, which start with "-", are refused)',
  linkKey: 'needs at least 32 random characters',
  statusKey: 'needs at least 16 random characters',
};

/** What a function or command uses, so that it asks only for that. */
export type Uses = {
  /** Consumer keys; `for-approvals`: only of sessions whose broker asks the person, as `morning-alert` has it. */
  readonly consumers: boolean | 'for-approvals';
  /** Pages and messenger: the command line works without them, and uses them where they are set. */
  readonly people: boolean;
};

const EVERYTHING: Uses = { consumers: true, people: true };

/** Whether people reach the pages over https: asked apart, because a refusal must not wait for all settings. */
export function isServedByHttps(env: Variables = process.env): boolean {
  return URL.parse(env['PUBLIC_URL']?.trim() ?? '')?.protocol === 'https:';
}

/**
 * Reads and checks every setting.
 *
 * @throws ConfigError listing all problems by variable name
 */
export function readConfig(
  env: Variables = process.env,
  asked: Partial<Uses> = EVERYTHING,
): Settings {
  const uses: Uses = { ...EVERYTHING, ...asked };
  const problems: string[] = [];
  const text: Reader['text'] = (name) => {
    const value = env[name]?.trim();
    return value === undefined || value === '' ? null : value;
  };
  const missing = (name: VariableName, what: string): string => {
    problems.push(`"${name}" is missing: ${what}`);
    return '';
  };
  /** A whole address, exactly as it was given: others compare it to the letter. */
  const address = (name: VariableName): string | null => {
    const value = text(name);
    if (value !== null && !/^https?:$/.test(URL.parse(value)?.protocol ?? '')) {
      problems.push(`"${name}" is not an http(s) URL`);
    } else if (value !== null && !isPrivateLine(value)) {
      problems.push(`"${name}" is plain http to another machine: secrets go there, so use https`);
    }
    return value;
  };
  /** What paths are appended to. */
  const url = (name: VariableName): string | null => address(name)?.replace(/\/+$/, '') ?? null;
  const variables: Reader = { text, address, url, missing };
  const requiredKeys = listOf(text('REQUIRED_SESSIONS'));
  const names = listOf(text('SESSIONS') ?? 'etrade-sandbox');
  const hasProd = names.some((name) => parseSessionKey(name)?.environment === 'prod');

  const sessions: SessionSettings[] = [];
  for (const name of new Set(names)) {
    const parsed = parseSessionKey(name);
    const broker = parsed === null ? undefined : BROKERS[parsed.broker];
    if (parsed === null) {
      problems.push(`"SESSIONS" names ${shown(name)}, which is no session key like etrade-prod`);
      continue;
    }
    if (broker === undefined) {
      const known = Object.keys(BROKERS).join(', ');
      problems.push(`"SESSIONS" names ${shown(name)}, whose broker is unknown (known: ${known})`);
      continue;
    }
    const own = variablePrefix(parsed.key);
    const shared = variablePrefix(`${parsed.broker}-${parsed.environment}`);
    const consumerName: VariableName =
      text(`${own}_CONSUMER`) === null ? `${shared}_CONSUMER` : `${own}_CONSUMER`;
    const asksForApproval = readApproval(variables, `${own}_APPROVAL`, broker, problems);
    const needsConsumer = uses.consumers === 'for-approvals' ? asksForApproval : uses.consumers;
    const consumer = needsConsumer
      ? readJson(consumerSchema, consumerName, text(consumerName), {}, problems)
      : null;
    const defaults = broker.defaults[parsed.environment];
    if (defaults === undefined) {
      const known = Object.keys(broker.defaults).join(', ');
      problems.push(`"SESSIONS" names ${shown(name)}, but ${broker.title} has only: ${known}`);
      continue;
    }
    const accountIds = listOf(text(`${own}_ACCOUNT`));
    sessions.push({
      key: parsed.key,
      broker: parsed.broker,
      environment: parsed.environment,
      title: [broker.title, parsed.environment, parsed.account]
        .filter((part) => part !== null)
        .join(' '),
      consumerKey: new Secret(consumer?.key ?? ''),
      consumerSecret: new Secret(consumer?.secret ?? ''),
      urls: {
        oauthUrl: url(`${shared}_OAUTH_URL`) ?? defaults.oauthUrl,
        apiUrl: url(`${shared}_API_URL`) ?? defaults.apiUrl,
        authorizeUrl: address(`${shared}_AUTHORIZE_URL`) ?? defaults.authorizeUrl,
      },
      redirectUrl:
        address(`${shared}_REDIRECT_URL`) ?? ownCallback(text('PUBLIC_URL'), parsed.broker),
      consumerKeySince: readSince(variables, own, shared, problems),
      alertAt: readAlertTime(variables, `${own}_ALERT_AT`, broker.rules.market, problems),
      asksForApproval,
      required:
        requiredKeys.length > 0
          ? requiredKeys.includes(parsed.key)
          : !hasProd || parsed.environment === 'prod',
      accountIds: accountIds.length > 0 ? accountIds : null,
      workers: readWorkers(`${own}_WORKERS`, text(`${own}_WORKERS`), problems),
    });
  }
  for (const key of requiredKeys) {
    if (!names.includes(key))
      problems.push(`"REQUIRED_SESSIONS" names ${shown(key)}, which "SESSIONS" lacks`);
  }

  problems.push(...namesNotRead(env, uses.people));

  const project = text('GOOGLE_CLOUD_PROJECT');
  const people = readPeople(variables, problems, uses);
  const store = readStore(variables);
  const backup = readBackup(variables, problems);
  const heartbeat = readHeartbeat(variables, problems);
  const mirrored = readMirrored(listOf(text('MIRROR_SECRETS')), sessions, store, problems);
  const events = readEvents(variables);
  const marketChanges = readMarketChanges({ text }, problems);

  const settings: Settings = {
    sessions,
    people,
    marketChanges,
    store,
    backup,
    heartbeat,
    mirrored,
    events,
    project,
  };
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return settings;
}

/** Where the pages take a broker's redirect. */
function ownCallback(publicUrl: string | null, broker: string): string | null {
  return publicUrl === null ? null : `${publicUrl.replace(/\/+$/, '')}/callback/${broker}`;
}

/** `etrade-prod-ira` → `ETRADE_PROD_IRA`, the prefix of a session's variables. */
export function variablePrefix(sessionKey: string): string {
  return sessionKey.toUpperCase().replaceAll('-', '_');
}

/** A name as it was written, unless it looks like something that was pasted into the wrong variable. */
function shown(name: string): string {
  return /^[\w-]{1,24}$/.test(name) ? `"${name}"` : 'something';
}

/** `push`, or nothing at all. */
function readApproval(
  { text }: Reader,
  variable: VariableName,
  { title, hasApproval = false }: BrokerEntry,
  problems: string[],
): boolean {
  const value = text(variable);
  if (value === null) return false;
  if (value !== 'push') problems.push(`"${variable}" is not "push"; leave it out otherwise`);
  else if (!hasApproval) problems.push(`"${variable}": ${title} cannot ask people on their phone`);
  return value === 'push' && hasApproval;
}

/** Names that a worker can report under; another would be offline for ever. */
function readWorkers(
  variable: string,
  value: string | null,
  problems: string[],
): readonly string[] {
  const names = [...new Set(listOf(value))];
  for (const name of names.filter((each) => !isWorkerName(each))) {
    problems.push(
      `"${variable}" names ${shown(name)}, which is not a worker's name: ${WORKER_NAME_RULE}`,
    );
  }
  return names;
}

function listOf(value: string | null): string[] {
  return (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function readJson<T>(
  schema: z.ZodType<T>,
  name: string,
  value: string | null,
  hints: Readonly<Record<string, string>>,
  problems: string[],
): T | null {
  if (value === null) {
    problems.push(`"${name}" is missing: the mounted secret of that name, a JSON object`);
    return null;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    problems.push(`"${name}" is not JSON`);
    return null;
  }
  const result = schema.safeParse(parsed);
  if (result.success) return result.data;
  const fields = new Set(result.error.issues.map((issue) => issue.path.join('.')));
  for (const field of fields) {
    const hint = hints[field];
    const what =
      field === '' ? 'is not a JSON object' : `has a missing or malformed field "${field}"`;
    problems.push(`"${name}" ${what}${hint === undefined ? '' : `, which ${hint}`}`);
  }
  return null;
}

/** All or nothing: who works without people must not be stopped by half of what is for them. */
function readPeople(
  { text, url, missing }: Reader,
  problems: string[],
  uses: Uses,
): PeopleSettings | null {
  const before = problems.length;
  const name = 'TOKEN_CADENCE_APP';
  const app = readJson(appSchema, name, text(name), APP_HINTS, problems);
  const given =
    url('PUBLIC_URL') ?? missing('PUBLIC_URL', 'the address people open, like https://…');
  const parsed = URL.parse(given);
  // Browsers name it in lower case and without a default port.
  const publicUrl = parsed?.origin ?? given;
  if (parsed !== null && parsed.href !== `${publicUrl}/`) {
    problems.push(
      '"PUBLIC_URL" has a path: the pages need an address of their own, like https://host',
    );
  }
  const apiUrl = url('TELEGRAM_API_URL');
  const isWhole = problems.length === before;
  if (!uses.people) problems.splice(before);
  if (app === null || !isWhole) return null;
  return {
    publicUrl,
    telegram: { botToken: new Secret(app.telegramBotToken), chatId: app.telegramChatId, apiUrl },
    linkKey: new Secret(app.linkKey),
    statusKey: app.statusKey === undefined ? null : new Secret(app.statusKey),
  };
}

/** Accounts within one environment would overwrite each other's two secrets. */
function readMirrored(
  names: readonly string[],
  sessions: readonly SessionSettings[],
  store: StoreSettings,
  problems: string[],
): readonly SessionKey[] {
  if (names.length > 0 && store.kind === 'file') {
    problems.push('"MIRROR_SECRETS" needs Secret Manager, but "STORE_DIRECTORY" names a folder');
  }
  return names.flatMap((name) => {
    const session = sessions.find(({ key }) => key === name);
    if (session === undefined) {
      problems.push(`"MIRROR_SECRETS" names ${shown(name)}, which "SESSIONS" lacks`);
    } else if (parseSessionKey(session.key)?.account !== null) {
      problems.push(`"MIRROR_SECRETS" names ${shown(name)}: only sessions without an account part`);
    }
    return session === undefined ? [] : [session.key];
  });
}

/**
 * `MARKET_CLOSURES` and `MARKET_SESSIONS` alone, for a question that needs no other setting.
 *
 * @throws ConfigError
 */
export function marketChangesOf(env: Variables): MarketChanges {
  const problems: string[] = [];
  const changes = readMarketChanges({ text: (name) => env[name] ?? null }, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return changes;
}

/** https, or plain http that never leaves this machine. */
export function isPrivateLine(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
