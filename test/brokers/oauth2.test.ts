import { describe, expect, test } from 'vitest';
import {
  authorizeAddress,
  CODE_SHAPE,
  codeExchange,
  type Oauth2Client,
  openSignIn,
  pkceChallenge,
  readOauth2Callback,
  refreshExchange,
} from '../../functions/brokers/oauth2.ts';
import { Secret } from '../../functions/secret.ts';
import { createSeededRandom } from '../fixtures/test-clock.ts';

const FORM: Oauth2Client = {
  id: new Secret('the key'),
  secret: new Secret('a+b&c=d'),
  authentication: 'form',
};
const BASIC: Oauth2Client = { ...FORM, id: new Secret('key'), authentication: 'basic' };
const URL_OF_TOKENS = 'https://broker.example/oauth/token';
const REDIRECT = 'https://app.example/callback/x?y=1';

describe('a sign-in', () => {
  test('has a state of 192 random bits and a PKCE verifier of the standard’s length', () => {
    const signIn = openSignIn(1_000, 600_000, createSeededRandom('state'));
    expect(signIn).toMatchObject({ startedAt: 1_000, expiresAt: 601_000 });
    expect(signIn.id).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(signIn.secret.reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test('draws anew for each', () => {
    const random = createSeededRandom('state');
    const ids = Array.from({ length: 200 }, () => openSignIn(0, 1, random).id);
    expect(new Set(ids).size).toBe(200);
  });
});

test('the PKCE challenge is that of RFC 7636, appendix B', () => {
  expect(pkceChallenge(new Secret('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'))).toEqual({
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
});

test('an authorize address has its parameters encoded, a space as %20', () => {
  const address = authorizeAddress('https://broker.example/authorize', {
    scope: 'openid a+b',
    redirect_uri: REDIRECT,
  });
  expect(address).toBe(
    'https://broker.example/authorize?scope=openid%20a%2Bb&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback%2Fx%3Fy%3D1',
  );
});

describe('token requests', () => {
  test('carry the client among the fields', () => {
    const request = codeExchange(URL_OF_TOKENS, FORM, {
      code: new Secret('C0.a@b+c'),
      redirectUrl: REDIRECT,
    });
    expect(request).toMatchObject({ method: 'POST', url: URL_OF_TOKENS });
    expect(request.headers['Content-Type']).toBe('application/x-www-form-urlencoded');
    expect(request.headers).not.toHaveProperty('Authorization');
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      grant_type: 'authorization_code',
      code: 'C0.a@b+c',
      redirect_uri: REDIRECT,
      client_id: 'the key',
      client_secret: 'a+b&c=d',
    });
    expect(request.body).toContain('code=C0.a%40b%2Bc');
  });

  test('or in the header, and then nowhere else', () => {
    const request = refreshExchange(URL_OF_TOKENS, BASIC, new Secret('r/1'));
    expect(request.headers['Authorization']).toBe(
      `Basic ${Buffer.from('key:a+b&c=d').toString('base64')}`,
    );
    expect(request.body).toBe('grant_type=refresh_token&refresh_token=r%2F1');
  });

  test('prove a PKCE challenge where one was sent', () => {
    const verifier = new Secret('v'.repeat(43));
    const request = codeExchange(URL_OF_TOKENS, FORM, {
      code: new Secret('c'),
      redirectUrl: REDIRECT,
      verifier,
    });
    expect(new URLSearchParams(request.body).get('code_verifier')).toBe('v'.repeat(43));
  });
});

describe('the redirect', () => {
  const read = (address: string) => readOauth2Callback(new URL(address).searchParams);

  test('brings a code, decoded once', () => {
    const callback = read('https://app.example/callback?code=C0.abc%40%2540&state=the-state');
    expect(callback).toMatchObject({ ok: true, signInId: 'the-state' });
    expect(callback.ok && callback.verifier.reveal()).toBe('C0.abc@%40');
  });

  test.each([
    ['error=access_denied&state=s', 'declined', 'access_denied'],
    ['error=access_denied&code=c&state=s', 'declined', 'access_denied'],
    ['error=server_error&error_description=<b>&state=s', 'refused', 'server_error'],
    ['error=%3Cscript%3E&state=s', 'refused', 'error-unreadable'],
    ['error=&state=s', 'refused', 'error-unreadable'],
  ])('%s is %s', (query, reason, problem) => {
    const callback = read(`https://app.example/callback?${query}`);
    expect(callback).toEqual({ ok: false, reason, problem, signInId: 's' });
  });

  test.each([
    ['nothing', ''],
    ['no state', 'code=c'],
    ['an empty state', 'code=c&state='],
    ['two states', 'code=c&state=a&state=b'],
    ['no code', 'state=s'],
    ['an empty code', 'code=&state=s'],
    ['two codes', 'code=a&code=b&state=s'],
    ['a code with a line break', 'code=a%0Ab&state=s'],
    ['a code with a blank', 'code=a+b&state=s'],
    ['a code of invisible characters', 'code=%E2%80%8B&state=s'],
    ['a code that is too long', `code=${'x'.repeat(CODE_SHAPE.maxLength + 1)}&state=s`],
  ])('with %s is unreadable', (_what, query) => {
    expect(read(`https://app.example/callback?${query}`)).toMatchObject({
      ok: false,
      reason: 'unreadable',
    });
  });

  test('takes the longest code', () => {
    const code = 'x'.repeat(CODE_SHAPE.maxLength);
    expect(read(`https://app.example/callback?code=${code}&state=s`).ok).toBe(true);
  });
});
