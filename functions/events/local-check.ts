/**
 * Whether the event service of a run on one machine is there and takes events.
 *
 * Made by `compose.ts` for the command line.
 */

import type { Random } from '../clock.ts';
import { EventError } from '../errors.ts';
import type { EventCheck } from './event-check.ts';
import { encodeRehearsal } from './rehearsal.ts';

export type LocalCheckOptions = {
  /** Where events are posted to. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly random: Random;
  /** @default 3000 */
  readonly timeoutMs?: number;
};

/** The service's answer to something that is no event: it was read and understood. */
const NO_EVENT = 400;

export function createLocalCheck(options: LocalCheckOptions): EventCheck {
  const { url, random, timeoutMs = 3_000 } = options;

  async function post(body: unknown): Promise<number> {
    try {
      const response = await options.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      throw new EventError(
        `The event service could not be reached, or did not answer within ${timeoutMs} ms: see whether it runs, and "EVENTS_URL"`,
        { code: 'EVENTS_UNAVAILABLE', retryable: true, cause: error },
      );
    }
  }

  function refuse(status: number): never {
    throw new EventError(`The event service answered ${status}: see "EVENTS_URL"`, {
      code: status >= 500 ? 'EVENTS_UNAVAILABLE' : 'EVENTS_REFUSED',
      retryable: status >= 500,
    });
  }

  return {
    async check() {
      const status = await post({});
      if (status !== NO_EVENT && (status < 200 || status >= 300)) refuse(status);
    },
    async rehearse(session) {
      const { attributes, data } = encodeRehearsal(session);
      const status = await post({
        message: {
          messageId: Buffer.from(random(8)).readBigUInt64BE().toString(),
          attributes,
          data: Buffer.from(data, 'utf8').toString('base64'),
        },
        subscription: 'projects/local/subscriptions/token-renewed-local',
      });
      if (status < 200 || status >= 300) refuse(status);
    },
  };
}
