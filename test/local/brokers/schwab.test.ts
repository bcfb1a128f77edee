/**
 * The simulated Schwab, judged by a client of its own: what it takes, what it refuses, what each switch
 * changes.
 */
import { describe, expect, test } from 'vitest';
import { SCHWAB_SIMULATOR } from '../../../infra/local/brokers/schwab.ts';
import {
  type JsonAnswer,
  OTHERS,
  OURS,
  REDIRECT,
  startTokenClient,
  type TokenClient,
  textOf,
} from './token-client.ts';

const AUTHORIZE = '/schwab/v1/oauth/authorize';
const TOKEN = '/schwab/v1/oauth/token';
const NUMBERS = '/schwab/trader/v1/accounts/accountNumbers';
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

const QUERY = {
  response_type: 'code',
  client_id: OURS.key,
  redirect_uri: REDIRECT,
  state: 'the-state',
};

const start = () => startTokenClient(SCHWAB_SIMULATOR);

function basic({ key, secret }: { readonly key: string; readonly secret: string }) {
  return { authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}` };
}

function trade(at: TokenClient, code: string, redirect_uri = REDIRECT, client = basic(OURS)) {
  return at.post(TOKEN, { grant_type: 'authorization_code', code, redirect_uri }, client);
}

async function signIn(at: TokenClient): Promise<JsonAnswer> {
  return trade(at, (await at.login(AUTHORIZE, QUERY)).get('code') ?? '');
}

function refresh(at: TokenClient, tokens: JsonAnswer, client = basic(OURS)): Promise<JsonAnswer> {
  const refresh_token = textOf(tokens, 'refresh_token');
  return at.post(TOKEN, { grant_type: 'refresh_token', refresh_token }, client);
}

describe('a code', () => {
  test('holds an @, which the redirect carries as %40', async () => {
    const at = await start();
    await (await at.open(AUTHORIZE, QUERY)).arrayBuffer();
    const approval = at.simulator.approve(OURS.key);
    expect(approval).toHaveProperty('redirect');
    expect(JSON.stringify(approval)).toMatch(/code=C0\.[\w-]+%40&state=the-state/);
  });

  test('lives 30 seconds', async () => {
    const at = await start();
    const first = (await at.login(AUTHORIZE, QUERY)).get('code') ?? '';
    at.advance(30 * SECOND - 1);
    expect((await trade(at, first)).status).toBe(200);
    const second = (await at.login(AUTHORIZE, QUERY)).get('code') ?? '';
    at.advance(30 * SECOND);
    expect(await trade(at, second)).toMatchObject({ json: { error: 'invalid_grant' } });
  });

  test.each([
    ['still encoded', (code: string) => code.replace('@', '%40'), REDIRECT, basic(OURS), 400],
    ['with another redirect', (code: string) => code, `${REDIRECT}/`, basic(OURS), 400],
    ['by another app', (code: string) => code, REDIRECT, basic(OTHERS), 400],
    ['with a wrong secret', (code: string) => code, REDIRECT, basic({ ...OURS, secret: 'x' }), 401],
  ])('%s is refused', async (_what, change, redirect, client, status) => {
    const at = await start();
    const code = (await at.login(AUTHORIZE, QUERY)).get('code') ?? '';
    expect((await trade(at, change(code), redirect, client)).status).toBe(status);
  });

  test('with key and secret among the fields is refused', async () => {
    const at = await start();
    const code = (await at.login(AUTHORIZE, QUERY)).get('code') ?? '';
    const fields = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT };
    const client = { client_id: OURS.key, client_secret: OURS.secret };
    expect((await at.post(TOKEN, { ...fields, ...client })).status).toBe(401);
  });
});

describe('a refresh token', () => {
  test('stays the same, and its end too: seven days after the login', async () => {
    const at = await start();
    const tokens = await signIn(at);
    at.advance(6 * 24 * HOUR);
    const refreshed = await refresh(at, tokens);
    expect(refreshed.json).toMatchObject({ expires_in: 1800, scope: 'api', token_type: 'Bearer' });
    expect(textOf(refreshed, 'refresh_token')).toBe(textOf(tokens, 'refresh_token'));
    at.advance(24 * HOUR - 1);
    expect((await refresh(at, refreshed)).status).toBe(200);
    at.advance(1);
    expect((await refresh(at, refreshed)).status).toBe(400);
  });

  test('can end sooner', async () => {
    const at = await start();
    at.simulator.setSwitch('refreshHours', 100);
    const tokens = await signIn(at);
    at.advance(100 * HOUR);
    expect((await refresh(at, tokens)).status).toBe(400);
  });

  test('can rotate: the old one dies, the end stays', async () => {
    const at = await start();
    at.simulator.setSwitch('rotation', true);
    const first = await signIn(at);
    at.advance(6 * 24 * HOUR);
    const second = await refresh(at, first);
    expect(textOf(second, 'refresh_token')).not.toBe(textOf(first, 'refresh_token'));
    expect((await refresh(at, first)).status).toBe(400);
    at.advance(24 * HOUR);
    expect((await refresh(at, second)).status).toBe(400);
  });

  test.each([
    [true, 400],
    [false, 200],
  ])('after a new login (newLoginEnds %s) answers %d', async (newLoginEnds, status) => {
    const at = await start();
    at.simulator.setSwitch('newLoginEnds', newLoginEnds);
    const first = await signIn(at);
    const second = await signIn(at);
    expect((await refresh(at, first)).status).toBe(status);
    expect((await refresh(at, second)).status).toBe(200);
  });

  test('is no other app’s', async () => {
    const at = await start();
    expect((await refresh(at, await signIn(at), basic(OTHERS))).status).toBe(400);
  });

  test.each([
    [
      'unsupported_token_type',
      { text: expect.stringContaining('refresh_token_authentication_error') },
    ],
    ['invalid_client', { error: 'invalid_client', error_description: 'refresh token invalid' }],
    ['invalid_grant', { error: 'invalid_grant', error_description: 'Invalid refresh token: null' }],
  ])('that is dead is refused with %s', async (form, json) => {
    const at = await start();
    at.simulator.setSwitch('deadToken', form);
    const tokens = await signIn(at);
    at.advance(7 * 24 * HOUR);
    expect(await refresh(at, tokens)).toEqual({ status: 400, json });
  });
});

describe('"Client not authorized"', () => {
  const refusal = { title: 'Unauthorized', detail: 'Client not authorized' };

  test('is an access token that is over: a refresh cures it', async () => {
    const at = await start();
    const tokens = await signIn(at);
    at.advance(HOUR / 2);
    const refused = await at.get(NUMBERS, textOf(tokens, 'access_token'));
    expect(refused).toMatchObject({ status: 401, json: { errors: [{ ...refusal, status: 401 }] } });
    const refreshed = await refresh(at, tokens);
    expect((await at.get(NUMBERS, textOf(refreshed, 'access_token'))).status).toBe(200);
  });

  test('is an app without the API: nothing cures it', async () => {
    const at = await start();
    at.simulator.setSwitch('missingProduct', true);
    at.simulator.setSwitch('statusAsText', true);
    const refreshed = await refresh(at, await signIn(at));
    const refused = await at.get(NUMBERS, textOf(refreshed, 'access_token'));
    expect(refused.json).toMatchObject({ errors: [{ ...refusal, status: '401' }] });
  });
});

describe('pages instead of answers', () => {
  test.each([
    ['firewall', true, 403, 'Access Denied'],
    ['appPending', 401, 401, 'Whitelabel'],
    ['appPending', 500, 500, 'Whitelabel'],
  ])('%s %s', async (name, value, status, words) => {
    const at = await start();
    const tokens = await signIn(at);
    at.simulator.setSwitch(name, value);
    const answer = await refresh(at, tokens);
    expect(answer.status).toBe(status);
    expect(textOf(answer, 'text')).toContain(words);
  });
});

test('a redirect without https is refused where the switch wants it', async () => {
  const at = await startTokenClient(SCHWAB_SIMULATOR, {
    consumers: [{ ...OURS, environment: 'prod' }],
  });
  const query = { ...QUERY, redirect_uri: 'http://127.0.0.1:8080/callback/schwab' };
  expect((await at.open(AUTHORIZE, query)).status).toBe(200);
  at.simulator.setSwitch('httpsOnly', true);
  expect((await at.open(AUTHORIZE, query)).status).toBe(400);
});

test('orders are taken for the person’s own accounts', async () => {
  const at = await start();
  const token = textOf(await signIn(at), 'access_token');
  const headers = { authorization: `Bearer ${token}` };
  const listed = await fetch(`${at.origin}${NUMBERS}`, { headers });
  const [first] = (await listed.json()) as { hashValue: string }[];
  const order = (hash: string | undefined) =>
    fetch(`${at.origin}/schwab/trader/v1/accounts/${hash}/orders`, { method: 'POST', headers });
  expect((await order(first?.hashValue)).status).toBe(201);
  expect((await order('ABCDEF')).status).toBe(400);
});

test('a restart forgets nothing', async () => {
  const at = await start();
  const tokens = await signIn(at);
  const again = await startTokenClient(SCHWAB_SIMULATOR, { snapshot: at.saved() });
  expect((await again.get(NUMBERS, textOf(tokens, 'access_token'))).status).toBe(200);
  expect((await refresh(again, tokens)).status).toBe(200);
});
