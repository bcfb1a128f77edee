/**
 * A worker's calls to E*TRADE: signed with the session's token, refusals read as on the probe.
 *
 * Sends nothing. A business error (an unknown account, a refused order) is the caller's matter and no
 * refusal. Made by `worker/` through the registry.
 */

import type { CreateDataCalls } from './data-calls.ts';
import { ETRADE_WORDS, findOauthProblem, judgeRefusal } from './etrade-failures.ts';
import { judgeCall } from './failures.ts';
import { authorizationHeader } from './oauth1.ts';

const NONCE_BYTES = 16;

/** A draw costs as much as a hash, whatever its size: one is made for many nonces. */
const NONCES_A_DRAW = 64;

export const createEtradeDataCalls: CreateDataCalls = (options) => {
  const { clock, random } = options;
  const consumer = { key: options.consumerKey, secret: options.consumerSecret };
  let drawn = '';
  let used = 0;

  function createNonce(): string {
    if (used === drawn.length) {
      drawn = Buffer.from(random(NONCE_BYTES * NONCES_A_DRAW)).toString('hex');
      used = 0;
    }
    used += NONCE_BYTES * 2;
    return drawn.slice(used - NONCE_BYTES * 2, used);
  }

  return {
    authorize({ method, url, params }, token) {
      if (token.tokenSecret === null) {
        throw new TypeError('Cannot sign the request: the token has no token secret');
      }
      return authorizationHeader({
        method,
        url,
        params,
        consumer,
        token: { key: token.accessToken, secret: token.tokenSecret },
        timestamp: Math.floor(clock() / 1_000),
        nonce: createNonce(),
      });
    },

    judge(answer) {
      const oauthProblem = findOauthProblem(answer);
      const failure =
        oauthProblem === null ? judgeCall(ETRADE_WORDS, answer) : judgeRefusal('probe', answer);
      if (failure === null) return null;
      // A used nonce may be our own request, which the network has delivered twice.
      return { ...failure, undone: oauthProblem !== null && oauthProblem !== 'nonce_used' };
    },
  };
};
