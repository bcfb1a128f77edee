/**
 * The production wiring: settings in, a working system out. The only importer of concrete adapters.
 *
 * Holds no logic and makes no call; heavy clients load at their first use. Called once an instance by
 * each deployed function and by the command line; the local run hands in parts of its own.
 */

import { createHash, createHmac } from 'node:crypto';
import { BROKERS } from './brokers/registry.ts';
import {
  type Clock,
  type Random,
  systemClock,
  systemRandom,
  systemWait,
  type Wait,
} from './clock.ts';
import { readConfig, type Uses, type Variables } from './config.ts';
import { ConfigError } from './errors.ts';
import type { EventPublisher } from './events/event-publisher.ts';
import { createLocalPublisher } from './events/local.ts';
import { createPubsubPublisher } from './events/pubsub.ts';
import type { ReportCollector } from './events/worker-reports.ts';
import { createCookies } from './http/cookie.ts';
import { deriveKey } from './http/derive-key.ts';
import type { Doors } from './http/doors.ts';
import { createLinks } from './http/link.ts';
import { hardEndAt } from './lifecycle/hard-end.ts';
import { createNyseCalendar } from './lifecycle/nyse-calendar.ts';
import type { SessionKey } from './lifecycle/session.ts';
import type { Log } from './logging/log.ts';
import { createProcessLog } from './logging/process-log.ts';
import type { Notifier } from './notifications/notifier.ts';
import { createTelegramNotifier } from './notifications/telegram.ts';
import type { ConfiguredSession, System } from './operations/system.ts';
import type { Secret } from './secret.ts';
import type { SessionSettings, Settings } from './settings.ts';
import { createEncryptedFileStore } from './storage/encrypted-file.ts';
import { createTokenMirror } from './storage/mirror-secrets.ts';
import { createSecretAccess } from './storage/secret-access.ts';
import { createSecretManagerStore } from './storage/secret-manager.ts';
import type { SessionStore } from './storage/session-store.ts';
import type { TokenMirror } from './storage/token-mirror.ts';

export type Wiring = System & Doors;

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
  readonly uses?: Uses;
  readonly parts?: Partial<Parts>;
};

const COOKIE_MAX_AGE_MS = 24 * 60 * 60_000;

/** @throws ConfigError naming every missing or malformed setting */
export function compose(options: ComposeOptions = {}): Wiring {
  const settings = readConfig(options.env, options.uses);
  const { parts = {} } = options;
  const clock = parts.clock ?? systemClock;
  const wait = parts.wait ?? systemWait;
  const random = parts.random ?? systemRandom;
  const fetch = parts.fetch ?? globalThis.fetch;
  const log = parts.log ?? createProcessLog({ clock, project: settings.project });
  const sessions = settings.sessions.map((session) =>
    configured(session, { clock, wait, random, fetch }),
  );
  const nyse = createNyseCalendar({ closures: settings.marketClosures });
  const { telegram, linkKey, publicUrl, statusKey } = settings;
  const links = createLinks({
    key: linkKey,
    chatId: telegram.chatId,
    publicUrl,
    clock,
    endsAt: (key, now) => linkEnd(sessions, key, now),
  });
  return {
    sessions,
    calendar: () => nyse,
    clock,
    wait,
    random,
    ...storageOf(settings, parts, { clock, wait, random, log }),
    events: parts.events ?? publisherOf(settings, { fetch, random }),
    reports: parts.reports ?? null,
    notifier:
      parts.notifier ??
      createTelegramNotifier({
        token: telegram.botToken,
        chatId: telegram.chatId,
        wait,
        ...(telegram.apiUrl === null ? {} : { apiRoot: telegram.apiUrl }),
      }),
    signInLink: (session) => links.create(session),
    log,
    publicUrl,
    links,
    cookies: createCookies({
      key: linkKey,
      chatId: telegram.chatId,
      secure: publicUrl.startsWith('https:'),
      clock,
      random,
      maxAgeMs: COOKIE_MAX_AGE_MS,
    }),
    statusKey,
  };
}

function configured(
  settings: SessionSettings,
  parts: Pick<Parts, 'clock' | 'wait' | 'random' | 'fetch'>,
): ConfiguredSession {
  const { key, title, alertAt, required, environment, consumerKey, consumerSecret, urls } =
    settings;
  const entry = BROKERS[settings.broker];
  if (entry === undefined)
    throw new ConfigError([`"SESSIONS" names "${key}", whose broker is unknown`]);
  const broker = entry.create({ environment, consumerKey, consumerSecret, ...urls, ...parts });
  const hashAccount = accountHasher(consumerSecret);
  const account = settings.accountIds?.map(hashAccount) ?? null;
  const { workers } = settings;
  return { key, title, broker, alertAt, required, account, workers, hashAccount };
}

/**
 * Keyed with the consumer secret, so that a new link key leaves the binding alone. Hashes carry the id of
 * their key: after a new consumer secret they are not mistaken for another account.
 */
function accountHasher(consumerSecret: Secret): (accountId: string) => string {
  const key = deriveKey(consumerSecret, 'account');
  const keyId = createHash('sha256').update(key).digest('base64url').slice(0, 6);
  return (accountId) =>
    `${keyId}.${createHmac('sha256', key).update(accountId).digest('base64url').slice(0, 16)}`;
}

/** A link lives as long as a sign-in made now would: until the hard end, for the dashboard the latest one. */
function linkEnd(
  sessions: readonly ConfiguredSession[],
  key: SessionKey | null,
  now: number,
): number {
  const ends = sessions
    .filter((session) => key === null || session.key === key)
    .map((session) => hardEndAt(session.broker.rules, { issuedAt: now, signedInAt: now }));
  return Math.max(now, ...ends);
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
