/**
 * The line to a session's broker: consumer key and secret found, signer and adapter made with them.
 *
 * Credentials come from options or environment; in the cloud also from Secret Manager, on first use. What
 * failed is tried again at the next use. Called by `connect.ts`.
 */

import type { Broker } from '../brokers/broker.ts';
import type { DataCalls } from '../brokers/data-calls.ts';
import type { Clock, Random, Wait } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { SecretAccess } from '../storage/secret-access.ts';
import type { Failures } from './failures.ts';
import { type Consumer, parseConsumer, type WorkerSettings } from './settings.ts';

export type Line = {
  readonly broker: Pick<Broker, 'probe' | 'glance' | 'renew'>;
  readonly signer: DataCalls;
};

/** More than a consumer secret is ever replaced. */
const VERSIONS_TRIED = 100;

export type ReadSecret = Pick<SecretAccess, 'readVersion'>;

/**
 * @returns opens the line once; a failure is forgotten
 */
export function createLine(options: {
  readonly settings: WorkerSettings;
  /** Where credentials are that no setting holds; `null` outside the cloud. */
  readonly secrets: (() => ReadSecret) | null;
  readonly failures: Failures;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly wait: Wait;
}): () => Promise<Line> {
  const { settings, secrets, failures, fetch, clock, random, wait } = options;
  const { broker: entry, name, urls } = settings;

  async function open(): Promise<Line> {
    const consumer = settings.consumer ?? (await readConsumer());
    const credentials = { consumerKey: consumer.key, consumerSecret: consumer.secret };
    const doors = { fetch, clock, random, wait };
    return {
      broker: entry.create({ environment: name.environment, ...credentials, ...urls, ...doors }),
      signer: entry.createDataCalls({ ...credentials, clock, random }),
    };
  }

  async function readConsumer(): Promise<Consumer> {
    const shared = `${name.broker}-${name.environment}-consumer`;
    const ids = [...new Set([`${name.key}-consumer`, shared])];
    try {
      for (const id of ids) {
        const text = secrets === null ? null : await newestOf(secrets(), id);
        if (text === null) continue;
        const consumer = parseConsumer(text);
        if (consumer !== null) return consumer;
        throw failures.configuration(`The secret "${id}" does not hold "key" and "secret"`);
      }
    } catch (error) {
      if (error instanceof StoreError) throw failures.storeUnavailable(error.message);
      throw error;
    }
    throw failures.configuration(`There is no secret "${shared}" with the consumer key and secret`);
  }

  let opened: Promise<Line> | null = null;
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
}

/** By number, as everything is read here: "latest" may be an old one, or one that was disabled. */
async function newestOf(secrets: ReadSecret, id: string): Promise<string | null> {
  let newest: string | null = null;
  for (let version = 1; version <= VERSIONS_TRIED; version += 1) {
    const read = await secrets.readVersion(id, version);
    if (read.status === 'missing') break;
    if (read.status === 'found') newest = read.text;
  }
  return newest;
}
