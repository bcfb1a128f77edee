/**
 * Reads the address that a broker's redirect led a person to, where it led past our own callback.
 *
 * Takes an answer to this sign-in and to no other. Consumes nothing and sends nothing. Called by the sign-in
 * page and the command line.
 */

import type { Broker, OpenSignIn } from '../brokers/broker.ts';
import type { Secret } from '../secret.ts';

export type ReadAddress =
  | { readonly type: 'verifier'; readonly verifier: Secret }
  /** No address of a redirect at all, or one without a code. */
  | { readonly type: 'unreadable' }
  /** Of another sign-in. */
  | { readonly type: 'foreign' }
  | {
      readonly type: 'not-granted';
      readonly reason: 'declined' | 'refused';
      /** The broker's word for it. */
      readonly problem: string;
    };

/** @param text as it was pasted: the whole address from the browser's bar */
export function readAddress(
  broker: Pick<Broker, 'readCallback'>,
  signIn: Pick<OpenSignIn, 'id'>,
  text: string,
): ReadAddress {
  const query = URL.parse(text.trim())?.searchParams;
  if (query === undefined) return { type: 'unreadable' };
  const callback = broker.readCallback(query);
  if (callback.signInId !== null && callback.signInId !== signIn.id) return { type: 'foreign' };
  if (callback.ok) {
    // Without its state nobody knows whose sign-in a code is of.
    if (callback.signInId === null) return { type: 'foreign' };
    return { type: 'verifier', verifier: callback.verifier };
  }
  const { reason, problem, signInId } = callback;
  if (reason === 'unreadable' || signInId === null) return { type: 'unreadable' };
  return { type: 'not-granted', reason, problem };
}
