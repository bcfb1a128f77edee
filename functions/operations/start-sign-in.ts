/**
 * Opens a sign-in at the broker: fetches a request token and the address to send the person to.
 *
 * Writes nothing: what must be remembered goes back to the caller (the person's cookie). Called by the
 * sign-in page's "Open" button and by the command line.
 */

import type { BrokerFailure, OpenSignIn } from '../brokers/broker.ts';
import { attemptsLeft, nextAttemptAt } from '../lifecycle/attempts.ts';
import type { ConfiguredSession, System } from './system.ts';

export type StartResult =
  | { readonly ok: true; readonly authorizeUrl: string; readonly signIn: OpenSignIn }
  | { readonly ok: false; readonly reason: 'too-many-attempts'; readonly retryAt: number }
  | { readonly ok: false; readonly reason: 'broker'; readonly failure: BrokerFailure };

/**
 * @param options.exempt the command line: no limit on wrong PINs
 * @throws StoreError when the record cannot be read
 */
export async function startSignIn(
  system: System,
  session: ConfiguredSession,
  options: { readonly exempt?: boolean } = {},
): Promise<StartResult> {
  const { record } = await system.store.load(session.key);
  const now = system.clock();
  if (options.exempt !== true && attemptsLeft(record, now) === 0) {
    return { ok: false, reason: 'too-many-attempts', retryAt: nextAttemptAt(record, now) };
  }
  const answer = await session.broker.begin();
  const log = system.log.with({ session: session.key });
  if (!answer.ok) {
    log.warn('sign-in-not-started', 'The broker did not open a sign-in.', {
      reason: answer.reason,
      problem: answer.problem,
      status: answer.status,
    });
    return { ok: false, reason: 'broker', failure: answer };
  }
  log.info('sign-in-started', 'A sign-in is open at the broker.', {
    expiresAt: new Date(answer.signIn.expiresAt).toISOString(),
  });
  return { ok: true, authorizeUrl: answer.authorizeUrl, signIn: answer.signIn };
}
