/**
 * The wiring of what `doctor` and `rehearse` look with, and of the place for daily copies.
 *
 * Makes no call. Called by `compose.ts` alone.
 */

import type { Broker } from './brokers/broker.ts';
import { BROKERS } from './brokers/registry.ts';
import type { Clock, Random, Wait } from './clock.ts';
import { createLocalCheck } from './events/local-check.ts';
import { createPubsubCheck } from './events/pubsub-check.ts';
import { createTelegramCheck } from './notifications/telegram-check.ts';
import type { Checks } from './operations/checks.ts';
import type { PeopleSettings, SessionSettings, Settings } from './settings.ts';
import type { BackupPlace } from './storage/backup.ts';
import { createBackupDirectory } from './storage/backup-directory.ts';

type Parts = {
  readonly clock: Clock;
  readonly wait: Wait;
  readonly random: Random;
  readonly fetch: typeof globalThis.fetch;
};

export function checksOf(settings: Settings, people: PeopleSettings, parts: Parts): Checks {
  const { events, sessions } = settings;
  const { botToken, chatId, apiUrl } = people.telegram;
  return {
    events:
      events.kind === 'pubsub'
        ? createPubsubCheck(events)
        : createLocalCheck({ ...parts, url: events.url }),
    messenger: createTelegramCheck({
      token: botToken,
      chatId,
      ...(apiUrl === null ? {} : { apiRoot: apiUrl }),
    }),
    publicUrl: people.publicUrl,
    fetch: parts.fetch,
    backups: backupsOf(settings, parts),
    counterpart: (key) => {
      const session = sessions.find((candidate) => candidate.key === key);
      return session === undefined ? null : counterpartOf(session, parts);
    },
  };
}

export function backupsOf(
  { backup }: Settings,
  { random }: Pick<Parts, 'random'>,
): BackupPlace | null {
  return backup === null ? null : createBackupDirectory({ ...backup, random });
}

/** Only where the address is the broker's own: that of a simulator has no other environment. */
function counterpartOf(session: SessionSettings, parts: Parts): Broker | null {
  const { environment, urls, consumerKey, consumerSecret } = session;
  const entry = BROKERS[session.broker];
  if (entry === undefined || urls.oauthUrl !== entry.defaults[environment]?.oauthUrl) return null;
  const other = environment === 'prod' ? 'sandbox' : 'prod';
  const there = entry.defaults[other];
  if (there === undefined || there.oauthUrl === urls.oauthUrl) return null;
  return entry.create({ environment: other, consumerKey, consumerSecret, ...there, ...parts });
}
