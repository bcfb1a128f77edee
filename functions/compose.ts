/**
 * The production wiring: settings in, a working system out. The only importer of concrete adapters.
 *
 * Holds no logic and makes no call; heavy clients load at their first use. Called once an instance by
 * each deployed function and by the command line; the local run hands in parts of its own.
 */

import type { DataCalls } from './brokers/data-calls.ts';
import { BROKERS, type BrokerEntry } from './brokers/registry.ts';
import {
  type Clock,
  type Random,
  systemClock,
  systemRandom,
  systemWait,
  type Wait,
} from './clock.ts';
import { accountHasher } from './compose-accounts.ts';
import { backupsOf, checksOf } from './compose-checks.ts';
import { readConfig, type Uses, type Variables } from './config.ts';
import { ConfigError, NotificationError } from './errors.ts';
import type { EventPublisher } from './events/event-publisher.ts';
import { createLocalPublisher } from './events/local.ts';
import { createLocalReportCollector } from './events/local-reports.ts';
import { createPubsubPublisher } from './events/pubsub.ts';
import { createPubsubReportCollector } from './events/pubsub-reports.ts';
import type { ReportCollector } from './events/worker-reports.ts';
import { createCookies } from './http/cookie.ts';
import type { Doors } from './http/doors.ts';
import { createHooks, type Hooks } from './http/hook.ts';
import { createLinks, type Links } from './http/link.ts';
import { createCalendars } from './lifecycle/calendars.ts';
import type { SessionKey } from './lifecycle/session.ts';
import type { Log } from './logging/log.ts';
import { createProcessLog } from './logging/process-log.ts';
import type { Notifier } from './notifications/notifier.ts';
import { createTelegramNotifier } from './notifications/telegram.ts';
import type { WithBackups } from './operations/back-up.ts';
import type { Checks } from './operations/checks.ts';
import { linkEnd } from './operations/link-end.ts';
import type { WithHeartbeat } from './operations/send-heartbeat.ts';
import type { ConfiguredSession, System } from './operations/system.ts';
import type { PeopleSettings, SessionSettings, Settings } from './settings.ts';
import { createEncryptedFileStore } from './storage/encrypted-file.ts';
import { createTokenMirror } from './storage/mirror-secrets.ts';
import { createSecretAccess } from './storage/secret-access.ts';
import { createSecretManagerStore } from './storage/secret-manager.ts';
import type { SessionStore } from './storage/session-store.ts';
import type { TokenMirror } from './storage/token-mirror.ts';

export type Wiring = System & Doors & WithBackups & WithHeartbeat;

/** What calls of one's own to a broker are made of. */
export type BrokerAccess = {
  /** What comes before the broker's data paths. */
  readonly apiUrl: string;
  readonly calls: DataCalls;
};

export type CommandLineSystem = System & {
  /** For `doctor` and `rehearse`; `null` where no messenger is set. */
  readonly checks: Checks | null;
  /** Whether a messenger is set here. */
  readonly tellsPeople: boolean;
  readonly fetch: typeof globalThis.fetch;
  /** Where brokers post what people approved; `null` where no public address is set. */
  readonly hooks: Hooks | null;
  /** `null` for a session that is not configured. */
  readonly brokerAccess: (session: SessionKey) => BrokerAccess | null;
};

/** What can be handed in instead of the production part. */
export type Parts = {
  readonly clock: Clock;
  readonly wait: Wait;
  readonly random: Random;
  readonly fetch: typeof globalThis.fetch;
  readonly store: SessionStore;
  readonly events: EventPublisher;
  readonly reports: ReportCollector;
  readonly notifier: Notifier;
  readonly log: Log;
};

export type ComposeOptions = {
  readonly env?: Variables;
  readonly uses?: Partial<Uses>;
  readonly parts?: Partial<Parts>;
};

const COOKIE_MAX_AGE_MS = 24 * 60 * 60_000;

/**
 * The whole of a deployed function: the system and the doors to its pages.
 *
 * @throws ConfigError naming every missing or malformed setting
 */
export function compose(options: ComposeOptions = {}): Wiring {
  const settings = readConfig(options.env, options.uses);
  const { system, parts } = systemOf(settings, options.parts ?? {});
  const { people, heartbeat: url } = settings;
  if (people === null) throw new ConfigError(['"TOKEN_CADENCE_APP" is missing']);
  const backups = backupsOf(settings, parts);
  const heartbeat = url === null ? null : { url, fetch: parts.fetch };
  return { ...system, ...doorsOf(people, system.sessions, parts), backups, heartbeat };
}

/**
 * The system for the command line: with no people to reach, what they are told waits for a function.
 *
 * @throws ConfigError naming every missing or malformed setting that `uses` asks for
 */
export function composeSystem(options: ComposeOptions = {}): CommandLineSystem {
  const settings = readConfig(options.env, { people: false, ...options.uses });
  const { system, parts } = systemOf(settings, options.parts ?? {});
  const access = new Map(
    settings.sessions.map((session) => [session.key, brokerAccess(session, parts)]),
  );
  return {
    ...system,
    tellsPeople: settings.people !== null,
    hooks: settings.people === null ? null : hooksOf(settings.people),
    checks: settings.people === null ? null : checksOf(settings, settings.people, parts),
    fetch: parts.fetch,
    brokerAccess: (key) => access.get(key) ?? null,
  };
}

type Basics = Pick<Parts, 'clock' | 'wait' | 'random' | 'fetch' | 'log'>;

function systemOf(
  settings: Settings,
  handedIn: Partial<Parts>,
): { readonly system: System; readonly parts: Basics } {
  const clock = handedIn.clock ?? systemClock;
  const parts: Basics = {
    clock,
    wait: handedIn.wait ?? systemWait,
    random: handedIn.random ?? systemRandom,
    fetch: handedIn.fetch ?? globalThis.fetch,
    log: handedIn.log ?? createProcessLog({ clock, project: settings.project }),
  };
  const { people } = settings;
  const sessions = settings.sessions.map((session) => configured(session, people, parts));
  const links = people === null ? null : linksOf(people, sessions, clock);
  const system: System = {
    sessions,
    calendar: createCalendars(settings.marketChanges),
    clock,
    wait: parts.wait,
    random: parts.random,
    ...storageOf(settings, handedIn, parts),
    events: handedIn.events ?? publisherOf(settings, parts),
    reports: handedIn.reports ?? collectorOf(settings, parts),
    notifier: handedIn.notifier ?? notifierOf(people, parts),
    signInLink: async (session) => {
      if (links === null) throw noMessenger();
      return links.create(session);
    },
    log: parts.log,
  };
  return { system, parts };
}

function notifierOf(people: PeopleSettings | null, { wait }: Pick<Parts, 'wait'>): Notifier {
  if (people === null) {
    return {
      deliver: async () => {
        throw noMessenger();
      },
    };
  }
  const { botToken, chatId, apiUrl } = people.telegram;
  return createTelegramNotifier({
    token: botToken,
    chatId,
    wait,
    ...(apiUrl === null ? {} : { apiRoot: apiUrl }),
  });
}

/** Retryable: the message stays saved, and the next function sends it. */
function noMessenger(): NotificationError {
  return new NotificationError('No messenger is set here; the next function run sends it', {
    code: 'NOTIFICATION_UNAVAILABLE',
    retryable: true,
  });
}

function linksOf(
  { linkKey, telegram, publicUrl }: PeopleSettings,
  sessions: readonly ConfiguredSession[],
  clock: Clock,
): Links {
  return createLinks({
    key: linkKey,
    chatId: telegram.chatId,
    publicUrl,
    clock,
    endsAt: (key, now) => linkEnd(sessions, key, now),
  });
}

function doorsOf(
  people: PeopleSettings,
  sessions: readonly ConfiguredSession[],
  { clock, random }: Pick<Parts, 'clock' | 'random'>,
): Doors {
  const { publicUrl, linkKey, telegram, statusKey } = people;
  return {
    publicUrl,
    links: linksOf(people, sessions, clock),
    cookies: createCookies({
      key: linkKey,
      chatId: telegram.chatId,
      secure: publicUrl.startsWith('https:'),
      clock,
      random,
      maxAgeMs: COOKIE_MAX_AGE_MS,
    }),
    hooks: hooksOf(people),
    statusKey,
  };
}

function hooksOf({ linkKey, publicUrl }: PeopleSettings): Hooks {
  return createHooks({ key: linkKey, publicUrl });
}

function brokerAccess(session: SessionSettings, parts: Basics): BrokerAccess {
  const { consumerKey, consumerSecret, urls } = session;
  const entry = entryOf(session);
  const calls = entry.createDataCalls({ consumerKey, consumerSecret, ...parts });
  return { apiUrl: urls.apiUrl, calls };
}

function configured(
  settings: SessionSettings,
  people: PeopleSettings | null,
  parts: Pick<Parts, 'clock' | 'wait' | 'random' | 'fetch'>,
): ConfiguredSession {
  const { key, title, alertAt, required, environment } = settings;
  const { consumerKey, consumerSecret, urls, redirectUrl } = settings;
  const broker = entryOf(settings).create({
    environment,
    consumerKey,
    consumerSecret,
    ...urls,
    redirectUrl,
    ...parts,
  });
  const hashAccount = accountHasher(
    people === null ? [consumerSecret] : [consumerSecret, people.linkKey],
  );
  const account = settings.accountIds?.map(hashAccount) ?? null;
  const { workers, consumerKeySince } = settings;
  const { approval } = broker;
  const asks = settings.asksForApproval && approval !== undefined ? { approval } : {};
  const told = { alertAt, required, consumerKeySince };
  return { key, title, broker, ...asks, ...told, account, workers, hashAccount };
}

function entryOf({ broker, key }: SessionSettings): BrokerEntry {
  const entry = BROKERS[broker];
  if (entry === undefined)
    throw new ConfigError([`"SESSIONS" names "${key}", whose broker is unknown`]);
  return entry;
}

/** Store and mirror, on one client of Secret Manager. */
function storageOf(
  { store, mirrored }: Settings,
  handedIn: Partial<Parts>,
  parts: Pick<Parts, 'clock' | 'wait' | 'random' | 'log'>,
): { readonly store: SessionStore; readonly mirror: TokenMirror | null } {
  if (store.kind === 'file') {
    const { directory } = store;
    const key =
      'passphrase' in store ? { passphrase: store.passphrase } : { keyFile: store.keyFile };
    const { clock, random } = parts;
    const files = () => createEncryptedFileStore({ directory, key, clock, random });
    return { store: handedIn.store ?? files(), mirror: null };
  }
  const endpoint = store.apiUrl ?? undefined;
  const secrets = createSecretAccess({ project: store.project, endpoint, ...parts });
  return {
    store: handedIn.store ?? createSecretManagerStore({ secrets, ...parts }),
    mirror:
      mirrored.length === 0 ? null : createTokenMirror({ secrets, sessions: mirrored, ...parts }),
  };
}

function publisherOf({ events }: Settings, parts: Pick<Parts, 'fetch' | 'random'>): EventPublisher {
  return events.kind === 'pubsub'
    ? createPubsubPublisher({ project: events.project, topic: events.topic })
    : createLocalPublisher({ url: events.url, ...parts });
}

function collectorOf(
  { events }: Settings,
  { fetch }: Pick<Parts, 'fetch'>,
): ReportCollector | null {
  if (events.kind === 'http') return createLocalReportCollector({ url: events.url, fetch });
  const { project, reports } = events;
  return reports === null ? null : createPubsubReportCollector({ project, subscription: reports });
}
