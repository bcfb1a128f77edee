/**
 * Google's own Secret Manager client, made on first use, once an instance, over REST.
 *
 * REST, because an instance that was frozen keeps a dead gRPC channel. Credentials are found before any
 * call: the client would end the process with an unhandled rejection. Used by `secret-calls.ts`.
 */

import type { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { StoreError } from '../errors.ts';

export type SecretClientOptions = {
  /** Id of the Google Cloud project. */
  readonly project: string;
  /**
   * Origin of a stand-in, such as `http://127.0.0.1:8084`; no credentials are sent there.
   * @default Google's own
   */
  readonly endpoint?: string | undefined;
};

type ClientOptions = NonNullable<ConstructorParameters<typeof SecretManagerServiceClient>[0]>;

/**
 * Answers the one client. A failure is forgotten, so that a later call tries again.
 *
 * @throws {StoreError} `STORE_DENIED` when there are no credentials
 */
export function secretClientOpener(
  options: SecretClientOptions,
): () => Promise<SecretManagerServiceClient> {
  let opened: Promise<SecretManagerServiceClient> | null = null;
  return () => {
    opened ??= open(options).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
}

async function open(options: SecretClientOptions): Promise<SecretManagerServiceClient> {
  const { SecretManagerServiceClient: Client } = await import('@google-cloud/secret-manager');
  const { loggingUtils } = await import('google-gax');
  // The variable GOOGLE_SDK_NODE_LOGGING would have the client write every payload to the log.
  loggingUtils.setBackend(null);
  const client = new Client({
    projectId: options.project,
    fallback: true,
    ...(options.endpoint === undefined ? {} : await standInOptions(options.endpoint)),
  });
  try {
    await client.initialize();
  } catch {
    // What the library says may name files and accounts; whoever is meant knows from our words.
    throw new StoreError(
      'No Google credentials were found for Secret Manager: attach a service account to the function, or run "gcloud auth application-default login" on a machine of your own',
      { code: 'STORE_DENIED', retryable: true },
    );
  }
  return client;
}

async function standInOptions(endpoint: string): Promise<ClientOptions> {
  const { PassThroughClient } = await import('google-auth-library');
  const { protocol, hostname, port } = new URL(endpoint);
  return {
    protocol: protocol.replace(':', ''),
    apiEndpoint: hostname,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    authClient: new PassThroughClient(),
  };
}
