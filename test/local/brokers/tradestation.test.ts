/**
 * The simulated TradeStation, judged by a client of its own: what it takes, what it refuses, what each
 * switch changes.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { TRADESTATION_SIMULATOR } from '../../../infra/local/brokers/tradestation.ts';
import {
  type JsonAnswer,
  OTHERS,
  OURS,
  REDIRECT,
  startTokenClient,
  type TokenClient,
  textOf,
} from './token-client.ts';

const AUTHORIZE = '/tradestation/signin/authorize';
const TOKEN = '/tradestation/signin/oauth/token';
const REVOKE = '/tradestation/signin/oauth/revoke';
const ACCOUNTS = '/tradestation/api/v3/brokerage/accounts';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const QUERY = {
  response_type: 'code',
  client_id: OURS.key,
  redirect_uri: REDIRECT,
  audience: 'https://api.tradestation.com',
  scope: 'openid offline_access ReadAccount Trade',
  state: 'the-state',
};
const CLIENT = { client_id: OURS.key, client_secret: OURS.secret };
const REFUSED = { status: 403, json: { error: 'invalid_grant' } };

const start = () => startTokenClient(TRADESTATION_SIMULATOR);

function trade(at: TokenClient, code: string, change: Record<string, string> = {}) {
  const fields = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, ...CLIENT };
  return at.post(TOKEN, { ...fields, ...change });
}

async function signIn(at: TokenClient, query: Record<string, string> = QUERY): Promise<JsonAnswer> {
  const redirect = await at.login(AUTHORIZE, query);
  return trade(at, redirect.get('code') ?? '');
}

function refresh(at: TokenClient, tokens: JsonAnswer): Promise<JsonAnswer> {
  const refresh_token = textOf(tokens, 'refresh_token');
  return at.post(TOKEN, { grant_type: 'refresh_token', refresh_token, ...CLIENT });
}

describe('the login page', () => {
  test.each([
    ['an unknown key', { client_id: 'nobody' }],
    ['another redirect', { redirect_uri: `${REDIRECT}/` }],
    ['a redirect in other letters', { redirect_uri: REDIRECT.replace('callback', 'Callback') }],
  ])('refuses %s without sending the browser anywhere', async (_what, change) => {
    const response = await (await start()).open(AUTHORIZE, { ...QUERY, ...change });
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
  });

  test.each([
    ['no audience', { audience: '' }, 'invalid_request'],
    ['another audience', { audience: 'https://sim-api.tradestation.com' }, 'invalid_request'],
    ['no openid', { scope: 'offline_access' }, 'invalid_request'],
    ['another response', { response_type: 'token' }, 'unsupported_response_type'],
  ])('sends the browser back for %s', async (_what, change, error) => {
    const response = await (await start()).open(AUTHORIZE, { ...QUERY, ...change });
    const query = new URL(response.headers.get('location') ?? '').searchParams;
    expect(Object.fromEntries(query)).toEqual({ error, state: 'the-state' });
  });

  test('asks again when a field is empty, and takes no login that is over', async () => {
    const at = await start();
    const html = await (await at.open(AUTHORIZE, QUERY)).text();
    const login = /name="login" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const decide = (fields: Record<string, string>) => at.post(AUTHORIZE, { login, ...fields });
    const empty = await decide({ decision: 'Accept', userId: '', secret0: 'x' });
    expect(textOf(empty, 'text')).toContain('Enter your user ID');
    at.advance(15 * MINUTE);
    const late = await decide({ decision: 'Accept', userId: 'me', secret0: 'x' });
    expect(late.status).toBe(400);
    expect(at.simulator.approve(OURS.key)).toBeNull();
  });

  test('gives a login one code', async () => {
    const at = await start();
    await at.login(AUTHORIZE, QUERY);
    expect(at.simulator.approve(OURS.key)).toBeNull();
  });
});

describe('the exchange', () => {
  test('answers what is documented', async () => {
    const tokens = await signIn(await start());
    expect(tokens).toMatchObject({
      status: 200,
      json: { token_type: 'Bearer', expires_in: 1200, scope: QUERY.scope },
    });
    expect(textOf(tokens, 'refresh_token')).not.toBe('');
  });

  test.each([
    ['a wrong secret', { client_secret: 'x' }, 401, 'access_denied'],
    ['an unknown key', { client_id: 'x' }, 401, 'access_denied'],
    ['another redirect', { redirect_uri: `${REDIRECT}?` }, 403, 'unauthorized_client'],
    ['another app', { client_id: OTHERS.key, client_secret: OTHERS.secret }, 403, 'invalid_grant'],
    ['another grant', { grant_type: 'password' }, 403, 'unsupported_grant_type'],
    ['another code', { code: 'x' }, 403, 'invalid_grant'],
  ])('refuses %s', async (_what, change, status, error) => {
    const at = await start();
    const code = (await at.login(AUTHORIZE, QUERY)).get('code') ?? '';
    expect(await trade(at, code, change)).toMatchObject({ status, json: { error } });
  });

  test('gives no refresh token without offline_access', async () => {
    const tokens = await signIn(await start(), { ...QUERY, scope: 'openid ReadAccount' });
    expect(tokens.status).toBe(200);
    expect(tokens.json).not.toHaveProperty('refresh_token');
  });

  test('knows no scope in other letters: the accounts stay closed', async () => {
    const at = await start();
    const tokens = await signIn(at, { ...QUERY, scope: 'openid readaccount' });
    expect(await at.get(ACCOUNTS, textOf(tokens, 'access_token'))).toMatchObject({ status: 403 });
  });

  test.each([
    ['the verifier', 'v'.repeat(43), 200],
    ['another one', 'w'.repeat(43), 403],
    ['none', '', 403],
  ])('with a PKCE challenge and %s answers %3$d', async (_what, code_verifier, status) => {
    const at = await start();
    const code_challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url');
    const query = { ...QUERY, code_challenge, code_challenge_method: 'S256' };
    const code = (await at.login(AUTHORIZE, query)).get('code') ?? '';
    expect((await trade(at, code, { code_verifier })).status).toBe(status);
  });
});

describe('a key that does not rotate', () => {
  test('refreshes for ever, with the same refresh token', async () => {
    const at = await start();
    const tokens = await signIn(at);
    at.advance(90 * 24 * HOUR);
    const refreshed = await refresh(at, tokens);
    expect(refreshed.status).toBe(200);
    expect(refreshed.json).not.toHaveProperty('refresh_token');
    expect((await at.get(ACCOUNTS, textOf(refreshed, 'access_token'))).status).toBe(200);
  });
});

describe('a key that rotates', () => {
  async function rotating(): Promise<TokenClient> {
    const at = await start();
    at.simulator.setSwitch('rotation', true);
    return at;
  }

  test('gives another refresh token each time, and the old one dies', async () => {
    const at = await rotating();
    const first = await signIn(at);
    const second = await refresh(at, first);
    expect(textOf(second, 'refresh_token')).not.toBe(textOf(first, 'refresh_token'));
    expect(await refresh(at, first)).toMatchObject(REFUSED);
    expect((await refresh(at, second)).status).toBe(200);
  });

  test('can end the successors of a token that is used twice', async () => {
    const at = await rotating();
    at.simulator.setSwitch('reusedToken', 'ends-all');
    const first = await signIn(at);
    const second = await refresh(at, first);
    await refresh(at, first);
    expect(await refresh(at, second)).toMatchObject(REFUSED);
  });

  test.each([30, 40] as const)('forgets a refresh token unused for %d minutes', async (minutes) => {
    const at = await rotating();
    at.simulator.setSwitch('rotationMinutes', minutes);
    const early = await signIn(at);
    at.advance(minutes * MINUTE - 1);
    const late = await refresh(at, early);
    expect(late.status).toBe(200);
    at.advance(minutes * MINUTE);
    expect(await refresh(at, late)).toMatchObject(REFUSED);
  });

  test('ends 24 hours after the sign-in, whatever was refreshed', async () => {
    const at = await rotating();
    let tokens = await signIn(at);
    for (let minutes = 0; minutes < 24 * 60 - 20; minutes += 20) {
      at.advance(20 * MINUTE);
      tokens = await refresh(at, tokens);
      expect(tokens.status).toBe(200);
    }
    at.advance(20 * MINUTE);
    expect(await refresh(at, tokens)).toMatchObject(REFUSED);
  });

  test('says so with 400 where the switch wants it', async () => {
    const at = await rotating();
    at.simulator.setSwitch('deadTokenStatus', 400);
    const tokens = await signIn(at);
    at.advance(HOUR);
    expect(await refresh(at, tokens)).toMatchObject({ ...REFUSED, status: 400 });
  });
});

describe('revoking', () => {
  test.each(['token', 'refresh_token'])('by "%s" ends all of the key, in JSON', async (name) => {
    const at = await start();
    const first = await signIn(at);
    const second = await signIn(at);
    const body = JSON.stringify({ ...CLIENT, [name]: textOf(second, 'refresh_token') });
    const revoked = await at.post(REVOKE, body, { 'content-type': 'application/json' });
    expect(revoked).toEqual({ status: 200, json: { text: '' } });
    expect(await refresh(at, first)).toMatchObject(REFUSED);
    expect((await at.get(ACCOUNTS, textOf(first, 'access_token'))).status).toBe(200);
  });

  test('needs the secret', async () => {
    const at = await start();
    const tokens = await signIn(at);
    const body = { client_id: OURS.key, token: textOf(tokens, 'refresh_token') };
    expect((await at.post(REVOKE, body)).status).toBe(401);
    expect((await refresh(at, tokens)).status).toBe(200);
  });
});

test('a key that is switched off and on again has its refresh tokens back', async () => {
  const at = await start();
  const tokens = await signIn(at);
  at.simulator.setSwitch('consumerKeyRejected', 'prod');
  expect((await refresh(at, tokens)).status).toBe(401);
  at.simulator.setSwitch('consumerKeyRejected', 'sandbox');
  expect((await refresh(at, tokens)).status).toBe(200);
});

test('one token shows live accounts at the live address and SIM ones at the other', async () => {
  const at = await start();
  const token = textOf(await signIn(at), 'access_token');
  const live = await at.get(ACCOUNTS, token);
  const sim = await at.get(ACCOUNTS.replace('/api/', '/sim-api/'), token);
  expect(JSON.stringify(live.json)).not.toContain('SIM');
  expect(JSON.stringify(sim.json)).toContain('SIM1550101M');
});

test('a restart forgets nothing', async () => {
  const at = await start();
  const tokens = await signIn(at);
  const again = await startTokenClient(TRADESTATION_SIMULATOR, { snapshot: at.saved() });
  expect((await again.get(ACCOUNTS, textOf(tokens, 'access_token'))).status).toBe(200);
  expect((await refresh(again, tokens)).status).toBe(200);
});

test('a snapshot of something else is refused', () => {
  const create = () =>
    TRADESTATION_SIMULATOR.create({
      clock: () => 0,
      baseUrl: 'http://127.0.0.1',
      consumers: [],
      snapshot: { version: 9 },
    });
  expect(create).toThrow('unreadable');
});

test('too many calls are told when to come again', async () => {
  const at = await start();
  const token = textOf(await signIn(at), 'access_token');
  at.simulator.setSwitch('overLimit', true);
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${at.origin}${ACCOUNTS}`, { headers });
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('2');
  expect(await response.json()).toEqual({
    Error: 'TooManyRequests',
    Message: 'Rate quota exceeded',
  });
});
