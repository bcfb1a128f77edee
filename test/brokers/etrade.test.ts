import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Broker, BrokerToken, OpenSignIn } from '../../functions/brokers/broker.ts';
import { createEtradeBroker } from '../../functions/brokers/etrade.ts';
import { ETRADE_DEFAULTS } from '../../functions/brokers/etrade-rules.ts';
import { Secret } from '../../functions/secret.ts';
import { etradeBody } from '../fixtures/etrade-answer.ts';
import {
  createScriptedFetch,
  type ScriptedAnswer,
  type SentRequest,
} from '../fixtures/scripted-fetch.ts';

const NOW = Date.parse('2026-03-09T13:00:00.250Z');
const TOKEN: BrokerToken = {
  accessToken: new Secret('access+token='),
  tokenSecret: new Secret('token/secret='),
  refreshToken: null,
};
const SIGN_IN: OpenSignIn = {
  id: 'request+token=',
  secret: new Secret('request/secret='),
  startedAt: NOW - 60_000,
  expiresAt: NOW + 240_000,
};
const PIN = new Secret('H92GX');

/** The adapter with its clock (each attempt a second later), its waits and what it sent. */
function adapter(
  answers: readonly ScriptedAnswer[],
  change: Partial<Parameters<typeof createEtradeBroker>[0]> = {},
): { broker: Broker; requests: readonly SentRequest[]; waits: readonly number[] } {
  const { fetch, requests } = createScriptedFetch(answers);
  const waits: number[] = [];
  let drawn = 0;
  const broker = createEtradeBroker({
    ...ETRADE_DEFAULTS.sandbox,
    environment: 'sandbox',
    consumerKey: new Secret('consumer-key'),
    consumerSecret: new Secret('consumer-secret'),
    fetch,
    clock: () => NOW + requests.length * 1_000,
    random: (size) => {
      drawn += 1;
      return new Uint8Array(size).fill(drawn);
    },
    wait: async (ms) => {
      waits.push(ms);
    },
    ...change,
  });
  return { broker, requests, waits };
}

function page(status: number, file: string, headers: Record<string, string> = {}): Response {
  return new Response(etradeBody(file), { status, headers });
}

function protocolField(request: SentRequest | undefined, name: string): string | undefined {
  return new RegExp(`${name}="([^"]*)"`).exec(request?.headers.get('authorization') ?? '')?.[1];
}

describe('begin', () => {
  test('opens a sign-in for five minutes and says where to log in', async () => {
    const { broker, requests } = adapter([page(200, 'request-token.txt')]);
    const answer = await broker.begin();
    expect(answer).toEqual({
      ok: true,
      authorizeUrl:
        'https://us.etrade.com/e/t/etws/authorize?key=consumer-key&token=%2FiQRgQCRGPo7Xdk6G8QDSEzX0Jsy6sKNcULcDavAGgU%3D',
      signIn: {
        id: '/iQRgQCRGPo7Xdk6G8QDSEzX0Jsy6sKNcULcDavAGgU=',
        secret: expect.any(Secret),
        startedAt: NOW,
        expiresAt: NOW + 300_000,
      },
      skewMs: null,
    });
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET https://api.etrade.com/oauth/request_token',
    ]);
    expect(protocolField(requests[0], 'oauth_callback')).toBe('oob');
    expect(protocolField(requests[0], 'oauth_timestamp')).toBe(String(Math.floor(NOW / 1_000)));
  });

  test('starts the five minutes at the attempt that succeeded', async () => {
    const { broker } = adapter([new Error('lost'), page(200, 'request-token.txt')]);
    expect(await broker.begin()).toMatchObject({
      signIn: { startedAt: NOW + 1_000, expiresAt: NOW + 301_000 },
    });
  });

  test('names a refused consumer key as configuration, and does not ask again', async () => {
    const { broker, requests } = adapter([page(401, 'consumer-key-rejected-2021.html.txt')]);
    expect(await broker.begin()).toMatchObject({
      ok: false,
      reason: 'configuration',
      problem: 'consumer_key_rejected',
    });
    expect(requests).toHaveLength(1);
  });
});

describe('complete', () => {
  test('trades the PIN for the access token', async () => {
    const { broker, requests } = adapter([page(200, 'access-token.txt')]);
    const answer = await broker.complete(SIGN_IN, PIN);
    expect(answer).toMatchObject({
      ok: true,
      token: { refreshToken: null },
      issuedAt: NOW,
      accessLifeMs: null,
    });
    expect(answer.ok && answer.token.accessToken.reveal()).toBe(
      'VbiNYl63EejjlKdQM6FeENzcnrLACrZ2JYD6NQROfVI=',
    );
    expect(answer.ok && answer.token.tokenSecret?.reveal()).toBe(
      'XCF9RzyQr4UEPloA+WlC06BnTfYC1P0Fwr3GUw/B0Es=',
    );
    expect(protocolField(requests[0], 'oauth_verifier')).toBe('H92GX');
    expect(protocolField(requests[0], 'oauth_token')).toBe('request%2Btoken%3D');
  });

  test.each([
    {
      name: 'a wrong PIN',
      script: () => page(401, 'token-rejected-2021.html.txt'),
      expected: { reason: 'sign-in-needed', problem: 'token_rejected', answered: true },
    },
    {
      name: 'a 500',
      script: () => page(500, 'internal-error.html.txt'),
      expected: { reason: 'transient', problem: 'http-500', answered: true },
    },
    {
      name: 'a rate limit',
      script: () => page(400, 'rate-limit.html.txt'),
      expected: { reason: 'transient', problem: 'rate-limited', answered: true },
    },
    {
      name: 'a used nonce',
      script: () => new Response('oauth_problem=nonce_used', { status: 401 }),
      expected: { reason: 'transient', problem: 'nonce_used', answered: true },
    },
    {
      name: 'silence',
      script: () => 'hang' as const,
      expected: { reason: 'transient', problem: 'timeout', answered: false, status: null },
    },
    {
      name: 'a lost connection',
      script: () => Object.assign(new Error('x'), { code: 'ECONNRESET' }),
      expected: { reason: 'transient', problem: 'econnreset', answered: false, status: null },
    },
    {
      name: 'half of a pair',
      script: () => new Response('oauth_token=a'),
      expected: { reason: 'transient', problem: 'answer-unreadable', answered: true, status: 200 },
    },
  ])('is sent once, whatever happens: $name', async ({ script, expected }) => {
    const { broker, requests, waits } = adapter([script()], { timeoutMs: 5 });
    expect(await broker.complete(SIGN_IN, PIN)).toMatchObject({ ok: false, ...expected });
    expect(requests).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  test.each(['', 'H9\ud800'])('sends nothing for a PIN that cannot be one: %j', async (text) => {
    const { broker, requests } = adapter([]);
    expect(await broker.complete(SIGN_IN, new Secret(text))).toMatchObject({
      reason: 'sign-in-needed',
      problem: 'verifier-malformed',
      answered: false,
    });
    expect(requests).toEqual([]);
  });

  test('an answer from after midnight belongs to the day in which it was asked', async () => {
    const beforeMidnight = Date.parse('2026-03-10T03:59:59.900Z');
    let reads = 0;
    const { broker } = adapter([page(200, 'access-token.txt')], {
      clock: () => {
        reads += 1;
        return beforeMidnight + (reads - 1) * 500;
      },
    });
    expect(await broker.complete(SIGN_IN, PIN)).toMatchObject({ issuedAt: beforeMidnight });
  });
});

describe('renew', () => {
  test('wakes the same token up', async () => {
    const { broker, requests } = adapter([page(200, 'renewed.txt')]);
    expect(await broker.renew(TOKEN)).toEqual({ ok: true, token: null, accessLifeMs: null });
    expect(requests[0]?.url).toBe('https://api.etrade.com/oauth/renew_access_token');
  });

  test('a token refused by renew needs a sign-in', async () => {
    const { broker, requests } = adapter([page(401, 'token-rejected-2021.html.txt')]);
    expect(await broker.renew(TOKEN)).toMatchObject({ reason: 'sign-in-needed' });
    expect(requests).toHaveLength(1);
  });
});

describe('probe', () => {
  test('lists the accounts and measures the clock', async () => {
    const date = new Date(NOW + 61_000).toUTCString();
    const { broker, requests } = adapter([page(200, 'account-list.json', { date })]);
    const answer = await broker.probe(TOKEN);
    expect(answer).toMatchObject({ ok: true, accountIds: ['823145980', '583156360'] });
    expect(answer.skewMs).toBe(Date.parse(date) - (NOW + 1_000));
    expect(requests[0]?.url).toBe('https://apisb.etrade.com/v1/accounts/list.json');
    expect(requests[0]?.headers.get('accept')).toBe('application/json');
  });

  test('an idle token is renewable, and not tried again', async () => {
    const { broker, requests } = adapter([page(401, 'token-expired.json')]);
    expect(await broker.probe(TOKEN)).toMatchObject({
      reason: 'renewable',
      problem: 'token_expired',
    });
    expect(requests).toHaveLength(1);
  });
});

describe('revoke', () => {
  test('withdraws the token', async () => {
    const { broker, requests } = adapter([page(200, 'revoked.txt')]);
    expect(await broker.revoke(TOKEN)).toEqual({ ok: true });
    expect(requests[0]?.url).toBe('https://api.etrade.com/oauth/revoke_access_token');
  });

  test('is sent once', async () => {
    const { broker, requests } = adapter([page(500, 'internal-error.html.txt')]);
    expect(await broker.revoke(TOKEN)).toMatchObject({ ok: false, reason: 'transient' });
    expect(requests).toHaveLength(1);
  });
});

describe('trying again', () => {
  const calls = [
    { name: 'begin', call: (broker: Broker) => broker.begin(), file: 'request-token.txt' },
    { name: 'renew', call: (broker: Broker) => broker.renew(TOKEN), file: 'renewed.txt' },
    { name: 'probe', call: (broker: Broker) => broker.probe(TOKEN), file: 'account-list.json' },
  ] as const;

  test.each(calls)(
    '$name succeeds at the third attempt, each signed anew',
    async ({ call, file }) => {
      const { broker, requests, waits } = adapter([
        Object.assign(new Error('x'), { code: 'ECONNRESET' }),
        page(503, 'internal-error.html.txt'),
        page(200, file),
      ]);
      expect(await call(broker)).toMatchObject({ ok: true });
      expect(requests).toHaveLength(3);
      expect(waits).toHaveLength(2);
      for (const field of ['oauth_nonce', 'oauth_timestamp', 'oauth_signature']) {
        const values = requests.map((request) => protocolField(request, field));
        expect(values).not.toContain(undefined);
        expect(new Set(values).size).toBe(3);
      }
    },
  );

  test.each(calls)('$name gives up after the third attempt', async ({ call }) => {
    const { broker, requests, waits } = adapter([
      page(500, 'internal-error.html.txt'),
      new Error('lost'),
      page(500, 'service-unavailable.json'),
    ]);
    expect(await call(broker)).toMatchObject({
      ok: false,
      reason: 'transient',
      problem: 'error-100',
    });
    expect(requests).toHaveLength(3);
    expect(waits).toHaveLength(2);
  });

  test('waits as long as the broker asks, within reason', async () => {
    const { broker, waits } = adapter([
      page(429, 'rate-limit.html.txt', { 'retry-after': '3' }),
      page(200, 'account-list.json'),
    ]);
    expect(await broker.probe(TOKEN)).toMatchObject({ ok: true });
    expect(waits).toEqual([3_000]);
  });

  test('leaves a long wait to the next run, and tells how long', async () => {
    const { broker, requests } = adapter([
      page(429, 'rate-limit.html.txt', { 'retry-after': '60' }),
    ]);
    expect(await broker.probe(TOKEN)).toMatchObject({
      reason: 'transient',
      problem: 'rate-limited',
      retryAfterMs: 60_000,
    });
    expect(requests).toHaveLength(1);
  });

  test('a used nonce is replaced once', async () => {
    const used = (): Response => new Response('oauth_problem=nonce_used', { status: 401 });
    const { broker, requests } = adapter([used(), used()]);
    expect(await broker.renew(TOKEN)).toMatchObject({ reason: 'transient', problem: 'nonce_used' });
    expect(new Set(requests.map((request) => protocolField(request, 'oauth_nonce'))).size).toBe(2);
  });

  test('a wrong clock is reported, not retried', async () => {
    const { broker, requests } = adapter([page(400, 'timestamp-refused-2021.html.txt')]);
    expect(await broker.renew(TOKEN)).toMatchObject({
      reason: 'clock',
      problem: 'timestamp_refused',
    });
    expect(requests).toHaveLength(1);
  });
});

describe('never throws', () => {
  const all = [
    (broker: Broker) => broker.begin(),
    (broker: Broker) => broker.complete(SIGN_IN, PIN),
    (broker: Broker) => broker.renew(TOKEN),
    (broker: Broker) => broker.probe(TOKEN),
    (broker: Broker) => broker.revoke(TOKEN),
  ];

  test('without a consumer secret every call is a configuration failure, and nothing is sent', async () => {
    for (const call of all) {
      const { broker, requests } = adapter([], { consumerSecret: new Secret('') });
      expect(await call(broker)).toMatchObject({
        reason: 'configuration',
        problem: 'signing-refused',
        answered: false,
      });
      expect(requests).toEqual([]);
    }
  });

  test('with half a token only a sign-in helps', async () => {
    const half: BrokerToken = { ...TOKEN, tokenSecret: null };
    const { broker, requests } = adapter([]);
    for (const answer of [
      await broker.renew(half),
      await broker.probe(half),
      await broker.revoke(half),
    ]) {
      expect(answer).toMatchObject({ reason: 'sign-in-needed', problem: 'token-incomplete' });
    }
    expect(requests).toEqual([]);
  });

  test('redirects are left alone', async () => {
    for (const call of all) {
      const { broker, requests } = adapter(
        [1, 2, 3].map(
          () => new Response(null, { status: 302, headers: { location: 'https://x' } }),
        ),
      );
      expect(await call(broker)).toMatchObject({ ok: false, problem: 'http-302' });
      expect(requests.every(({ redirect }) => redirect === 'manual')).toBe(true);
    }
  });

  test('failures hold neither token nor PIN nor a piece of the answer', async () => {
    const canary = 'C4NARY';
    for (const call of all) {
      const { broker } = adapter(
        [1, 2, 3].map(
          () =>
            new Response(`<html>${canary} oauth_problem=odd ${canary}</html>`, {
              status: 401,
              headers: { 'www-authenticate': canary },
            }),
        ),
      );
      const shown = inspect(await call(broker), { depth: null });
      for (const secret of [canary, 'H92GX', 'access+token=', 'token/secret=', 'request/secret=']) {
        expect(shown).not.toContain(secret);
      }
    }
  });
});

test('serves from another host when configured', async () => {
  const { broker, requests } = adapter(
    [page(200, 'request-token.txt'), page(200, 'account-list.json')],
    {
      oauthUrl: 'http://127.0.0.1:8081/etrade/api',
      apiUrl: 'http://127.0.0.1:8081/etrade/apisb',
      authorizeUrl: 'http://127.0.0.1:8081/etrade/us/e/t/etws/authorize',
    },
  );
  expect(broker.authorizeOrigin).toBe('http://127.0.0.1:8081');
  const opened = await broker.begin();
  expect(opened.ok && opened.authorizeUrl).toContain(
    'http://127.0.0.1:8081/etrade/us/e/t/etws/authorize?key=',
  );
  await broker.probe(TOKEN);
  expect(requests.map(({ url }) => url)).toEqual([
    'http://127.0.0.1:8081/etrade/api/oauth/request_token',
    'http://127.0.0.1:8081/etrade/apisb/v1/accounts/list.json',
  ]);
});
