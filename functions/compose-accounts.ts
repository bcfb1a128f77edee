/**
 * How an account's id is written on record: hashed with keys derived from the secrets at hand.
 *
 * Keeps no id and makes no call.
 */

import { createHash, createHmac } from 'node:crypto';
import { deriveKey } from './http/derive-key.ts';
import { accountText } from './lifecycle/account.ts';
import type { Secret } from './secret.ts';

/**
 * Keyed with each secret at hand, so that the binding to an account outlives a new consumer secret and a new
 * link key. Hashes carry the id of their key: after a new one they are not mistaken for another account.
 */
export function accountHasher(secrets: readonly Secret[]): (accountId: string) => string {
  const keys = secrets.map((secret) => {
    const key = deriveKey(secret, 'account');
    return { key, id: createHash('sha256').update(key).digest('base64url').slice(0, 6) };
  });
  return (accountId) =>
    accountText(
      accountId,
      keys.map(
        ({ key, id }) =>
          `${id}.${createHmac('sha256', key).update(accountId).digest('base64url').slice(0, 16)}`,
      ),
    );
}
