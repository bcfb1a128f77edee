/**
 * Google's parts on this machine: the Secret Manager stand-in and Google's own Pub/Sub emulator, set up as
 * Terraform sets up the real ones.
 *
 * The functions reach both through the official clients. Makes empty secrets, the topic with a dead-letter
 * topic, a push subscription for the run's own worker, and a pull subscription to look at. Used by
 * `npm start -- --emulators`.
 */

import type { Clock } from '../../../functions/clock.ts';
import { readJsonFile, writeJsonFile } from '../files.ts';
import { openServer } from '../runner/http.ts';
import { createSecretManagerStandIn } from '../secret-manager/stand-in.ts';
import { startPubsubEmulator } from './pubsub-emulator.ts';

export const LOCAL_PROJECT = 'token-cadence-local';
export const TOPIC = 'token-renewed';
/** For whoever wants to see events: `gcloud pubsub subscriptions pull`. */
export const LOOK_SUBSCRIPTION = 'token-renewed-look';

/** What workers report, and where the functions collect it; the names are the settings' defaults. */
const REPORTS_TOPIC = 'worker-reports';
const REPORTS_SUBSCRIPTION = 'worker-reports-health';

const DEAD_LETTERS = 'token-renewed-dead-letters';
const PUSH_SUBSCRIPTION = 'token-renewed-local-run';
const CALL_TIMEOUT_MS = 10_000;

export type GoogleEmulatorsOptions = {
  readonly clock: Clock;
  readonly sessions: readonly string[];
  /** Ports of the stand-in and of the emulator; 0 for any. */
  readonly ports: { readonly secretManager: number; readonly pubsub: number };
  /** Keeps secrets across restarts; the emulator's topics live in memory and are made anew. */
  readonly snapshotFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export type GoogleEmulators = {
  readonly urls: {
    readonly secretManager: string;
    /** `127.0.0.1:8085`, the form of `PUBSUB_EMULATOR_HOST`. */
    readonly pubsub: string;
  };
  /** Variables that lead a function to both. */
  readonly variables: Readonly<Record<string, string>>;
  /** How far metadata and "latest" lag behind, in milliseconds of virtual time. */
  readonly setLag: (ms: number) => void;
  /** Makes events arrive at the run's hub. */
  readonly pushTo: (url: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** @throws Error when there is no Pub/Sub emulator on this machine, saying how to get one */
export async function startGoogleEmulators(
  options: GoogleEmulatorsOptions,
): Promise<GoogleEmulators> {
  const { clock, sessions, ports, snapshotFile, env } = options;
  const standIn = createSecretManagerStandIn({
    clock,
    project: LOCAL_PROJECT,
    snapshot: readJsonFile(snapshotFile) ?? undefined,
    onChange: (snapshot) => writeJsonFile(snapshotFile, snapshot),
  });
  const server = await openServer((req, res) => void standIn.handle(req, res), ports.secretManager);
  try {
    const emulator = await startPubsubEmulator({ port: ports.pubsub, env });
    const pubsub = `http://${emulator.host}/v1/projects/${LOCAL_PROJECT}`;
    const close = async (): Promise<void> => {
      await emulator.stop();
      await server.close();
    };
    try {
      for (const id of ['token-cadence-app', ...sessions.map((key) => `${key}-session`)]) {
        const secrets = `${server.url}/v1/projects/${LOCAL_PROJECT}/secrets?secretId=${id}`;
        await make('POST', secrets, { replication: { automatic: {} } });
      }
      for (const topic of [TOPIC, DEAD_LETTERS, REPORTS_TOPIC]) {
        await make('PUT', `${pubsub}/topics/${topic}`, {});
      }
      await make('PUT', `${pubsub}/subscriptions/${REPORTS_SUBSCRIPTION}`, {
        topic: `projects/${LOCAL_PROJECT}/topics/${REPORTS_TOPIC}`,
      });
      await subscribe(pubsub, LOOK_SUBSCRIPTION, {});
    } catch (error) {
      await close();
      throw error;
    }
    return {
      urls: { secretManager: server.url, pubsub: emulator.host },
      variables: {
        GOOGLE_CLOUD_PROJECT: LOCAL_PROJECT,
        SECRET_MANAGER_API_URL: server.url,
        PUBSUB_EMULATOR_HOST: emulator.host,
        EVENTS_TOPIC: TOPIC,
        METADATA_SERVER_DETECTION: 'none',
      },
      setLag: (ms) => standIn.setLag(ms),
      async pushTo(url) {
        const name = `${pubsub}/subscriptions/${PUSH_SUBSCRIPTION}`;
        // A running emulator may hold one of an earlier run, with that run's address.
        await fetch(name, { method: 'DELETE', signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
        await subscribe(pubsub, PUSH_SUBSCRIPTION, { pushConfig: { pushEndpoint: url } });
      },
      close,
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function subscribe(pubsub: string, name: string, more: object): Promise<void> {
  const prefix = `projects/${LOCAL_PROJECT}/topics`;
  await make('PUT', `${pubsub}/subscriptions/${name}`, {
    topic: `${prefix}/${TOPIC}`,
    deadLetterPolicy: { deadLetterTopic: `${prefix}/${DEAD_LETTERS}`, maxDeliveryAttempts: 20 },
    ...more,
  });
}

/** Makes a resource; one that exists already is as good. */
async function make(method: 'POST' | 'PUT', url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  const text = await answer.text();
  if (!answer.ok && answer.status !== 409) {
    throw new Error(`Setting up ${new URL(url).pathname} failed with ${answer.status}: ${text}`);
  }
}
