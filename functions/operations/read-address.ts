/**
 * Reads what a person pasted for a sign-in: a PIN, or the address that a broker's redirect led to, where it led
 * past our own callback or into another browser.
 *
 * Takes an answer to this sign-in and to no other. Consumes nothing and sends nothing. Called by the sign-in
 * page and the command line.
 */

import type { Broker, OpenSignIn } from '../brokers/broker.ts';
import { visibleText } from '../lifecycle/verifier.ts';
import { Secret } from '../secret.ts';

export type ReadAddress =
  /** Whether it can be one is judged where it is sent. */
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

type Answered = Pick<Broker, 'readCallback' | 'verifierKind'>;

/** @param signIn `null` when none is open: an address can be for none then */
export function readPasted(
  broker: Answered,
  signIn: Pick<OpenSignIn, 'id'> | null,
  text: string,
): ReadAddress {
  const visible = visibleText(text);
  if (broker.verifierKind === 'pin' && !/^https?:/i.test(visible)) {
    return { type: 'verifier', verifier: new Secret(visible) };
  }
  return signIn === null ? { type: 'foreign' } : readAddress(broker, signIn, text);
}

/** @param text as it was pasted: the whole address from the browser's bar */
export function readAddress(
  broker: Answered,
  signIn: Pick<OpenSignIn, 'id'>,
  text: string,
): ReadAddress {
  const address = visibleText(text);
  // The parser would take some white space out and a code would be what nobody sent.
  const query = /\p{White_Space}/u.test(address) ? null : URL.parse(address)?.searchParams;
  if (query === null || query === undefined) return { type: 'unreadable' };
  const callback = broker.readCallback(query);
  const { signInId } = callback;
  if (signInId !== null && signInId !== signIn.id) return { type: 'foreign' };
  if (callback.ok) {
    // A code without its state belongs to no known sign-in; a PIN is as good in an address as alone.
    if (signInId === null && broker.verifierKind === 'redirect') return { type: 'foreign' };
    return { type: 'verifier', verifier: callback.verifier };
  }
  const { reason, problem } = callback;
  if (reason === 'unreadable' || signInId === null) return { type: 'unreadable' };
  return { type: 'not-granted', reason, problem };
}
