/**
 * Addresses that brokers post to: one per session, which nobody can guess.
 *
 * The last part is derived from the link key and the session, so nothing is stored and a new link key ends
 * every address. As good as a password: never logged. Used by the hook's route and by the command line.
 */

import { createHmac } from 'node:crypto';
import type { SessionKey } from '../lifecycle/session.ts';
import type { Secret } from '../secret.ts';
import { deriveKey } from './derive-key.ts';
import { sameText } from './same-text.ts';

export type Hooks = {
  /** `https://…/hooks/upstox-prod/<secret>`, for the broker's own settings of the app. */
  readonly address: (session: SessionKey) => string;
  /** Whether a path's two parts belong together, in constant time; any name may be asked for. */
  readonly opens: (name: string, secret: string) => boolean;
};

export function createHooks({
  key,
  publicUrl,
}: {
  /** `linkKey` of the app secret. */
  readonly key: Secret;
  /** `https://…` without a trailing slash. */
  readonly publicUrl: string;
}): Hooks {
  const derived = deriveKey(key, 'hook');
  const secretOf = (name: string): string =>
    createHmac('sha256', derived).update(name).digest('base64url');

  return {
    address: (session) => `${publicUrl}/hooks/${session}/${secretOf(session)}`,
    opens: (name, secret) => sameText(secret, secretOf(name)),
  };
}
