/**
 * What a worker asks of a broker for calls of its own: the header that authorizes one, and what a refusal
 * means.
 *
 * Types only. Implemented by one small file per broker; nothing is sent there. Called by `worker/`.
 */

import type { Clock, Random } from '../clock.ts';
import type { Secret } from '../secret.ts';
import type { BrokerFailure, BrokerToken } from './broker.ts';
import type { Oauth1Params } from './oauth1.ts';
import type { Received } from './send.ts';

/** A call as far as a signature covers it. */
export type DataCall = {
  /** Upper case: `GET`. */
  readonly method: string;
  /** In normal form, without query and fragment. */
  readonly url: string;
  /** Query parameters and form fields, decoded; never a JSON body. */
  readonly params: Oauth1Params;
};

export type Refusal = BrokerFailure & {
  /** Refused at the door: the broker looked at token or signature and did nothing of what was asked. */
  readonly undone: boolean;
};

export interface DataCalls {
  /** What every call carries besides, where the caller says nothing else. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The value of the `Authorization` header, good for one attempt.
   *
   * @throws TypeError for a call that cannot be signed; the message holds no secret
   */
  authorize(call: DataCall, token: BrokerToken): string;
  /** Why the broker did not serve a call; `null` for an answer that is between it and the caller. */
  judge(answer: Received): Refusal | null;
}

export type CreateDataCalls = (options: {
  readonly consumerKey: Secret;
  readonly consumerSecret: Secret;
  readonly clock: Clock;
  readonly random: Random;
}) => DataCalls;
