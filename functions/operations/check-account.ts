/**
 * Proves a new token with a probe and tells whose account it opens.
 *
 * Decides nothing about storage and revokes nothing. Called by the sign-in before the pointer moves and
 * by the sweep that adopts an interrupted sign-in.
 */

import type { BrokerFailure, BrokerToken } from '../brokers/broker.ts';
import { compareAccounts } from '../lifecycle/account.ts';
import type { SessionRecord } from '../lifecycle/session.ts';
import type { ConfiguredSession, System } from './system.ts';

export type AccountCheck =
  | {
      readonly type: 'accepted';
      /** `null` when the broker could not be asked or named no account. */
      readonly account: readonly string[] | null;
      /** The broker took the token. */
      readonly proven: boolean;
      /** Nothing speaks against moving the pointer to it: the account was compared, or none is expected. */
      readonly verified: boolean;
    }
  | { readonly type: 'foreign' }
  /** The broker does not accept the token at all. */
  | { readonly type: 'refused'; readonly failure: BrokerFailure };

/** @param look `glance` while the token is not stored yet: one short call */
export async function checkAccount(
  system: System,
  session: ConfiguredSession,
  token: BrokerToken,
  record: SessionRecord,
  look: 'probe' | 'glance' = 'probe',
): Promise<AccountCheck> {
  const expected = session.account ?? record.account;
  const probe = await session.broker[look](token);
  if (!probe.ok && (probe.reason === 'renewable' || probe.reason === 'sign-in-needed')) {
    return { type: 'refused', failure: probe };
  }
  if (probe.ok && probe.accountIds !== null) {
    const account = probe.accountIds.map(session.hashAccount).sort();
    if (compareAccounts(expected, account) === 'foreign') return { type: 'foreign' };
    if (account.length > 0) return { type: 'accepted', account, proven: true, verified: true };
  } else {
    system.log.warn('account-not-checked', 'The broker could not be asked whose account this is.', {
      session: session.key,
      reason: probe.ok ? 'transient' : probe.reason,
      problem: probe.ok ? 'account-list-unreadable' : probe.problem,
    });
  }
  return { type: 'accepted', account: null, proven: probe.ok, verified: expected === null };
}
