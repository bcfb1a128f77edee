/**
 * Everything an operation may touch, handed in: settings, time, chance, the store and the services.
 *
 * Types only. Made by `compose.ts` for the deployed functions and by `infra/local` for the local run;
 * tests hand in fakes.
 */

import type { ApprovalPush, Broker } from '../brokers/broker.ts';
import type { Clock, Random, Wait } from '../clock.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { ReportCollector } from '../events/worker-reports.ts';
import type { Calendar } from '../lifecycle/calendar.ts';
import type { Market } from '../lifecycle/rules.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { Log } from '../logging/log.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { SessionStore } from '../storage/session-store.ts';
import type { TokenMirror } from '../storage/token-mirror.ts';

/** One configured session with its broker, credentials already inside. */
export type ConfiguredSession = {
  readonly key: SessionKey;
  /** "E*TRADE sandbox", as people read it. */
  readonly title: string;
  readonly broker: Broker;
  /** Asks the person in the broker's app; only where the settings want that. */
  readonly approval?: ApprovalPush;
  /** When the broker issued the consumer key, epoch ms; `null` or absent: not known. */
  readonly consumerKeySince?: number | null;
  /** Wall-clock time of the first alert in the market's zone, "08:30"; `null`: an hour before the open. */
  readonly alertAt: string | null;
  /** Whether the ladder of reminders is for this session. */
  readonly required: boolean;
  /** Hashes of the account ids set by configuration; `null`: those of the first sign-in count. */
  readonly account: readonly string[] | null;
  /** Workers that are to use this session, by name; others are known by their reports. */
  readonly workers: readonly string[];
  /** Keyed hash of a broker's account id: comparable, useless to anyone else. */
  readonly hashAccount: (accountId: string) => string;
};

export type System = {
  readonly sessions: readonly ConfiguredSession[];
  readonly calendar: (market: Market) => Calendar;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly random: Random;
  readonly store: SessionStore;
  /** Tokens also under older names; `null` where nobody asks for it. */
  readonly mirror: TokenMirror | null;
  readonly events: EventPublisher;
  /** What workers report; `null` where nobody collects it. */
  readonly reports: ReportCollector | null;
  readonly notifier: Notifier;
  /** A fresh sign-in link; `null` opens the dashboard. */
  readonly signInLink: (session: SessionKey | null) => Promise<string>;
  readonly log: Log;
};
