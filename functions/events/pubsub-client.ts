/**
 * Google's Pub/Sub client, made so that a missing credential or a dead network is an error of one call.
 *
 * Publishes and subscribes nothing itself. Used by the publisher of this room and by workers.
 */

import type { ClientConfig, PubSub } from '@google-cloud/pubsub';
import { credentialsError, OVERDUE } from './pubsub-failure.ts';

/** Another endpoint than Google's; the client itself obeys `PUBSUB_EMULATOR_HOST`. */
export type PubsubEndpoint = Pick<ClientConfig, 'apiEndpoint' | 'emulatorMode'>;

/** gRPC shares connections between clients, so that a new client would get the old one's dead one. */
const OWN_CONNECTION = { 'grpc.use_local_subchannel_pool': 1 };

/**
 * A client of its own connection, credentials found.
 *
 * @param Client the class, loaded by the caller on first use
 * @throws {EventError} `EVENTS_UNAVAILABLE` when there are no credentials
 */
export async function openPubsub(
  Client: typeof PubSub,
  project: string,
  endpoint: PubsubEndpoint = {},
): Promise<PubSub> {
  const config: ClientConfig = { projectId: project, ...OWN_CONNECTION, ...endpoint };
  const { auth, isEmulator } = new Client(config);
  return new Client({
    ...config,
    ...(isEmulator ? await noCredentials() : { auth: await withCredentials(auth) }),
  });
}

/**
 * The name of the service account that a client calls as, `tc-worker` of `tc-worker@….iam.gserviceaccount.com`;
 * `null` for a person, for an emulator, and where nobody says in time.
 */
export async function accountOf(
  { auth, isEmulator }: Pick<PubSub, 'auth' | 'isEmulator'>,
  timeoutMs: number,
): Promise<string | null> {
  if (isEmulator) return null;
  try {
    const { client_email } = await within(timeoutMs, () => auth.getCredentials());
    return /^([^@]+)@[^@]+\.gserviceaccount\.com$/.exec(client_email ?? '')?.[1] ?? null;
  } catch {
    return null;
  }
}

/**
 * Rejects with `OVERDUE` when `work` is not done in time. The client's own timeout is not enough: against
 * a refused port it was seen to end nine times later.
 */
export async function within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  const deadline = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(OVERDUE), { once: true });
  });
  return Promise.race([work(), deadline]);
}

/** Found before any call: were they missing within one, the client would end the whole process. */
async function withCredentials(auth: PubSub['auth']): Promise<PubSub['auth']> {
  try {
    await auth.getClient();
  } catch (error) {
    throw credentialsError(error);
  }
  return auth;
}

/** An emulator asks for none, and looking for them takes seconds on a machine without a network. */
async function noCredentials(): Promise<Pick<ClientConfig, 'authClient'>> {
  const { PassThroughClient } = await import('google-auth-library');
  return { authClient: new PassThroughClient() };
}
