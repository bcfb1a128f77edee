/**
 * What users of other HTTP clients and of streams ask for: a header for one call, or the token itself.
 *
 * No I/O while the token lasts. Made by `connect.ts`.
 */

import type { Clock } from '../clock.ts';
import type { Failures } from './failures.ts';
import type { Ledger } from './ledger.ts';
import type { LineKeeper } from './line.ts';
import { paramsOf, readAddress, type Target } from './outgoing-call.ts';
import type { Recovery, Using } from './recovery.ts';
import { limitOf, type Rules } from './state.ts';
import type { WorkerSession } from './worker-session.ts';

export function createTokens(options: {
  readonly target: Target;
  readonly ledger: Ledger;
  readonly recovery: Recovery;
  readonly failures: Failures;
  readonly rules: Rules;
  readonly clock: Clock;
  readonly line: LineKeeper;
}): Pick<WorkerSession, 'authorization' | 'token'> {
  const { ledger, recovery, failures, rules, clock, line } = options;

  function limit(minimumSeconds: number) {
    return limitOf(ledger.facts(), rules, clock(), minimumSeconds * 1_000);
  }

  /** Does what can be done with no human for a token that would end too soon. */
  async function lengthen(minimumSeconds: number): Promise<Using> {
    const using = await recovery.current();
    const short = limit(minimumSeconds);
    if (short === null) return using;
    try {
      if (short.limitedBy === 'idle') await recovery.prove();
      if (short.limitedBy === 'access-token') await recovery.lengthen(using);
    } catch {
      // The clock that ends it says more than why it could not be moved.
    }
    const still = limit(minimumSeconds);
    if (still !== null) throw failures.endsSoon(still, minimumSeconds);
    return recovery.usable();
  }

  return {
    async authorization(method, url, params = {}) {
      const read = readAddress(url, options.target);
      if (!read.ok) throw failures.configuration(read.problem);
      // Nothing is waited for that is there already: this is the hot path.
      const using = rules.renewal === 'refresh' ? await recovery.current() : recovery.usable();
      const { signer } = line.opened() ?? (await line.open());
      const pairs = [...read.query, ...Object.entries(params)];
      const call = { method: method.toUpperCase(), url: read.url, params: paramsOf(pairs) };
      try {
        return signer.authorize(call, using.token);
      } catch (error) {
        throw failures.configuration(error instanceof TypeError ? error.message : 'Cannot sign');
      }
    },

    async token({ minimumSeconds = 0 } = {}) {
      const now = recovery.usable();
      const using = limit(minimumSeconds) === null ? now : await lengthen(minimumSeconds);
      const { accessToken, tokenSecret, generation, accessExpiresAt, hardEndsAt } = using.token;
      return {
        accessToken: accessToken.reveal(),
        tokenSecret: tokenSecret?.reveal() ?? null,
        generation,
        endsAt: Math.min(accessExpiresAt, hardEndsAt ?? accessExpiresAt),
      };
    },
  };
}
