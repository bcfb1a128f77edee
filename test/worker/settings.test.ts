/**
 * What a worker is told, by options and by environment, and every way to get it wrong.
 */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BROKERS } from '../../functions/brokers/registry.ts';
import {
  type ConnectOptions,
  parseConsumer,
  readWorkerSettings,
} from '../../functions/worker/settings.ts';

const CLOUD = { GOOGLE_CLOUD_PROJECT: 'my-project' };
const read = (options: Partial<ConnectOptions> = {}) =>
  readWorkerSettings(
    { session: 'etrade-prod', worker: 'orb-bot', env: CLOUD, ...options },
    BROKERS,
  );

describe('in the cloud', () => {
  test('a project is all it needs', () => {
    expect(read()).toMatchObject({
      session: 'etrade-prod',
      urls: { apiUrl: 'https://api.etrade.com' },
      consumer: null,
      consumerSource: '"etrade-prod-consumer"',
      signInUrl: null,
      store: { kind: 'secret-manager', project: 'my-project', apiUrl: null },
      events: { kind: 'pubsub', topic: 'token-renewed', reportsTopic: 'worker-reports' },
      timeoutMs: 10_000,
    });
  });

  test("an account's own consumer goes before the environment's", () => {
    const env = {
      ...CLOUD,
      ETRADE_PROD_CONSUMER: '{"key":"shared","secret":"s"}',
      ETRADE_PROD_IRA_CONSUMER: '{"key":"own","secret":"s"}\n',
    };
    const keyOf = (session: string) => read({ session, env }).consumer?.key.reveal();
    expect([keyOf('etrade-prod-ira'), keyOf('etrade-prod-joint')]).toEqual(['own', 'shared']);
    expect(read({ env, consumer: { key: 'given', secret: 's' } }).consumer?.key.reveal()).toBe(
      'given',
    );
  });

  test('addresses that are sent as they are keep their last slash, others take a path', () => {
    const env = {
      ...CLOUD,
      PUBLIC_URL: 'https://cadence.example/',
      KEEP_ALIVE_URL: 'https://keep-alive.example/\n',
      EVENTS_URL: 'http://127.0.0.1:8083/events/',
      ETRADE_PROD_AUTHORIZE_URL: 'https://login.example/authorize/',
      ETRADE_PROD_API_URL: 'https://api.example/',
    };
    const settings = read({ env });
    expect(settings).toMatchObject({
      signInUrl: 'https://cadence.example/sign-in/etrade-prod',
      keepAliveUrl: 'https://keep-alive.example/',
      events: { url: 'http://127.0.0.1:8083/events/' },
      urls: { authorizeUrl: 'https://login.example/authorize/', apiUrl: 'https://api.example' },
    });
    expect(read({ env, keepAliveUrl: 'https://given.example/' }).keepAliveUrl).toBe(
      'https://given.example/',
    );
  });

  test('a consumer that a Windows editor saved as a secret reads', () => {
    const consumer = parseConsumer('\uFEFF{"key":"k","secret":"s"}\r\n');
    expect([consumer?.key.reveal(), consumer?.secret.reveal()]).toEqual(['k', 's']);
  });

  test('topics and addresses can be named', () => {
    const env = {
      ...CLOUD,
      EVENTS_TOPIC: 'renewed-2',
      WORKER_REPORTS_TOPIC: 'reports-2',
      PUBLIC_URL: 'https://cadence.example/',
      KEEP_ALIVE_URL: 'https://keep-alive.example',
    };
    expect(read({ env })).toMatchObject({
      events: { topic: 'renewed-2', reportsTopic: 'reports-2' },
      signInUrl: 'https://cadence.example/sign-in/etrade-prod',
      keepAliveUrl: 'https://keep-alive.example',
    });
  });
});

test('on one machine it reads the files and the hub that are named', () => {
  const env = {
    STORE_DIRECTORY: '/data/store',
    STORE_KEY_FILE: '/data/key',
    EVENTS_URL: 'http://127.0.0.1:8083/events',
    ETRADE_SANDBOX_CONSUMER: '{"key":"k","secret":"s"}',
    ETRADE_SANDBOX_API_URL: 'http://127.0.0.1:8081/etrade/apisb',
  };
  expect(read({ session: 'etrade-sandbox', env })).toMatchObject({
    store: { kind: 'file', directory: '/data/store', key: { keyFile: '/data/key' } },
    events: { kind: 'http', url: 'http://127.0.0.1:8083/events' },
    urls: { apiUrl: 'http://127.0.0.1:8081/etrade/apisb', oauthUrl: 'https://api.etrade.com' },
  });
});

describe('mistakes', () => {
  test.each<[string, Partial<ConnectOptions>, RegExp]>([
    ['no session key', { session: 'etrade' }, /"session" is no session key/],
    ['a broker nobody knows', { session: 'nobody-prod' }, /unknown broker "nobody"/],
    ['a name that is none', { worker: 'orb bot' }, /"worker"/],
    ['an empty name', { worker: '' }, /"worker"/],
    ['an instance that is none', { instance: 'a/b' }, /"instance"/],
    ['no project', { env: {} }, /"GOOGLE_CLOUD_PROJECT" is missing/],
    [
      'a consumer that is no JSON',
      { env: { ...CLOUD, ETRADE_PROD_CONSUMER: 'canary' } },
      /"ETRADE_PROD_CONSUMER" does not hold/,
    ],
    [
      'half a consumer',
      { env: { ...CLOUD, ETRADE_PROD_CONSUMER: '{"key":"k"}' } },
      /"ETRADE_PROD_CONSUMER"/,
    ],
    [
      'plain http',
      { env: { ...CLOUD, ETRADE_PROD_API_URL: 'http://api.etrade.com' } },
      /"ETRADE_PROD_API_URL" is no https URL/,
    ],
    ['an address that is none', { publicUrl: 'cadence', env: CLOUD }, /"PUBLIC_URL"/],
    ['no time', { timeoutMs: 0 }, /"timeoutMs"/],
    [
      'files without a key',
      { env: { STORE_DIRECTORY: '/x', EVENTS_URL: 'http://localhost:1' } },
      /"STORE_KEY_FILE" is missing.*"ETRADE_PROD_CONSUMER" is missing/,
    ],
  ])('%s is named', (_name, options, message) => {
    expect(() => read(options)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringMatching(message) }),
    );
  });

  test('all are named at once, and no value is', () => {
    const options = {
      worker: 'canary worker',
      env: { ETRADE_PROD_CONSUMER: 'canary', ETRADE_PROD_OAUTH_URL: 'canary' },
    };
    let thrown: unknown;
    try {
      read(options);
    } catch (error) {
      thrown = error;
    }
    expect(inspect(thrown)).toMatch(/"worker".*GOOGLE_CLOUD_PROJECT|GOOGLE_CLOUD_PROJECT/s);
    expect(inspect(thrown)).not.toContain('canary');
  });
});
