/**
 * The worker's own small wiring: settings in, parts out. The only file of this room that knows adapters.
 *
 * Makes no call; Google's clients load at their first use. No web framework, no messenger. Called once a
 * connection by `connect.ts`; tests and local runs hand in parts of their own.
 */

import type { BrokerEntry } from '../brokers/registry.ts';
import {
  type Clock,
  type Random,
  systemClock,
  systemRandom,
  systemWait,
  type Wait,
} from '../clock.ts';
import type { TokenEvents } from '../events/token-events.ts';
import type { ReportSender } from '../events/worker-reports.ts';
import type { Log } from '../logging/log.ts';
import { createWarningLog } from '../logging/warning-log.ts';
import { Secret } from '../secret.ts';
import { createEncryptedFileStore } from '../storage/encrypted-file.ts';
import { createSecretAccess } from '../storage/secret-access.ts';
import { createSecretManagerStore } from '../storage/secret-manager.ts';
import type { TokenStore } from './held-token.ts';
import type { IdentityToken } from './keep-alive.ts';
import type { ReadSecret } from './line.ts';
import type { ConnectOptions, WorkerSettings } from './settings.ts';
import { createTransports } from './transports.ts';

/** What can be handed in instead of the real part. */
export type WorkerParts = {
  readonly clock: Clock;
  readonly wait: Wait;
  readonly random: Random;
  readonly fetch: typeof globalThis.fetch;
  readonly store: TokenStore;
  readonly events: TokenEvents;
  readonly reports: ReportSender;
  /** Brokers by the name that begins their session keys. */
  readonly brokers: Readonly<Record<string, BrokerEntry>>;
  readonly identityToken: IdentityToken;
};

export type WorkerWiring = Omit<WorkerParts, 'brokers'> & {
  readonly log: Log;
  readonly instance: string;
  /** Where credentials are that no setting holds. */
  readonly secrets: (() => ReadSecret) | null;
};

const INSTANCE_BYTES = 4;

export function composeWorker(settings: WorkerSettings, options: ConnectOptions): WorkerWiring {
  const { parts = {} } = options;
  const clock = parts.clock ?? systemClock;
  const wait = parts.wait ?? systemWait;
  const random = parts.random ?? systemRandom;
  const fetch = parts.fetch ?? globalThis.fetch;
  const { session, worker } = settings;
  const instance = settings.instance ?? Buffer.from(random(INSTANCE_BYTES)).toString('hex');
  const log = (options.log ?? createWarningLog({ clock })).with({ session, worker, instance });
  const doors = { clock, wait, random, log };
  const storage = storageOf(settings, doors);
  return {
    ...doors,
    fetch,
    instance,
    store: parts.store ?? storage.store(),
    secrets: storage.secrets,
    ...createTransports(settings, parts, { instance, fetch, wait, log }),
    identityToken: parts.identityToken ?? googleIdentity,
  };
}

/** Store and credentials, on one client of Secret Manager; neither is made where it is not used. */
function storageOf(
  { store: settings }: WorkerSettings,
  parts: Pick<WorkerWiring, 'clock' | 'wait' | 'random' | 'log'>,
): { readonly store: () => TokenStore; readonly secrets: WorkerWiring['secrets'] } {
  if (settings === null) return { store: noStore, secrets: null };
  if (settings.kind === 'file') {
    const { directory, key } = settings;
    return { store: () => createEncryptedFileStore({ directory, key, ...parts }), secrets: null };
  }
  const endpoint = settings.apiUrl ?? undefined;
  const secrets = createSecretAccess({ project: settings.project, endpoint, ...parts });
  return { store: () => createSecretManagerStore({ secrets, ...parts }), secrets: () => secrets };
}

function noStore(): never {
  throw new TypeError('The settings name no store, and none was handed in');
}

/** An identity token of the service account that the worker runs as; none to this machine itself. */
async function googleIdentity(audience: string): Promise<Secret | null> {
  if (new URL(audience).protocol !== 'https:') return null;
  const { GoogleAuth } = await import('google-auth-library');
  const client = await new GoogleAuth().getIdTokenClient(audience);
  return new Secret(await client.idTokenProvider.fetchIdToken(audience));
}
