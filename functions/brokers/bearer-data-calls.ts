/**
 * A worker's calls to a broker that takes a bearer token: one header, no signature.
 *
 * Sends nothing and knows no broker: how refusals read is handed in. Made by `worker/` through the registry.
 */

import type { Secret } from '../secret.ts';
import type { BrokerFailure } from './broker.ts';
import type { CreateDataCalls } from './data-calls.ts';
import { type BrokerWords, judgeCall } from './failures.ts';
import { bearerAuthorization } from './oauth2.ts';

export type BearerDataCalls = {
  readonly words: BrokerWords;
  /**
   * The `Authorization` header's value.
   * @default `Bearer <access token>`
   */
  readonly header?: (accessToken: Secret, consumerKey: Secret) => string;
  /** As in `DataCalls`. */
  readonly headers?: Readonly<Record<string, string>>;
};

export function bearerDataCalls({
  words,
  header = bearerAuthorization,
  headers = {},
}: BearerDataCalls): CreateDataCalls {
  return ({ consumerKey }) => ({
    headers,
    authorize: (_call, token) => header(token.accessToken, consumerKey),
    judge(answer) {
      const failure = judgeCall(words, answer);
      if (failure === null) return null;
      return { ...failure, undone: isRefusedAtTheDoor(failure) };
    },
  });
}

/** The token was looked at, and nothing of what was asked was done. */
function isRefusedAtTheDoor({ reason, status }: BrokerFailure): boolean {
  const isOfTheToken = reason === 'renewable' || reason === 'sign-in-needed';
  return isOfTheToken && (status === 401 || status === 403);
}
