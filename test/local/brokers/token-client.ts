/**
 * A plain OAuth 2 client of its own before a simulator, for tests of the simulators: no code of the product.
 */

import { onTestFinished } from 'vitest';
import type {
  BrokerSimulator,
  SimulatorEntry,
  SimulatorOptions,
} from '../../../infra/local/brokers/simulator.ts';
import { openServer } from '../../../infra/local/runner/http.ts';
import { createSeededRandom } from '../../fixtures/test-clock.ts';

export const REDIRECT = 'https://app.example/callback';
export const OURS = { key: 'ours', secret: 'our-secret' } as const;
export const OTHERS = { key: 'others', secret: 'other-secret' } as const;

const STARTS_AT = Date.parse('2026-03-09T13:05:00Z');

/** A JSON answer, its fields as they came. */
export type JsonAnswer = { readonly status: number; readonly json: Record<string, unknown> };

export type TokenClient = {
  readonly origin: string;
  readonly simulator: BrokerSimulator;
  readonly now: () => number;
  readonly advance: (ms: number) => void;
  /** What the simulator saved last. */
  readonly saved: () => unknown;
  readonly post: (
    path: string,
    fields: Readonly<Record<string, string>> | string,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<JsonAnswer>;
  readonly get: (path: string, accessToken?: string) => Promise<JsonAnswer>;
  /** Opens the login page and accepts: what the redirect brings. */
  readonly login: (
    path: string,
    query: Readonly<Record<string, string>>,
    key?: string,
  ) => Promise<URLSearchParams>;
  /** Opens the login page only. */
  readonly open: (path: string, query: Readonly<Record<string, string>>) => Promise<Response>;
};

export async function startTokenClient(
  entry: SimulatorEntry,
  change: Partial<SimulatorOptions> = {},
): Promise<TokenClient> {
  let now = STARTS_AT;
  let saved: unknown;
  let simulator: BrokerSimulator | null = null;
  const server = await openServer((req, res) => void simulator?.handle(req, res), 0);
  onTestFinished(() => server.close());
  const running = entry.create({
    clock: () => now,
    baseUrl: server.url,
    consumers: [
      { ...OURS, environment: 'prod', redirectUrl: REDIRECT },
      { ...OTHERS, environment: 'prod', redirectUrl: REDIRECT },
    ],
    random: createSeededRandom(entry.name),
    onChange: (snapshot) => {
      saved = JSON.parse(JSON.stringify(snapshot));
    },
    ...change,
  });
  simulator = running;

  const open: TokenClient['open'] = (path, query) =>
    fetch(`${server.url}${path}?${new URLSearchParams(query)}`, { redirect: 'manual' });

  return {
    origin: server.url,
    simulator: running,
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
    saved: () => saved,
    async post(path, fields, headers = {}) {
      const body = typeof fields === 'string' ? fields : new URLSearchParams(fields);
      return read(await fetch(`${server.url}${path}`, { method: 'POST', body, headers }));
    },
    async get(path, accessToken) {
      const headers: Record<string, string> =
        accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
      return read(await fetch(`${server.url}${path}`, { headers }));
    },
    open,
    async login(path, query, key = OURS.key) {
      await (await open(path, query)).arrayBuffer();
      const approval = running.approve(key);
      if (approval === null || !('redirect' in approval)) throw new Error('no login is open');
      return new URL(approval.redirect).searchParams;
    },
  };
}

async function read(response: Response): Promise<JsonAnswer> {
  const text = await response.text();
  try {
    const json: unknown = JSON.parse(text);
    const isObject = typeof json === 'object' && json !== null;
    return { status: response.status, json: isObject ? { ...json } : {} };
  } catch {
    return { status: response.status, json: { text } };
  }
}

export function textOf(answer: JsonAnswer, field: string): string {
  const value = answer.json[field];
  if (typeof value !== 'string') throw new Error(`no ${field} in ${JSON.stringify(answer)}`);
  return value;
}
