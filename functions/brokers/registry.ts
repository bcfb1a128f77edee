/**
 * The brokers this system knows, by the name that begins their session keys.
 *
 * A table, no behaviour. Read by config (defaults), compose (adapters) and workers.
 */

import type { BrokerRules } from '../lifecycle/rules.ts';
import type { Environment } from '../lifecycle/session.ts';
import type { Broker, BrokerOptions } from './broker.ts';
import type { CreateDataCalls } from './data-calls.ts';
import { createEtradeBroker } from './etrade.ts';
import { createEtradeDataCalls } from './etrade-data-calls.ts';
import { ETRADE_DEFAULTS, ETRADE_RULES } from './etrade-rules.ts';

export type BrokerEntry = {
  /** `etrade`, as in session keys. */
  readonly name: string;
  /** The name people read. */
  readonly title: string;
  readonly rules: BrokerRules;
  /** By environment; one that is missing has no sign-in of its own at this broker. */
  readonly defaults: Readonly<
    Partial<Record<Environment, Pick<BrokerOptions, 'oauthUrl' | 'apiUrl' | 'authorizeUrl'>>>
  >;
  readonly create: (options: BrokerOptions) => Broker;
  /** How a worker's own calls are authorized and their refusals read. */
  readonly createDataCalls: CreateDataCalls;
};

const etrade: BrokerEntry = {
  name: 'etrade',
  title: 'E*TRADE',
  rules: ETRADE_RULES,
  defaults: ETRADE_DEFAULTS,
  create: createEtradeBroker,
  createDataCalls: createEtradeDataCalls,
};

/** Looked up by text from configuration, so it has no prototype: `constructor-prod` names no broker. */
export const BROKERS: Readonly<Record<string, BrokerEntry>> = Object.freeze(
  Object.assign(Object.create(null) as Record<string, BrokerEntry>, { etrade }),
);
