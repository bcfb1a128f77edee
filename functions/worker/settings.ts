/**
 * What a worker is told: the options of `connect`, completed from environment variables.
 *
 * The only file of this room that knows variables. Every problem is named at once and never with its value;
 * what is not needed (a page's address, keep-alive's) may be missing. Called once by `connect.ts`.
 */

import * as z from 'zod';
import type { BrokerEntry } from '../brokers/registry.ts';
import { parseSessionKey, type SessionKey, type SessionName } from '../lifecycle/session.ts';
import { isWorkerName, WORKER_NAME_RULE } from '../lifecycle/worker-report.ts';
import type { Log } from '../logging/log.ts';
import { Secret } from '../secret.ts';
import type { WorkerParts } from './compose.ts';
import { WorkerError } from './errors.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** Only `session` and `worker` are needed where the rest is in the environment. */
export type ConnectOptions = {
  /** Whose token: `etrade-prod`. */
  readonly session: string;
  /** The worker's own name, the same at every start: `orb-bot`. */
  readonly worker: string;
  /**
   * One running process of it; two replicas must not share one. By the rule of `isWorkerName`, as `worker`.
   * @default eight random characters, and the subscription of `main`
   */
  readonly instance?: string | undefined;
  /** The app's own credentials. @default `ETRADE_PROD_CONSUMER` (JSON), else the secret of that name */
  readonly consumer?: { readonly key: string; readonly secret: string } | undefined;
  /** Google Cloud project. @default `GOOGLE_CLOUD_PROJECT` */
  readonly project?: string | undefined;
  /** Where people sign in; errors name it. @default `PUBLIC_URL` */
  readonly publicUrl?: string | undefined;
  /** Where refresh tokens are renewed, for brokers that have them. @default `KEEP_ALIVE_URL` */
  readonly keepAliveUrl?: string | undefined;
  /** Longest wait for one attempt of a call, its answer's body included. @default 10000 */
  readonly timeoutMs?: number | undefined;
  /** Where warnings go. @default standard error */
  readonly log?: Log | undefined;
  /** @default process.env */
  readonly env?: Variables | undefined;
  /** What is used instead of the real part: clocks, stores, transports of tests and local runs. */
  readonly parts?: Partial<WorkerParts> | undefined;
};

export type WorkerStoreSettings =
  | { readonly kind: 'secret-manager'; readonly project: string; readonly apiUrl: string | null }
  | {
      readonly kind: 'file';
      readonly directory: string;
      readonly key: { readonly keyFile: string } | { readonly passphrase: Secret };
    };

export type WorkerEventSettings =
  | {
      readonly kind: 'pubsub';
      readonly project: string;
      readonly topic: string;
      readonly reportsTopic: string;
    }
  | { readonly kind: 'http'; readonly url: string };

export type Consumer = { readonly key: Secret; readonly secret: Secret };

export type WorkerSettings = {
  readonly session: SessionKey;
  readonly name: SessionName;
  readonly worker: string;
  /** `null`: to be drawn. */
  readonly instance: string | null;
  readonly broker: BrokerEntry;
  readonly urls: {
    readonly oauthUrl: string;
    readonly apiUrl: string;
    readonly authorizeUrl: string;
  };
  /** `null`: to be read from Secret Manager. */
  readonly consumer: Consumer | null;
  /** Where consumer key and secret come from, for messages. */
  readonly consumerSource: string;
  readonly signInUrl: string | null;
  readonly keepAliveUrl: string | null;
  readonly timeoutMs: number;
  /** `null` where the part is handed in. */
  readonly store: WorkerStoreSettings | null;
  readonly events: WorkerEventSettings | null;
};

const DEFAULT_TIMEOUT_MS = 10_000;

const consumerSchema = z.object({
  key: z.string().trim().min(1),
  secret: z.string().trim().min(1),
});

/** @throws WorkerError `CONFIGURATION`, listing all problems */
export function readWorkerSettings(
  options: ConnectOptions,
  brokers: Readonly<Record<string, BrokerEntry>>,
): WorkerSettings {
  const env = options.env ?? process.env;
  const problems: string[] = [];
  const text = (name: string): string | null => {
    const value = env[name]?.trim();
    return value === undefined || value === '' ? null : value;
  };
  const address = (name: string, given: string | undefined = undefined): string | null => {
    const value = given ?? text(name);
    if (value === null) return null;
    if (!isPrivateLine(value))
      problems.push(`"${name}" is no https URL (http only to this machine)`);
    return value;
  };
  /** What paths are appended to; any other address is sent as it was given. */
  const url = (name: string, given: string | undefined = undefined): string | null =>
    address(name, given)?.replace(/\/+$/, '') ?? null;

  const name = parseSessionKey(options.session);
  const broker = name === null ? undefined : brokers[name.broker];
  if (name === null) problems.push('"session" is no session key like etrade-prod');
  else if (broker === undefined)
    problems.push(`"session" names the unknown broker "${name.broker}"`);
  if (!isWorkerName(options.worker)) {
    problems.push(`"worker" is not a name like orb-bot: ${WORKER_NAME_RULE}`);
  }
  if (options.instance !== undefined && !isWorkerName(options.instance)) {
    problems.push(`"instance" is not a name like host-1: ${WORKER_NAME_RULE}`);
  }
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (!(timeoutMs > 0 && timeoutMs <= 600_000))
    problems.push('"timeoutMs" is not between 1 and 600000');

  const fail = (): WorkerError =>
    new WorkerError(`The worker's settings have problems: ${problems.join('; ')}`, {
      code: 'CONFIGURATION',
      retryable: false,
      session: name?.key ?? '',
    });
  const defaults = name === null ? undefined : broker?.defaults[name.environment];
  if (name !== null && broker !== undefined && defaults === undefined) {
    problems.push(`"session" is of an environment that ${broker.title} does not have`);
  }
  if (name === null || broker === undefined || defaults === undefined) throw fail();

  const own = prefixOf(name.key);
  const shared = prefixOf(`${name.broker}-${name.environment}`);
  const variable = [`${own}_CONSUMER`, `${shared}_CONSUMER`].find((one) => text(one) !== null);
  const project = (): string => {
    const value = options.project ?? text('GOOGLE_CLOUD_PROJECT');
    if (value === null) problems.push('"GOOGLE_CLOUD_PROJECT" is missing, or option "project"');
    return value ?? '';
  };
  const store = options.parts?.store === undefined ? readStore(text, url, project, problems) : null;
  const consumer = readConsumer(options, variable ?? null, text, problems);
  if (consumer === null && store?.kind !== 'secret-manager') {
    problems.push(`"${shared}_CONSUMER" is missing, or option "consumer"`);
  }
  const publicUrl = url('PUBLIC_URL', options.publicUrl);
  const eventParts = options.parts?.events !== undefined && options.parts.reports !== undefined;
  const settings: WorkerSettings = {
    session: name.key,
    name,
    worker: options.worker,
    instance: options.instance ?? null,
    broker,
    urls: {
      oauthUrl: url(`${shared}_OAUTH_URL`) ?? defaults.oauthUrl,
      apiUrl: url(`${shared}_API_URL`) ?? defaults.apiUrl,
      authorizeUrl: address(`${shared}_AUTHORIZE_URL`) ?? defaults.authorizeUrl,
    },
    consumer,
    consumerSource:
      options.consumer !== undefined
        ? 'option "consumer"'
        : `"${variable ?? `${name.broker}-${name.environment}-consumer`}"`,
    signInUrl: publicUrl === null ? null : `${publicUrl}/sign-in/${name.key}`,
    keepAliveUrl: address('KEEP_ALIVE_URL', options.keepAliveUrl),
    timeoutMs,
    store,
    events: eventParts ? null : readEvents(text, address, project),
  };
  if (problems.length > 0) throw fail();
  return settings;
}

/** `{ "key", "secret" }` as JSON text, perhaps after a byte-order mark; `null` when it is something else. */
export function parseConsumer(text: string): Consumer | null {
  try {
    const { key, secret } = consumerSchema.parse(JSON.parse(text.trim()));
    return { key: new Secret(key), secret: new Secret(secret) };
  } catch {
    return null;
  }
}

/** https, or plain http that never leaves this machine. */
export function isPrivateLine(address: string): boolean {
  const url = URL.parse(address);
  if (url === null) return false;
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback);
}

type Text = (name: string) => string | null;

function readConsumer(
  options: ConnectOptions,
  variable: string | null,
  text: Text,
  problems: string[],
): Consumer | null {
  const given =
    options.consumer !== undefined
      ? JSON.stringify(options.consumer)
      : variable === null
        ? null
        : text(variable);
  if (given === null) return null;
  const consumer = parseConsumer(given);
  if (consumer === null) {
    problems.push(`"${variable ?? 'consumer'}" does not hold "key" and "secret"`);
  }
  return consumer;
}

function readStore(
  text: Text,
  url: Text,
  project: () => string,
  problems: string[],
): WorkerStoreSettings {
  const directory = text('STORE_DIRECTORY');
  if (directory === null) {
    const apiUrl = url('SECRET_MANAGER_API_URL');
    return { kind: 'secret-manager', project: project(), apiUrl };
  }
  const passphrase = text('STORE_PASSPHRASE');
  const keyFile = text('STORE_KEY_FILE');
  if (passphrase !== null) {
    return { kind: 'file', directory, key: { passphrase: new Secret(passphrase) } };
  }
  if (keyFile === null) problems.push('"STORE_KEY_FILE" is missing, or "STORE_PASSPHRASE"');
  return { kind: 'file', directory, key: { keyFile: keyFile ?? '' } };
}

function readEvents(text: Text, address: Text, project: () => string): WorkerEventSettings {
  const url = address('EVENTS_URL');
  if (url !== null) return { kind: 'http', url };
  return {
    kind: 'pubsub',
    project: project(),
    topic: text('EVENTS_TOPIC') ?? 'token-renewed',
    reportsTopic: text('WORKER_REPORTS_TOPIC') ?? 'worker-reports',
  };
}

/** `etrade-prod-ira` → `ETRADE_PROD_IRA` */
function prefixOf(key: string): string {
  return key.toUpperCase().replaceAll('-', '_');
}
