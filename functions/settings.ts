/**
 * The settings of token-cadence, checked and parsed: what `config.ts` makes of the environment.
 *
 * Types only; secrets are `Secret`. Read by `compose.ts`, which hands out what each part needs.
 */

import type { MarketChanges } from './lifecycle/calendars.ts';
import type { Environment, SessionKey } from './lifecycle/session.ts';
import type { Secret } from './secret.ts';

export type BrokerUrls = {
  readonly oauthUrl: string;
  readonly apiUrl: string;
  readonly authorizeUrl: string;
};

export type SessionSettings = {
  readonly key: SessionKey;
  readonly broker: string;
  readonly environment: Environment;
  readonly title: string;
  readonly consumerKey: Secret;
  readonly consumerSecret: Secret;
  readonly urls: BrokerUrls;
  /** Where the broker's redirect leads; `null` where no public address is set. */
  readonly redirectUrl: string | null;
  readonly alertAt: string | null;
  /** When the broker issued the consumer key, epoch ms; `null`: not known. */
  readonly consumerKeySince: number | null;
  /** Whether the alert has the broker ask the person in its own app. */
  readonly asksForApproval: boolean;
  readonly required: boolean;
  /** Broker account ids that may sign in here; `null`: those of the first sign-in. */
  readonly accountIds: readonly string[] | null;
  /** Workers that are to use this session, by name. */
  readonly workers: readonly string[];
};

export type StoreSettings =
  | { readonly kind: 'secret-manager'; readonly project: string; readonly apiUrl: string | null }
  | { readonly kind: 'file'; readonly directory: string; readonly keyFile: string }
  | { readonly kind: 'file'; readonly directory: string; readonly passphrase: Secret };

export type EventSettings =
  | {
      readonly kind: 'pubsub';
      readonly project: string;
      readonly topic: string;
      /** Subscription that workers' reports wait in; `null`: nobody collects them. */
      readonly reports: string | null;
    }
  | { readonly kind: 'http'; readonly url: string };

/** Where daily copies go. */
export type BackupSettings = { readonly directory: string; readonly passphrase: Secret };

/** What reaches people: the pages' address and keys, the messenger. */
export type PeopleSettings = {
  readonly publicUrl: string;
  readonly telegram: {
    readonly botToken: Secret;
    readonly chatId: string;
    readonly apiUrl: string | null;
  };
  readonly linkKey: Secret;
  readonly statusKey: Secret | null;
};

export type Settings = {
  readonly sessions: readonly SessionSettings[];
  /** `null` where they are neither asked for nor given whole. */
  readonly people: PeopleSettings | null;
  readonly marketChanges: MarketChanges;
  readonly store: StoreSettings;
  /** `null` where no daily copy is wanted. */
  readonly backup: BackupSettings | null;
  /** Address that hears of each health-check; `null` where no dead-man switch is set. */
  readonly heartbeat: Secret | null;
  /** Sessions whose token is also written under the names that older workers read. */
  readonly mirrored: readonly SessionKey[];
  readonly events: EventSettings;
  readonly project: string | null;
};
