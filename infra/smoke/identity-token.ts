/**
 * A token that says to a private function who asks: of the machine's own account in Google's cloud, else of
 * whoever is logged in with gcloud.
 *
 * `null` where there is neither. The token is handed on and kept nowhere. Used by `smoke.ts`.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export type TokenSources = {
  readonly fetch: typeof globalThis.fetch;
  /** Standard output of gcloud. Rejects when it fails or is not installed. */
  readonly gcloud: (args: readonly string[]) => Promise<string>;
};

const METADATA =
  'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity';

/** It answers at once, or there is none. */
const METADATA_TIMEOUT_MS = 2_000;
const GCLOUD_TIMEOUT_MS = 30_000;

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** @see https://docs.cloud.google.com/run/docs/authenticating/service-to-service */
export async function findIdentityToken(
  audience: string,
  sources: TokenSources = { fetch: globalThis.fetch, gcloud: runGcloud },
): Promise<string | null> {
  const command = ['auth', 'print-identity-token'];
  const ways = [
    () => askMetadata(audience, sources.fetch),
    () => sources.gcloud([...command, `--audiences=${audience}`]),
    // gcloud refuses to name an audience for a person's account; Cloud Run takes the token without.
    () => sources.gcloud(command),
  ];
  for (const way of ways) {
    const token = (await way().catch(() => '')).trim();
    if (TOKEN.test(token)) return token;
  }
  return null;
}

async function askMetadata(audience: string, fetch: typeof globalThis.fetch): Promise<string> {
  const response = await fetch(`${METADATA}?audience=${encodeURIComponent(audience)}`, {
    headers: { 'metadata-flavor': 'Google' },
    signal: AbortSignal.timeout(METADATA_TIMEOUT_MS),
  });
  return response.ok ? response.text() : '';
}

async function runGcloud(args: readonly string[]): Promise<string> {
  const options = { timeout: GCLOUD_TIMEOUT_MS };
  const { stdout } = await promisify(execFile)('gcloud', [...args, '--quiet'], options);
  return stdout;
}
