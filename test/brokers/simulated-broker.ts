/**
 * One broker's adapter before its simulator, over HTTP, at a test's own time; and the person at the browser.
 *
 * Knows no broker: adapter, simulator and addresses come from the tables of `functions/brokers` and
 * `infra/local/brokers`. Everything the adapter answers is kept, so that a test can look for secrets in it.
 */

import type { Broker, BrokerOptions, CallbackAnswer } from '../../functions/brokers/broker.ts';
import { BROKERS } from '../../functions/brokers/registry.ts';
import type { Environment } from '../../functions/lifecycle/session.ts';
import { Secret } from '../../functions/secret.ts';
import type { BrokerSimulator } from '../../infra/local/brokers/simulator.ts';
import { SIMULATORS } from '../../infra/local/brokers/table.ts';
import { openServer } from '../../infra/local/runner/http.ts';
import { createSeededRandom, createTestClock } from '../fixtures/test-clock.ts';

/** Monday, 09:05 in New York and 18:35 in India. */
const STARTS_AT = '2026-03-09T13:05:00Z';

/** Two apps at the same broker. */
const KEYS = {
  ours: { key: 'ourconsumerkey0000000000', secret: 'canary-our-consumer-secret' },
  stranger: { key: 'strangerconsumerkey00000', secret: 'canary-stranger-consumer-secret' },
} as const;

export type SimulatedBroker = {
  readonly broker: Broker;
  /** Another app's adapter at the same broker. */
  readonly stranger: Broker;
  /** Our adapter with other options. */
  readonly connect: (changes: Partial<BrokerOptions>) => Broker;
  readonly simulator: BrokerSimulator;
  readonly now: () => number;
  readonly advance: (ms: number) => void;
  /** The person opens the page, logs in and accepts: the verifier, as page or redirect bring it. */
  readonly accept: (authorizeUrl: string) => Promise<Secret>;
  /** The person says no: what the redirect says, `null` where there is none. */
  readonly decline: (authorizeUrl: string) => Promise<CallbackAnswer | null>;
  /** The page that the person would see. */
  readonly page: (
    authorizeUrl: string,
  ) => Promise<{ readonly status: number; readonly html: string }>;
  /** How many calls to an endpoint have arrived. */
  readonly arrived: (endpoint: string) => number;
  /** Every answer of every adapter made here. */
  readonly answers: () => readonly unknown[];
  /** Every secret that anybody was handed. */
  readonly secrets: () => readonly string[];
  readonly close: () => Promise<void>;
};

export async function startSimulatedBroker(
  name: string,
  environment: Environment,
): Promise<SimulatedBroker> {
  const clock = createTestClock(STARTS_AT);
  const entry = BROKERS[name];
  const stand = SIMULATORS.find((simulated) => simulated.name === name);
  if (entry === undefined || stand === undefined) throw new Error(`${name} is in no table`);
  const redirectUrl = `https://app.example/callback/${name}`;

  let simulator: BrokerSimulator | null = null;
  const server = await openServer((req, res) => void simulator?.handle(req, res), 0);
  const running = stand.create({
    clock: clock.now,
    baseUrl: server.url,
    consumers: Object.values(KEYS).map((keys) => ({ ...keys, environment, redirectUrl })),
    random: createSeededRandom(`${name}-simulator`),
  });
  simulator = running;
  const urls = stand.urls(server.url)[environment];
  if (urls === undefined) throw new Error(`${name} has no ${environment}`);

  const answers: unknown[] = [];
  const secrets = new Set<string>(Object.values(KEYS).map(({ secret }) => secret));
  const random = createSeededRandom(name);
  const { create } = entry;
  const addresses = urls;

  function connect(
    changes: Partial<BrokerOptions>,
    keys: { readonly key: string; readonly secret: string } = KEYS.ours,
  ): Broker {
    const broker = create({
      environment,
      consumerKey: new Secret(keys.key),
      consumerSecret: new Secret(keys.secret),
      ...addresses,
      redirectUrl,
      fetch: globalThis.fetch,
      clock: clock.now,
      random,
      // Pauses cost no time at all: a code that lives half a minute outlives them.
      wait: async () => {},
      timeoutMs: 5_000,
      ...changes,
    });
    return watched(broker, (answer) => {
      answers.push(answer);
      collectSecrets(answer, secrets);
    });
  }

  const broker = connect({});

  async function decide(authorizeUrl: string, decision: string): Promise<Response> {
    const html = await (await fetch(authorizeUrl)).text();
    const fields = new URLSearchParams({ ...inputsOf(html), decision });
    return fetch(authorizeUrl, { method: 'POST', body: fields, redirect: 'manual' });
  }

  return {
    broker,
    stranger: connect({}, KEYS.stranger),
    connect,
    simulator: running,
    now: clock.now,
    advance: clock.advance,

    async accept(authorizeUrl) {
      const response = await decide(authorizeUrl, 'Accept');
      const verifier = await verifierOf(response, broker);
      secrets.add(verifier.reveal());
      return verifier;
    },

    async decline(authorizeUrl) {
      const response = await decide(authorizeUrl, 'Decline');
      const location = response.headers.get('location');
      await response.arrayBuffer();
      return location === null ? null : broker.readCallback(new URL(location).searchParams);
    },

    async page(authorizeUrl) {
      const response = await fetch(authorizeUrl, { redirect: 'manual' });
      return { status: response.status, html: await response.text() };
    },

    arrived(endpoint) {
      const outcomes = Object.values(running.stats().calls[endpoint] ?? {});
      return outcomes.reduce((sum, count) => sum + count, 0);
    },
    answers: () => answers,
    secrets: () => [...secrets],
    close: server.close,
  };
}

/** The PIN of the page, or what our callback would read from the redirect. */
async function verifierOf(response: Response, broker: Broker): Promise<Secret> {
  const location = response.headers.get('location');
  const html = await response.text();
  if (location === null) {
    const pin = /class="code" value="([^"]+)"/.exec(html)?.[1];
    if (pin === undefined) throw new Error(`neither redirect nor PIN: ${html}`);
    return new Secret(pin);
  }
  const callback = broker.readCallback(new URL(location).searchParams);
  if (!callback.ok) throw new Error(`the redirect says ${callback.problem}`);
  return callback.verifier;
}

/** The form's fields as they stand on the page: what a browser posts when nothing is typed. */
function inputsOf(html: string): Record<string, string> {
  const inputs = [...html.matchAll(/<input\b[^>]*>/g)].map(([tag]) => ({
    name: /\bname="([^"]*)"/.exec(tag)?.[1] ?? '',
    value: (/\bvalue="([^"]*)"/.exec(tag)?.[1] ?? '').replaceAll('&amp;', '&'),
  }));
  return Object.fromEntries(inputs.map(({ name, value }) => [name, value]));
}

/** The broker itself, its answers shown to `onAnswer`. */
function watched(broker: Broker, onAnswer: (answer: unknown) => void): Broker {
  const watch =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const answer = await call(...args);
      onAnswer(answer);
      return answer;
    };
  return {
    ...broker,
    begin: watch(broker.begin),
    complete: watch(broker.complete),
    renew: watch(broker.renew),
    probe: watch(broker.probe),
    glance: watch(broker.glance),
    revoke: watch(broker.revoke),
  };
}

function collectSecrets(value: unknown, found: Set<string>): void {
  if (value instanceof Secret) found.add(value.reveal());
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collectSecrets(inner, found);
  }
}
