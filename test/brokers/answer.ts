/** A received answer as `send.ts` hands it over. Used by the tests of judges. */

import type { Received } from '../../functions/brokers/send.ts';

export function received(
  status: number,
  body: object | string,
  change: Partial<Received> = {},
): Received {
  return {
    answered: true,
    status,
    challenge: '',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    complete: true,
    receivedAt: 0,
    skewMs: null,
    retryAfterMs: null,
    ...change,
  };
}
