/**
 * Ends a token at the broker, where that ends nothing else.
 *
 * Some brokers revoke every token of a consumer key at once, some revoke nothing: a token of theirs is
 * forgotten here and ends by itself. Writes nothing. Called where a token is discarded or signed out.
 */

import type { BrokerToken, RevokeAnswer } from '../brokers/broker.ts';
import type { ConfiguredSession, System } from './system.ts';

/** A token that is not the session's: never at the cost of the session's own. `null`: the broker was not asked. */
export async function discardToken(
  { broker }: ConfiguredSession,
  token: BrokerToken,
): Promise<RevokeAnswer | null> {
  return broker.rules.revocation === 'token' ? broker.revoke(token) : null;
}

/** The session's own token: never at the cost of another session's. `null`: the broker was not asked. */
export async function revokeToken(
  system: System,
  { key, broker }: ConfiguredSession,
  token: BrokerToken,
): Promise<RevokeAnswer | null> {
  const { revocation } = broker.rules;
  // Whether two sessions share a consumer key is not known here, so those of one broker count as sharing.
  const isShared = system.sessions.some(
    (other) => other.key !== key && other.broker.name === broker.name,
  );
  if (revocation === 'none' || (revocation === 'consumer-key' && isShared)) return null;
  return broker.revoke(token);
}
