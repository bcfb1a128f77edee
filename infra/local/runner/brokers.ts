/**
 * The broker simulators of a local run on one server, with their memory kept across restarts.
 *
 * Mounts each under its name (`/etrade`); knows which consumer belongs to which session. With a real broker
 * there is none of this.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../functions/clock.ts';
import { parseSessionKey } from '../../../functions/lifecycle/session.ts';
import { createEtradeSimulator, type EtradeStats } from '../brokers/etrade.ts';
import { readJsonFile, writeJsonFile } from '../files.ts';
import type { LocalKeys } from '../state.ts';
import type { Approval } from './control.ts';
import { type OpenServer, openServer, sendJson } from './http.ts';

export type BrokerHostOptions = {
  readonly clock: Clock;
  readonly port: number;
  readonly sessions: readonly string[];
  readonly consumers: LocalKeys['consumers'];
  readonly snapshotFile: string;
};

export type BrokerHost = {
  readonly server: OpenServer;
  /** Variables that lead a function to the simulators. */
  readonly variables: Readonly<Record<string, string>>;
  /** Does what the person does at the broker; `null` when no sign-in is open. */
  readonly approve: (session: string) => Approval | null;
  /** Sets these switches and no others; throws naming what is not allowed and leaves them as they were. */
  readonly setSwitches: (switches: Readonly<Record<string, unknown>>) => void;
  readonly stats: () => EtradeStats;
};

export async function openBrokerHost(options: BrokerHostOptions): Promise<BrokerHost> {
  const { clock, port, sessions, consumers, snapshotFile } = options;
  // The simulator must know its own address, and the address is known once the server listens.
  let handler = async (_req: IncomingMessage, res: ServerResponse): Promise<void> =>
    sendJson(res, 503, { error: 'The simulators are starting' });
  const server = await openServer((req, res) => void handler(req, res), port);
  const etrade = createEtradeSimulator({
    clock,
    baseUrl: server.url,
    consumers: sessions.flatMap((session) => {
      const consumer = consumers[session];
      const name = parseSessionKey(session);
      if (consumer === undefined || name?.broker !== 'etrade') return [];
      return [{ ...consumer, environment: name.environment }];
    }),
    snapshot: readJsonFile(snapshotFile) ?? undefined,
    onChange: (snapshot) => writeJsonFile(snapshotFile, snapshot),
  });
  handler = async (req, res) => {
    if (/^\/etrade(?=[/?]|$)/.test(req.url ?? '')) await etrade.handle(req, res);
    else sendJson(res, 404, { error: 'The simulators are at /etrade/…' });
  };

  let current: Readonly<Record<string, unknown>> = {};
  const apply = (switches: Readonly<Record<string, unknown>>): void => {
    etrade.clearSwitches();
    for (const [name, value] of Object.entries(switches)) etrade.setSwitch(name, value);
  };

  return {
    server,
    variables: {
      ETRADE_SANDBOX_OAUTH_URL: `${server.url}/etrade/api`,
      ETRADE_SANDBOX_API_URL: `${server.url}/etrade/apisb`,
      ETRADE_SANDBOX_AUTHORIZE_URL: `${server.url}/etrade/us/e/t/etws/authorize`,
      ETRADE_PROD_OAUTH_URL: `${server.url}/etrade/api`,
      ETRADE_PROD_API_URL: `${server.url}/etrade/api`,
      ETRADE_PROD_AUTHORIZE_URL: `${server.url}/etrade/us/e/t/etws/authorize`,
    },
    approve(session) {
      const consumer = consumers[session];
      return consumer === undefined ? null : etrade.approve(consumer.key);
    },
    setSwitches(switches) {
      try {
        apply(switches);
      } catch (error) {
        apply(current);
        throw error;
      }
      current = switches;
    },
    stats: () => etrade.stats(),
  };
}
