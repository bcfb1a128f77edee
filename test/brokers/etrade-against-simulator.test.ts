/**
 * The E*TRADE adapter against the simulated broker over HTTP, whole mornings and every class of failure.
 *
 * The two share no signing code: what passes here is signed as the broker expects. Nothing is mocked but
 * the clock and the pauses between attempts.
 */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Broker, BrokerToken, OpenSignIn } from '../../functions/brokers/broker.ts';
import { createEtradeBroker } from '../../functions/brokers/etrade.ts';
import type { Wait } from '../../functions/clock.ts';
import { Secret } from '../../functions/secret.ts';
import { type Etrade, PROD, SANDBOX, startEtrade } from '../local/brokers/etrade-client.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let etrade: Etrade;
let pauses: number[];
let broker: Broker;

beforeEach(async () => {
  etrade = await startEtrade();
  pauses = [];
  broker = connect();
});
afterEach(() => etrade.close());

type Changes = {
  readonly consumer?: { readonly key: string; readonly secret: string };
  readonly host?: 'api' | 'apisb';
  readonly timeoutMs?: number;
  readonly wait?: Wait;
};

function connect(changes: Changes = {}): Broker {
  const { consumer = SANDBOX, host = 'apisb', timeoutMs = 5_000 } = changes;
  return createEtradeBroker({
    environment: 'sandbox',
    consumerKey: new Secret(consumer.key),
    consumerSecret: new Secret(consumer.secret),
    oauthUrl: `${etrade.origin}/etrade/api`,
    apiUrl: `${etrade.origin}/etrade/${host}`,
    authorizeUrl: `${etrade.origin}/etrade/us/e/t/etws/authorize`,
    fetch: globalThis.fetch,
    clock: etrade.now,
    random: randomBytes,
    wait: changes.wait ?? notePause,
    timeoutMs,
  });
}

async function notePause(ms: number): Promise<void> {
  pauses.push(ms);
}

async function begin(using: Broker = broker): Promise<{ signIn: OpenSignIn; url: string }> {
  const begun = await using.begin();
  if (!begun.ok) throw new Error(begun.problem);
  return { signIn: begun.signIn, url: begun.authorizeUrl };
}

async function signIn(
  using: Broker = broker,
  consumer = SANDBOX.key as string,
): Promise<BrokerToken> {
  const { signIn: opened } = await begin(using);
  const completed = await using.complete(opened, new Secret(etrade.approve({ key: consumer })));
  if (!completed.ok) throw new Error(completed.problem);
  return completed.token;
}

function statuses(endpoint: string): Readonly<Record<string, number>> {
  return etrade.simulator.stats().calls[endpoint] ?? {};
}

describe('a morning', () => {
  test('goes from the request token over the page and the PIN to a proven token', async () => {
    const { signIn: opened, url } = await begin();
    expect(opened.expiresAt).toBe(etrade.now() + 5 * MINUTE);

    const page = await (await fetch(url)).text();
    expect(page).toContain('An application asks for access');
    const approved = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({
        key: SANDBOX.key,
        token: opened.id,
        userId: 'me',
        password: 'x',
        decision: 'Accept',
      }),
    });
    const pin = / value="([A-Z0-9]{5,7})"/.exec(await approved.text())?.[1] ?? '';

    const completed = await broker.complete(opened, new Secret(pin));
    if (!completed.ok) throw new Error(completed.problem);
    expect(completed.issuedAt).toBe(etrade.now());
    expect(await broker.probe(completed.token)).toEqual({
      ok: true,
      accountIds: ['835550101', '835550102'],
      skewMs: 0,
    });
  });

  test('shows the accounts of whoever signed in', async () => {
    const mine = await broker.probe(await signIn());
    etrade.simulator.setSwitch('signInAs', 'other');
    const theirs = await broker.probe(await signIn());
    expect(mine.ok && theirs.ok && theirs.accountIds).toEqual(['835559001']);
  });

  test('works at every one of fifty sign-ins, whatever characters the tokens hold', async () => {
    for (let round = 0; round < 50; round += 1) {
      const { signIn: opened, url } = await begin();
      expect(await (await fetch(url)).text()).toContain('Log on to authorize');
      const pin = new Secret(etrade.approve());
      const completed = await broker.complete(opened, pin);
      if (!completed.ok) throw new Error(completed.problem);
      expect((await broker.probe(completed.token)).ok).toBe(true);
    }
  });

  test('signs with a consumer secret that needs encoding', async () => {
    const prod = connect({ consumer: PROD, host: 'api' });
    expect((await prod.probe(await signIn(prod, PROD.key))).ok).toBe(true);
  });

  test('takes the verifier of a registered callback', async () => {
    etrade.simulator.setSwitch('callbackUrl', 'https://app.example/callback/etrade');
    const { signIn: opened } = await begin();
    const approval = etrade.simulator.approve(SANDBOX.key);
    if (approval === null || 'pin' in approval) throw new Error('expected a redirect');
    const verifier = new URL(approval.redirect).searchParams.get('oauth_verifier') ?? '';
    expect((await broker.complete(opened, new Secret(verifier))).ok).toBe(true);
  });
});

describe('a day', () => {
  test.each(['token_expired', 'token_rejected'])(
    'idle for two hours (%s) → renewable → renewed → proven',
    async (idleProblem) => {
      etrade.simulator.setSwitch('idleProblem', idleProblem);
      const token = await signIn();
      etrade.advance(2 * HOUR + 10 * MINUTE);
      expect(await broker.probe(token)).toMatchObject({
        reason: 'renewable',
        problem: idleProblem,
      });
      expect(await broker.renew(token)).toEqual({ ok: true, token: null, accessLifeMs: null });
      expect(await broker.probe(token)).toMatchObject({ ok: true });
    },
  );

  test('ends at midnight New York, and renewing asks for a sign-in', async () => {
    const token = await signIn();
    etrade.setTime(Date.UTC(2026, 0, 16, 5) - 1);
    expect(await broker.renew(token)).toMatchObject({ ok: true });
    etrade.advance(1);
    expect(await broker.probe(token)).toMatchObject({ ok: false, reason: 'renewable' });
    expect(await broker.renew(token)).toMatchObject({
      reason: 'sign-in-needed',
      problem: 'token_expired',
      status: 401,
    });
  });

  test('ends when the broker will not wake an idle token', async () => {
    etrade.simulator.setSwitch('renewAfterIdle', 401);
    const token = await signIn();
    etrade.advance(2 * HOUR);
    expect(await broker.renew(token)).toMatchObject({ reason: 'sign-in-needed' });
  });

  test('ends by revoking', async () => {
    const token = await signIn();
    expect(await broker.revoke(token)).toEqual({ ok: true });
    expect(await broker.probe(token)).toMatchObject({ problem: 'token_rejected' });
    expect(await broker.renew(token)).toMatchObject({ reason: 'sign-in-needed' });
  });
});

describe('a PIN that does not work', () => {
  const rejected = { ok: false, reason: 'sign-in-needed', problem: 'token_rejected', status: 401 };

  test.each([
    [
      'is wrong',
      async (opened) => {
        etrade.approve();
        return broker.complete(opened, new Secret('WRONG'));
      },
    ],
    ['was not approved', async (opened) => broker.complete(opened, new Secret('H92GX'))],
    [
      'is five minutes old',
      async (opened) => {
        const pin = new Secret(etrade.approve());
        etrade.advance(5 * MINUTE);
        return broker.complete(opened, pin);
      },
    ],
    [
      'was used before',
      async (opened) => {
        const pin = new Secret(etrade.approve());
        await broker.complete(opened, pin);
        return broker.complete(opened, pin);
      },
    ],
    ['holds odd characters', async (opened) => broker.complete(opened, new Secret("é'*&=%2B +"))],
  ] as [string, (opened: OpenSignIn) => ReturnType<Broker['complete']>][])(
    'because it %s asks for a new sign-in',
    async (_case, act) => {
      const { signIn: opened } = await begin();
      expect(await act(opened)).toMatchObject(rejected);
    },
  );
});

describe('trouble that no sign-in cures', () => {
  test('an unknown consumer key is configuration', async () => {
    const unknown = connect({ consumer: { key: 'unknown', secret: SANDBOX.secret } });
    expect(await unknown.begin()).toMatchObject({
      reason: 'configuration',
      problem: 'consumer_key_rejected',
    });
  });

  test('a wrong consumer secret is configuration', async () => {
    const wrong = connect({ consumer: { key: SANDBOX.key, secret: 'wrong' } });
    expect(await wrong.begin()).toMatchObject({
      reason: 'configuration',
      problem: 'signature_invalid',
    });
  });

  test('a consumer key that dies during the day is configuration at every call', async () => {
    const token = await signIn();
    etrade.simulator.setSwitch('consumerKeyRejected', true);
    for (const answer of [
      await broker.begin(),
      await broker.probe(token),
      await broker.renew(token),
      await broker.revoke(token),
    ]) {
      expect(answer).toMatchObject({ reason: 'configuration', problem: 'consumer_key_rejected' });
    }
  });

  test.each([-6 * MINUTE, 6 * MINUTE])('a clock off by %d ms is measured', async (skewMs) => {
    const token = await signIn();
    etrade.simulator.setSwitch('clockSkewMs', skewMs);
    const expected = { reason: 'clock', problem: 'timestamp_refused', skewMs };
    expect(await broker.probe(token)).toMatchObject(expected);
    expect(await broker.begin()).toMatchObject(expected);
  });

  test('the same fault is read from every form the broker gives it', async () => {
    const token = await signIn();
    etrade.simulator.setSwitch('consumerKeyRejected', true);
    for (const errorPage of [2018, 2021]) {
      for (const wwwAuthenticate of [false, true]) {
        etrade.simulator.setSwitch('errorPage', errorPage);
        etrade.simulator.setSwitch('wwwAuthenticate', wwwAuthenticate);
        const expected = { reason: 'configuration', problem: 'consumer_key_rejected' };
        expect(await broker.begin()).toMatchObject(expected);
        expect(await broker.probe(token)).toMatchObject(expected);
      }
    }
  });
});

describe('trouble that passes', () => {
  test.each([
    ['a 500 page', 'status', 500, 'http-500'],
    ['a 503 page', 'status', 503, 'http-503'],
    ['the rate limit as 400 HTML', 'overLimit', 400, 'rate-limited'],
    ['the rate limit as 429', 'overLimit', 429, 'rate-limited'],
    ['garbage', 'malformed', true, 'answer-unreadable'],
  ])('%s is transient and tried three times', async (_case, name, value, problem) => {
    const token = await signIn();
    etrade.simulator.setSwitch(name, value);
    expect(await broker.probe(token)).toMatchObject({
      reason: 'transient',
      problem,
      answered: true,
    });
    expect(pauses).toHaveLength(2);
    expect(await broker.begin()).toMatchObject({ reason: 'transient', problem });
  });

  test('a cut connection has no answer', async () => {
    const token = await signIn();
    etrade.simulator.setSwitch('down', true);
    const expected = { reason: 'transient', answered: false, status: null };
    expect(await broker.probe(token)).toMatchObject(expected);
    expect(await broker.begin()).toMatchObject(expected);
    expect(await broker.revoke(token)).toMatchObject(expected);
  });

  test('a slow answer is a timeout', async () => {
    const hasty = connect({ timeoutMs: 50 });
    const token = await signIn();
    etrade.simulator.setSwitch('slowMs', 400);
    expect(await hasty.renew(token)).toMatchObject({ problem: 'timeout', answered: false });
  });

  test('a broker that comes back is believed within the same call', async () => {
    const token = await signIn();
    etrade.simulator.setSwitch('status', 500);
    const patient = connect({ wait: async () => etrade.simulator.clearSwitches() });
    expect(await patient.probe(token)).toMatchObject({ ok: true });
    expect(statuses('accounts/list')).toEqual({ 500: 1, 200: 1 });
  });

  test('a lost answer to the PIN is sent once, and nobody pretends to know', async () => {
    const { signIn: opened } = await begin();
    const pin = new Secret(etrade.approve());
    etrade.simulator.setSwitch('loseAnswer', true);
    expect(await broker.complete(opened, pin)).toMatchObject({
      reason: 'transient',
      answered: false,
    });
    expect(statuses('access_token')).toEqual({ cut: 1 });
    etrade.simulator.clearSwitches();
    expect(await broker.complete(opened, pin)).toMatchObject({ reason: 'sign-in-needed' });
  });
});
