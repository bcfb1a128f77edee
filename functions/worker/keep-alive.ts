/**
 * Asks the service to refresh a session's token: one place refreshes, workers never write storage.
 *
 * In the cloud the call carries an identity token of the worker's own service account, which IAM checks.
 * Never throws. Called by `recovery.ts`, for brokers with refresh tokens.
 */

import * as z from 'zod';
import type { Wait } from '../clock.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { Secret } from '../secret.ts';
import { within } from './bounded.ts';

export type AskKeepAlive = () => Promise<
  | { readonly ok: true; readonly signInNeeded: boolean }
  /** A sentence without secrets. */
  | { readonly ok: false; readonly problem: string }
>;

/** An identity token for a URL, or `null` where none is asked for. */
export type IdentityToken = (audience: string) => Promise<Secret | null>;

/** The service refreshes and stores within this, or its scheduler's next run does. */
const TIMEOUT_MS = 30_000;

/** Google's metadata server answers in milliseconds, or not at all. */
const IDENTITY_WITHIN_MS = 20_000;

const answerSchema = z.object({
  outcomes: z.array(z.object({ session: z.string(), action: z.string() })),
});

export function createAskKeepAlive(options: {
  readonly session: SessionKey;
  readonly url: string | null;
  readonly fetch: typeof globalThis.fetch;
  readonly identityToken: IdentityToken;
  readonly wait: Wait;
  readonly closing: AbortSignal;
}): AskKeepAlive {
  const { session, url, wait, closing } = options;
  return async () => {
    if (url === null) return { ok: false, problem: '"KEEP_ALIVE_URL" is not set' };
    let identity: Secret | null;
    try {
      const late = () => new Error('No identity in time');
      identity = await within(IDENTITY_WITHIN_MS, options.identityToken(url), {
        wait,
        closing,
        late,
      });
    } catch {
      return { ok: false, problem: 'no Google identity was found to call it with' };
    }
    try {
      const response = await options.fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(identity === null ? {} : { authorization: `Bearer ${identity.reveal()}` }),
        },
        body: JSON.stringify({ session }),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const answer = answerSchema.safeParse(await response.json().catch(() => null));
      if (!answer.success) return { ok: false, problem: `it answered ${response.status}` };
      const ours = answer.data.outcomes.find((outcome) => outcome.session === session);
      return { ok: true, signInNeeded: ours?.action === 'sign-in-needed' };
    } catch {
      return { ok: false, problem: 'it could not be reached' };
    }
  };
}
