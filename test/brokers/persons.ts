/**
 * What the broker contract must know of each broker besides its rules: one small object per broker.
 *
 * The only place of the contract that knows brokers by name. A new broker adds its object here.
 */

import type { BrokerToken } from '../../functions/brokers/broker.ts';
import type { Environment } from '../../functions/lifecycle/session.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../fixtures/test-clock.ts';
import type { SimulatedBroker } from './simulated-broker.ts';

const DAY_MS = 24 * HOUR_MS;

export type BrokerPerson = {
  /** `etrade`, as in the tables. */
  readonly name: string;
  readonly environment: Environment;
  /** From the person's yes until the broker takes the verifier no more. */
  readonly verifierLifeMs: number;
  /** Where a "no" ends: our callback, or the broker's own page. */
  readonly declines: 'redirect' | 'page';
  /** The simulator's names of the calls. */
  readonly endpoints: { readonly complete: string; readonly renew: string; readonly probe: string };
  /** A switch that makes every data call answer "too many". */
  readonly tooMany: readonly [name: string, value: unknown];
  /** Lets the session reach the end that nothing moves, renewing on the way: the last token it had. */
  readonly outlive: (at: SimulatedBroker, token: BrokerToken) => Promise<BrokerToken>;
};

export const PERSONS: readonly BrokerPerson[] = [
  {
    name: 'etrade',
    environment: 'sandbox',
    verifierLifeMs: 5 * MINUTE_MS,
    declines: 'page',
    endpoints: {
      complete: 'access_token',
      renew: 'renew_access_token',
      probe: 'accounts/list',
    },
    tooMany: ['overLimit', 400],
    outlive: waiting(15 * HOUR_MS),
  },
  {
    name: 'tradestation',
    environment: 'sandbox',
    verifierLifeMs: 10 * MINUTE_MS,
    declines: 'redirect',
    endpoints: { complete: 'token', renew: 'token', probe: 'accounts' },
    tooMany: ['overLimit', true],
    // Only a key that rotates has an end, and it must be used until then.
    async outlive(at, token) {
      at.simulator.setSwitch('rotation', true);
      let current = token;
      for (let passed = 0; passed < DAY_MS; passed += 20 * MINUTE_MS) {
        const renewed = await at.broker.renew(current);
        if (!renewed.ok) throw new Error(`over after ${passed} ms: ${renewed.problem}`);
        current = renewed.token ?? current;
        at.advance(20 * MINUTE_MS);
      }
      return current;
    },
  },
  {
    name: 'schwab',
    environment: 'prod',
    verifierLifeMs: 30 * SECOND_MS,
    declines: 'redirect',
    endpoints: { complete: 'token', renew: 'token', probe: 'accountNumbers' },
    tooMany: ['overLimit', true],
    outlive: waiting(7 * DAY_MS),
  },
  {
    name: 'upstox',
    environment: 'prod',
    verifierLifeMs: 10 * MINUTE_MS,
    declines: 'redirect',
    endpoints: { complete: 'token', renew: 'other', probe: 'profile' },
    tooMany: ['overLimit', true],
    outlive: waiting(9 * HOUR_MS),
  },
  {
    name: 'kite',
    environment: 'prod',
    verifierLifeMs: 2 * MINUTE_MS,
    declines: 'redirect',
    endpoints: { complete: 'session', renew: 'other', probe: 'profile' },
    tooMany: ['overLimit', true],
    outlive: waiting(12 * HOUR_MS),
  },
];

function waiting(ms: number): BrokerPerson['outlive'] {
  return async (at, token) => {
    at.advance(ms);
    return token;
  };
}
