/**
 * The brokers this system knows, by the name that begins their session keys.
 *
 * A table, no behaviour. Read by config (defaults), compose (adapters) and workers.
 */

import type { BrokerRules } from '../lifecycle/rules.ts';
import type { Environment } from '../lifecycle/session.ts';
import { bearerDataCalls } from './bearer-data-calls.ts';
import type { Broker, BrokerOptions } from './broker.ts';
import type { CreateDataCalls } from './data-calls.ts';
import { createEtradeBroker } from './etrade.ts';
import { createEtradeDataCalls } from './etrade-data-calls.ts';
import { ETRADE_DEFAULTS, ETRADE_RULES } from './etrade-rules.ts';
import { createKiteBroker } from './kite.ts';
import { KITE_WORDS } from './kite-failures.ts';
import { KITE_VERSION, kiteAuthorization } from './kite-requests.ts';
import { KITE_DEFAULTS, KITE_RULES } from './kite-rules.ts';
import { createSchwabBroker } from './schwab.ts';
import { SCHWAB_WORDS } from './schwab-failures.ts';
import { SCHWAB_DEFAULTS, SCHWAB_RULES } from './schwab-rules.ts';
import { createTradestationBroker } from './tradestation.ts';
import { TRADESTATION_WORDS } from './tradestation-failures.ts';
import { TRADESTATION_DEFAULTS, TRADESTATION_RULES } from './tradestation-rules.ts';
import { createUpstoxBroker } from './upstox.ts';
import { UPSTOX_WORDS } from './upstox-failures.ts';
import { UPSTOX_DEFAULTS, UPSTOX_RULES } from './upstox-rules.ts';

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
  /** Whether its adapter has an `approval`. @default false */
  readonly hasApproval?: boolean;
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

const tradestation: BrokerEntry = {
  name: 'tradestation',
  title: 'TradeStation',
  rules: TRADESTATION_RULES,
  defaults: TRADESTATION_DEFAULTS,
  create: createTradestationBroker,
  createDataCalls: bearerDataCalls({ words: TRADESTATION_WORDS }),
};

const upstox: BrokerEntry = {
  name: 'upstox',
  title: 'Upstox',
  rules: UPSTOX_RULES,
  defaults: UPSTOX_DEFAULTS,
  create: createUpstoxBroker,
  hasApproval: true,
  createDataCalls: bearerDataCalls({ words: UPSTOX_WORDS }),
};

const schwab: BrokerEntry = {
  name: 'schwab',
  title: 'Charles Schwab',
  rules: SCHWAB_RULES,
  defaults: SCHWAB_DEFAULTS,
  create: createSchwabBroker,
  createDataCalls: bearerDataCalls({ words: SCHWAB_WORDS }),
};

const kite: BrokerEntry = {
  name: 'kite',
  title: 'Zerodha Kite',
  rules: KITE_RULES,
  defaults: KITE_DEFAULTS,
  create: createKiteBroker,
  createDataCalls: bearerDataCalls({
    words: KITE_WORDS,
    header: kiteAuthorization,
    headers: KITE_VERSION,
  }),
};

/** Looked up by text from configuration, so it has no prototype: `constructor-prod` names no broker. */
export const BROKERS: Readonly<Record<string, BrokerEntry>> = Object.freeze(
  Object.assign(Object.create(null) as Record<string, BrokerEntry>, {
    etrade,
    tradestation,
    upstox,
    schwab,
    kite,
  }),
);
