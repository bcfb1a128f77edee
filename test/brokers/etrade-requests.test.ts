import { expect, test } from 'vitest';
import {
  accessTokenCall,
  accountListCall,
  authorizeAddress,
  renewCall,
  requestTokenCall,
  revokeCall,
  signCall,
} from '../../functions/brokers/etrade-requests.ts';
import { ETRADE_DEFAULTS } from '../../functions/brokers/etrade-rules.ts';
import { Secret } from '../../functions/secret.ts';

const CONSUMER = { key: new Secret('consumer-key'), secret: new Secret('consumer-secret') };
const TOKEN = { key: new Secret('access+token='), secret: new Secret('token/secret=') };
const ONCE = { timestamp: 1_773_061_200, nonce: 'n0nce' };
const SIGN_IN = {
  id: 'request+token=',
  secret: new Secret('request/secret='),
  startedAt: 0,
  expiresAt: 300_000,
};
const sandbox = ETRADE_DEFAULTS.sandbox;

test.each([
  {
    call: requestTokenCall(sandbox),
    url: 'https://api.etrade.com/oauth/request_token',
    has: ['oauth_callback="oob"'],
    lacks: ['oauth_token=', 'oauth_verifier'],
  },
  {
    call: accessTokenCall(sandbox, SIGN_IN, new Secret('H92GX')),
    url: 'https://api.etrade.com/oauth/access_token',
    has: ['oauth_token="request%2Btoken%3D"', 'oauth_verifier="H92GX"'],
    lacks: ['oauth_callback'],
  },
  {
    call: renewCall(sandbox, TOKEN),
    url: 'https://api.etrade.com/oauth/renew_access_token',
    has: ['oauth_token="access%2Btoken%3D"'],
    lacks: ['oauth_verifier', 'oauth_callback'],
  },
  {
    call: revokeCall(sandbox, TOKEN),
    url: 'https://api.etrade.com/oauth/revoke_access_token',
    has: ['oauth_token="access%2Btoken%3D"'],
    lacks: ['oauth_verifier'],
  },
  {
    call: accountListCall(sandbox, TOKEN),
    url: 'https://apisb.etrade.com/v1/accounts/list.json',
    has: ['oauth_token="access%2Btoken%3D"'],
    lacks: ['oauth_verifier'],
  },
])('GET $url', ({ call, url, has, lacks }) => {
  const request = signCall(call, CONSUMER, ONCE);
  expect(request).toMatchObject({ method: 'GET', url });
  const header = request.headers['Authorization'] ?? '';
  for (const part of [...has, 'oauth_timestamp="1773061200"', 'oauth_nonce="n0nce"']) {
    expect(header).toContain(part);
  }
  for (const part of [...lacks, 'oauth_version', 'realm', 'secret'])
    expect(header).not.toContain(part);
});

test('asks for JSON where E*TRADE would answer XML', () => {
  const { headers } = signCall(accountListCall(sandbox, TOKEN), CONSUMER, ONCE);
  expect(headers['Accept']).toBe('application/json');
});

test('prod data calls go to the live host', () => {
  expect(accountListCall(ETRADE_DEFAULTS.prod, TOKEN).url).toBe(
    'https://api.etrade.com/v1/accounts/list.json',
  );
});

test('the login address calls its parameters key and token, and encodes both', () => {
  expect(authorizeAddress(sandbox, new Secret('key+1'), '/iQRgQCR+GPo7=*!')).toBe(
    'https://us.etrade.com/e/t/etws/authorize?key=key%2B1&token=%2FiQRgQCR%2BGPo7%3D%2A%21',
  );
});

test('a login address that has a query keeps it', () => {
  const urls = { ...sandbox, authorizeUrl: 'https://login.example/a/?x=1' };
  expect(authorizeAddress(urls, new Secret('k'), 't')).toBe(
    'https://login.example/a/?x=1&key=k&token=t',
  );
});
