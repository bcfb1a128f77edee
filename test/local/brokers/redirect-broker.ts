/**
 * A simulator of a broker that redirects, behind a real port, with a clock to move and a person at its pages.
 *
 * Knows no broker and none of the product's code. Used by the tests of Upstox and Kite.
 */

import type {
  BrokerSimulator,
  Consumer,
  SimulatorOptions,
} from '../../../infra/local/brokers/simulator.ts';
import { openTestServer } from '../../fixtures/open-test-server.ts';

/** 09:00 in India on a Thursday. */
export const START = Date.UTC(2026, 0, 15, 3, 30);

export const APP = {
  key: '615b1297-d443-3b39-ba19-1927fbcdddc7',
  secret: 'app-secret+with/reserved=characters&more',
  environment: 'prod',
  redirectUrl: 'https://app.example/callback',
} as const satisfies Consumer;

export const OTHER_APP = {
  key: '0aa5d0b4-0000-4e39-8a19-000000000002',
  secret: 'another-secret',
  environment: 'prod',
  redirectUrl: 'https://app.example/callback',
} as const satisfies Consumer;

export type Choice = {
  readonly decision?: 'Accept' | 'Decline';
  readonly userId?: string;
  readonly secret0?: string;
};

export async function startRedirectBroker<Snapshot, Simulator extends BrokerSimulator>(
  create: (options: SimulatorOptions<Snapshot>) => Simulator,
  options: Partial<SimulatorOptions<Snapshot>> = {},
) {
  let now = START;
  let simulator: Simulator | undefined;
  const { url } = await openTestServer((req, res) => void simulator?.handle(req, res));
  const created = create({
    clock: () => now,
    baseUrl: url,
    consumers: [APP, OTHER_APP],
    ...options,
  });
  simulator = created;

  /** Opens the login page and answers its form, as a browser does. */
  async function answerPage(loginUrl: string, choice: Choice = {}): Promise<Response> {
    const page = await fetch(loginUrl);
    const html = await page.text();
    const login = /name="login" value="([^"]+)"/.exec(html)?.[1];
    if (login === undefined) throw new Error(`no login page but ${page.status} ${html}`);
    const { decision = 'Accept', userId = 'me', secret0 = 'x' } = choice;
    return fetch(loginUrl, {
      method: 'POST',
      body: new URLSearchParams({ login, userId, secret0, secret1: 'x', decision }),
      redirect: 'manual',
    });
  }

  return {
    simulator: created,
    origin: url,
    now: () => now,
    advance(ms: number): void {
      now += ms;
    },
    setTime(at: number): void {
      now = at;
    },
    answerPage,
    /** Where the browser is sent after the page was answered. */
    async comeBack(loginUrl: string, choice: Choice = {}): Promise<URL> {
      const location = (await answerPage(loginUrl, choice)).headers.get('location');
      if (location === null) throw new Error('the page sent the browser nowhere');
      return new URL(location);
    },
  };
}

/** A JSON answer and its status. */
export async function read(
  response: Promise<Response>,
): Promise<{ readonly status: number; readonly json: unknown }> {
  const answered = await response;
  return { status: answered.status, json: await answered.json() };
}
