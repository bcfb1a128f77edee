/** The simulated E*TRADE's /v1: forms, accounts, quotes, and which token works where. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Call, type Etrade, PROD, SANDBOX, startEtrade, type Token } from './etrade-client.ts';

let etrade: Etrade;
let sandbox: Token;
let prod: Token;
beforeAll(async () => {
  etrade = await startEtrade();
  sandbox = await etrade.signIn();
  prod = await etrade.signIn({ consumer: PROD });
});
afterAll(() => etrade.close());

type Listed = { accountId: string; accountIdKey: string };
function accountsIn(body: string): readonly Listed[] {
  const parsed = JSON.parse(body) as {
    AccountListResponse: { Accounts: { Account: readonly Listed[] } };
  };
  return parsed.AccountListResponse.Accounts.Account;
}

describe('the account list', () => {
  test('is JSON for the .json path', async () => {
    const reply = await etrade.accounts(sandbox);
    expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
    expect(accountsIn(reply.body)).toHaveLength(2);
    expect(accountsIn(reply.body)[0]).toMatchObject({
      accountId: expect.stringMatching(/^\d{9}$/),
      accountIdKey: expect.stringMatching(/^[A-Za-z0-9]{22}$/),
      accountStatus: 'ACTIVE',
      institutionType: 'BROKERAGE',
      shareWorksAccount: false,
    });
    expect(reply.body).not.toContain('"value"');
  });

  test('is JSON when the Accept header asks for it', async () => {
    const reply = await etrade.accounts(sandbox, {
      path: '/apisb/v1/accounts/list',
      accept: 'application/json',
    });
    expect(accountsIn(reply.body)).toHaveLength(2);
  });

  test('is XML otherwise, one element an account', async () => {
    const reply = await etrade.accounts(sandbox, { path: '/apisb/v1/accounts/list' });
    expect(reply.headers.get('content-type')).toMatch(/^application\/xml/);
    expect(reply.body.match(/<Account><accountId>\d{9}<\/accountId>/g)).toHaveLength(2);
    expect(reply.body).toMatch(/<\/Account><\/Accounts><\/AccountListResponse>$/);
  });

  test('shows other accounts in production, and others again to another person', async () => {
    const path = '/api/v1/accounts/list.json';
    const mine = accountsIn((await etrade.accounts(prod, { path, consumer: PROD })).body);
    etrade.simulator.setSwitch('signInAs', 'other');
    const stranger = await etrade.signIn({ consumer: PROD });
    etrade.simulator.clearSwitches();
    const theirs = accountsIn((await etrade.accounts(stranger, { path, consumer: PROD })).body);
    const sandboxIds = accountsIn((await etrade.accounts(sandbox)).body);
    const all = [...mine, ...theirs, ...sandboxIds].map(({ accountId }) => accountId);
    expect(mine.length).toBeGreaterThan(1);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('the wrong host', () => {
  test.each([
    ['a sandbox token at api', '/api/v1/accounts/list.json', SANDBOX, () => sandbox],
    ['a production token at apisb', '/apisb/v1/accounts/list.json', PROD, () => prod],
  ] as const)('rejects %s', async (_case, path, consumer, token) => {
    const reply = await etrade.accounts(token(), { path, consumer });
    expect(reply).toMatchObject({
      status: 401,
      body: '{"Error":{"message":"oauth_problem=token_rejected"}}',
    });
  });
});

describe('refusals', () => {
  const bad = { key: 'unknown', secret: 'x' };

  test('are JSON without a code when JSON was asked for', async () => {
    const reply = await etrade.accounts(bad);
    expect(reply.status).toBe(401);
    expect(JSON.parse(reply.body)).toEqual({ Error: { message: 'oauth_problem=token_rejected' } });
  });

  test('are XML otherwise', async () => {
    const reply = await etrade.accounts(bad, { path: '/apisb/v1/accounts/list' });
    expect(reply.headers.get('content-type')).toMatch(/^application\/xml/);
    expect(reply.body).toContain('<Error><message>oauth_problem=token_rejected</message></Error>');
  });

  test.each([
    [
      'the secret of another token',
      { token: () => ({ ...sandbox, secret: prod.secret }) },
      'signature_invalid',
    ],
    ['an unsigned call', { spoil: () => 'none' }, 'parameter_absent'],
    ['an unknown consumer', { consumer: { key: 'who', secret: 's' } }, 'consumer_key_rejected'],
    ['an old timestamp', { oauth: { oauth_timestamp: '1344885636' } }, 'timestamp_refused'],
    ['another consumer', { consumer: PROD }, 'token_rejected'],
  ] as [string, Omit<Partial<Call>, 'token'> & { token?: () => Token }, string][])(
    'name the problem of %s',
    async (_case, { token = () => sandbox, ...request }, problem) => {
      expect((await etrade.accounts(token(), request)).problem).toBe(problem);
    },
  );

  test('answer a replayed call with nonce_used', async () => {
    const oauth = { oauth_nonce: 'replayed' };
    expect((await etrade.accounts(sandbox, { oauth })).status).toBe(200);
    expect(await etrade.accounts(sandbox, { oauth })).toMatchObject({
      status: 401,
      problem: 'nonce_used',
    });
  });

  test.each([
    ['an unknown path', 'GET', '/apisb/v1/orders.json', 404],
    ['an unknown path under oauth', 'GET', '/api/oauth/refresh_token', 404],
    ['an unknown host role', 'GET', '/www/oauth/request_token', 404],
    ['a post', 'POST', '/apisb/v1/accounts/list.json', 405],
  ])('are an HTML page for %s', async (_case, method, path, status) => {
    const reply = await etrade.call({ method, path, token: sandbox });
    expect(reply.status).toBe(status);
    expect(reply.body).toContain(`HTTP Status ${status} –`);
  });
});

describe('the balance', () => {
  const balance = (key: string, suffix = '.json') =>
    etrade.call({
      path: `/apisb/v1/accounts/${key}/balance${suffix}`,
      token: sandbox,
      query: { instType: 'BROKERAGE', realTimeNAV: 'true' },
    });

  test('belongs to the account of the key', async () => {
    const [first] = accountsIn((await etrade.accounts(sandbox)).body);
    const reply = await balance(first?.accountIdKey ?? '');
    expect(JSON.parse(reply.body)).toMatchObject({
      BalanceResponse: {
        accountId: first?.accountId,
        Computed: { RealTimeValues: { totalAccountValue: expect.any(Number) } },
      },
    });
  });

  test('is an error with a code for an unknown key, in either form', async () => {
    expect(JSON.parse((await balance('nobody')).body)).toEqual({
      Error: { code: 102, message: 'Please enter valid Account Key' },
    });
    const xml = await balance('nobody', '');
    expect(xml.status).toBe(400);
    expect(xml.body).toContain('<Error><code>102</code><message>');
  });
});

describe('quotes', () => {
  const quote = (path: string, request: Partial<Call> = {}) =>
    etrade.call({ path, token: sandbox, ...request });

  test('are canned in the sandbox, whatever is asked', async () => {
    const reply = await quote('/apisb/v1/market/quote/AAPL,MSFT.json');
    expect(JSON.parse(reply.body)).toMatchObject({
      QuoteResponse: {
        QuoteData: [
          {
            dateTime: '16:00:00 EDT 06-20-2012',
            dateTimeUTC: 1_340_222_400,
            quoteStatus: 'REALTIME',
            All: { lastTrade: 577.51 },
            Product: { symbol: 'GOOG', securityType: 'EQ' },
          },
        ],
      },
    });
  });

  test('are one a symbol in production', async () => {
    const reply = await quote('/api/v1/market/quote/AAPL,msft', { consumer: PROD, token: prod });
    expect(reply.body.match(/<symbol>(AAPL|MSFT)<\/symbol>/g)).toHaveLength(2);
    expect(reply.body).toContain('<dateTime>09:00:00 EST 01-15-2026</dateTime>');
  });

  test('are limited to 25 symbols', async () => {
    const symbols = Array.from({ length: 26 }, (_, index) => `S${index}`).join(',');
    expect((await quote(`/apisb/v1/market/quote/${symbols}.json`)).status).toBe(400);
  });

  test('come delayed for a consumer key alone, which proves nothing about a token', async () => {
    const path = '/apisb/v1/market/quote/GOOG.json';
    const reply = await etrade.send(`${path}?consumerKey=${SANDBOX.key}`);
    expect(reply.status).toBe(200);
    expect(reply.body).toContain('"quoteStatus":"DELAYED"');
    expect(await etrade.send(`${path}?consumerKey=${PROD.key}`)).toMatchObject({
      status: 401,
      problem: 'consumer_key_rejected',
    });
    expect((await etrade.send(path)).problem).toBe('parameter_absent');
  });
});
