/**
 * The broker simulators of a local run on one server, with their memory kept across restarts.
 *
 * Mounts each under its name (`/etrade`); knows which consumer belongs to which session, and no broker. With
 * real brokers there is none of this.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Clock } from '../../../functions/clock.ts';
import {
  type Environment,
  parseSessionKey,
  type SessionKey,
} from '../../../functions/lifecycle/session.ts';
import type { Approval, BrokerSimulator, BrokerStats, Consumer } from '../brokers/simulator.ts';
import { SIMULATORS } from '../brokers/table.ts';
import { readJsonFile, writeJsonFile } from '../files.ts';
import type { LocalKeys } from '../state.ts';
import { applySwitches } from './broker-switches.ts';
import { type OpenServer, openServer, sendJson } from './http.ts';

export type BrokerHostOptions = {
  readonly clock: Clock;
  readonly port: number;
  readonly sessions: readonly string[];
  readonly consumers: LocalKeys['consumers'];
  readonly snapshotFile: string;
  /** What comes before `/callback/<broker>`, which is registered with every key; `null`: nothing is. */
  readonly publicUrl?: string | null;
  /** Where tokens are posted that the person approved in the broker's app, registered likewise. */
  readonly notifierUrl?: (session: SessionKey) => string;
};

export type BrokerHost = {
  readonly server: OpenServer;
  /** Variables that lead a function to the simulators. */
  readonly variables: Readonly<Record<string, string>>;
  /** Does what the person does at the broker; `null` when no sign-in is open. */
  readonly approve: (session: string) => Approval | null;
  /**
   * Sets these switches and no others; throws naming what is not allowed and leaves them as they were.
   * `tradestation.rotation` is one broker's, `down` everyone's who has a session here.
   */
  readonly setSwitches: (switches: Readonly<Record<string, unknown>>) => void;
  /** One broker's counts, or those of all together. */
  readonly stats: (broker?: string) => BrokerStats;
};

const snapshotsSchema = z.record(z.string(), z.unknown());

export async function openBrokerHost(options: BrokerHostOptions): Promise<BrokerHost> {
  const { clock, port, snapshotFile } = options;
  // The simulators must know their own address, and it is known once the server listens.
  let handler = async (_req: IncomingMessage, res: ServerResponse): Promise<void> =>
    sendJson(res, 503, { error: 'The simulators are starting' });
  const server = await openServer((req, res) => void handler(req, res), port);

  let snapshots = snapshotsSchema.catch({}).parse(readJsonFile(snapshotFile));
  const simulators = new Map<string, BrokerSimulator>(
    SIMULATORS.map(({ name, create }) => [
      name,
      create({
        clock,
        baseUrl: server.url,
        consumers: consumersOf(name, options),
        snapshot: snapshots[name],
        onChange(snapshot) {
          snapshots = { ...snapshots, [name]: snapshot };
          writeJsonFile(snapshotFile, snapshots);
        },
      }),
    ]),
  );
  handler = async (req, res) => {
    const name = /^\/([a-z0-9]+)(?=[/?]|$)/.exec(req.url ?? '')?.[1] ?? '';
    const simulator = simulators.get(name);
    if (simulator !== undefined) return simulator.handle(req, res);
    const paths = [...simulators.keys()].map((known) => `/${known}/…`).join(', ');
    sendJson(res, 404, { error: `The simulators are at ${paths}` });
  };

  const inUse = new Map([...simulators].filter(([name]) => consumersOf(name, options).length > 0));
  let current: Readonly<Record<string, unknown>> = {};

  return {
    server,
    variables: variablesAt(server.url),
    approve(session) {
      const consumer = options.consumers[session];
      const simulator = simulators.get(parseSessionKey(session)?.broker ?? '');
      if (consumer === undefined || simulator === undefined) return null;
      return simulator.approve(consumer.key);
    },
    setSwitches(switches) {
      try {
        applySwitches(simulators, inUse, switches);
      } catch (error) {
        applySwitches(simulators, inUse, current);
        throw error;
      }
      current = switches;
    },
    stats: (broker) => statsOf(simulators, broker),
  };
}

function consumersOf(
  broker: string,
  { sessions, consumers, publicUrl = null, notifierUrl }: BrokerHostOptions,
): Consumer[] {
  const redirectUrl = publicUrl === null ? null : `${publicUrl}/callback/${broker}`;
  return sessions.flatMap((session) => {
    const consumer = consumers[session];
    const name = parseSessionKey(session);
    if (consumer === undefined || name?.broker !== broker) return [];
    return [
      {
        ...consumer,
        environment: name.environment,
        redirectUrl,
        notifierUrl: notifierUrl?.(name.key) ?? null,
      },
    ];
  });
}

/** `ETRADE_SANDBOX_OAUTH_URL` and its like, for every broker and environment. */
function variablesAt(base: string): Record<string, string> {
  const environments: readonly Environment[] = ['sandbox', 'prod'];
  const variables: Record<string, string> = {};
  for (const { name, urls } of SIMULATORS) {
    for (const environment of environments) {
      const addresses = urls(base)[environment];
      if (addresses === undefined) continue;
      const prefix = `${name}_${environment}`.toUpperCase();
      variables[`${prefix}_OAUTH_URL`] = addresses.oauthUrl;
      variables[`${prefix}_API_URL`] = addresses.apiUrl;
      variables[`${prefix}_AUTHORIZE_URL`] = addresses.authorizeUrl;
    }
  }
  return variables;
}

function statsOf(
  simulators: ReadonlyMap<string, BrokerSimulator>,
  broker: string | undefined,
): BrokerStats {
  const asked =
    broker === undefined ? [...simulators.values()] : [simulators.get(broker)].filter(isKnown);
  const calls: Record<string, Record<string, number>> = {};
  const accessTokens: Record<string, number> = {};
  for (const simulator of asked) {
    const stats = simulator.stats();
    for (const [endpoint, outcomes] of Object.entries(stats.calls)) {
      const sums = calls[endpoint] ?? {};
      calls[endpoint] = sums;
      addTo(sums, outcomes);
    }
    addTo(accessTokens, stats.accessTokens);
  }
  return { calls, accessTokens };
}

function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function addTo(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
}
