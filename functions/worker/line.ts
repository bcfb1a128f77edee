/**
 * The line to a session's broker: consumer key and secret found, signer and adapter made with them.
 *
 * Credentials come from options or environment; in the cloud also from Secret Manager, on first use and, once
 * the broker has refused them, again: a key that was mended works with no restart. Called by `connect.ts`.
 */

import type { Broker } from '../brokers/broker.ts';
import type { DataCalls } from '../brokers/data-calls.ts';
import type { Clock, Random, Wait } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { SecretAccess } from '../storage/secret-access.ts';
import { within } from './bounded.ts';
import type { Brake } from './brake.ts';
import { WorkerError } from './errors.ts';
import type { Failures } from './failures.ts';
import { type Consumer, parseConsumer, type WorkerSettings } from './settings.ts';

export type Line = {
  readonly broker: Pick<Broker, 'probe' | 'glance' | 'renew'>;
  readonly signer: DataCalls;
};

/** More than a consumer secret is ever replaced. */
const VERSIONS_TRIED = 100;

export type ReadSecret = Pick<SecretAccess, 'readVersion'>;

/** However often the broker refuses them, the credentials are not read more often than this. */
const READ_AGAIN_AFTER_MS = 60_000;

/** All versions of a secret are tried by number: each has a deadline of its own. */
const READ_WITHIN_MS = 20_000;

export type LineKeeper = {
  /** Opens the line, or opens it anew after doubts. @throws WorkerError */
  readonly open: () => Promise<Line>;
  /** The line that is there already and needs no look at the credentials. */
  readonly opened: () => Line | null;
  /** The broker has refused key or secret, which may have been replaced since they were read. */
  readonly doubt: () => void;
};

export function createLine(options: {
  readonly settings: WorkerSettings;
  /** Where credentials are that no setting holds; `null` outside the cloud. */
  readonly secrets: (() => ReadSecret) | null;
  readonly failures: Failures;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly wait: Wait;
  readonly brake: Brake;
  readonly closing: AbortSignal;
}): LineKeeper {
  const { settings, secrets, failures, fetch, clock, random, wait, brake, closing } = options;
  const { broker: entry, name, urls } = settings;

  function lineFor(consumer: Consumer): Line {
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

  function overdue(): WorkerError {
    return failures.storeUnavailable(
      `consumer key and secret were not read within ${READ_WITHIN_MS / 1_000} s`,
    );
  }

  let line: Line | null = null;
  let opening: Promise<Line> | null = null;
  let isDoubted = false;
  let readAt = Number.NEGATIVE_INFINITY;

  function opened(): Line | null {
    return isDoubted && clock() - readAt >= READ_AGAIN_AFTER_MS ? null : line;
  }

  async function openAnew(): Promise<Line> {
    if (settings.consumer !== null) {
      line = lineFor(settings.consumer);
      return line;
    }
    if (line === null) brake.check('credentials');
    readAt = clock();
    isDoubted = false;
    try {
      const late = { wait, closing, late: overdue };
      line = lineFor(await within(READ_WITHIN_MS, readConsumer(), late));
      brake.passed('credentials');
      return line;
    } catch (error) {
      // What was read before may be good after all.
      if (line !== null) return line;
      throw error instanceof WorkerError ? brake.failed('credentials', error) : error;
    }
  }

  return {
    opened,
    async open() {
      const ready = opened();
      if (ready !== null) return ready;
      opening ??= openAnew().finally(() => {
        opening = null;
      });
      return opening;
    },
    doubt() {
      isDoubted = settings.consumer === null;
    },
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
