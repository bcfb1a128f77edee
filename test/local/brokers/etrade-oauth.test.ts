/** The token endpoints of the simulated E*TRADE over HTTP: who gets a token, and every way to be refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Call, type Etrade, PROD, SANDBOX, startEtrade, tokenOf } from './etrade-client.ts';

let etrade: Etrade;
beforeAll(async () => {
  etrade = await startEtrade();
});
afterAll(() => etrade.close());

describe('request_token', () => {
  test('answers a form-encoded pair whose base64 holds every character that needs encoding', async () => {
    const reply = await etrade.begin();
    expect(reply.status).toBe(200);
    expect(reply.body).toMatch(
      /^oauth_token=[A-Za-z0-9%]+%3D&oauth_token_secret=[A-Za-z0-9%]+%3D&oauth_callback_confirmed=true$/,
    );
    const { key, secret } = tokenOf(reply);
    for (const half of [key, secret]) {
      expect(half).toMatch(/^[A-Za-z0-9+/]{43}=$/);
      expect(half).toMatch(/\+/);
      expect(half).toMatch(/\//);
      expect(Buffer.from(half, 'base64')).toHaveLength(32);
    }
  });

  test.each([
    ['GET with the parameters in the header', {}],
    ['POST with the parameters in the header', { method: 'POST' }],
    ['GET with the parameters in the query', { place: 'query' }],
    ['POST with the parameters in the form body', { method: 'POST', place: 'form' }],
    ['the other host', { path: '/apisb/oauth/request_token' }],
    ['a production key', { consumer: PROD }],
    ['a further query parameter that is signed', { query: { format: 'json', note: "it's ~ +" } }],
    ['oauth_version', { oauth: { oauth_version: '1.0' } }],
    ['an empty realm', { spoil: (header) => header.replace('OAuth ', 'OAuth realm="",') }],
    ['no spaces', { spoil: (header) => header.replaceAll(', ', ',') }],
    ['an unquoted value', { spoil: (header) => header.replace('"oob"', 'oob') }],
    ['a lower-case scheme', { spoil: (header) => header.replace('OAuth', 'oauth') }],
    [
      'its parameters in any order',
      { spoil: (header) => `OAuth ${header.slice(6).split(', ').reverse().join(', ')}` },
    ],
  ] as [string, Partial<Call>][])('is served for %s', async (_case, request) => {
    expect(await etrade.begin(request)).toMatchObject({ status: 200, problem: null });
  });

  const seconds = (offset: number): string => String(Math.floor(etrade.now() / 1000) + offset);

  test.each([
    [
      'an unknown consumer key',
      { consumer: { key: 'nobody', secret: SANDBOX.secret } },
      401,
      'consumer_key_rejected',
    ],
    [
      'a wrong consumer secret',
      { consumer: { key: SANDBOX.key, secret: 'wrong' } },
      401,
      'signature_invalid',
    ],
    [
      'no signature',
      { oauth: { oauth_signature: undefined } },
      400,
      'parameter_absent,oauth_parameters_absent=oauth_signature',
    ],
    [
      'a spoilt signature',
      { oauth: { oauth_signature: 'UOnPVdzExTAgHkcGWLLfeTaaMSM=' } },
      401,
      'signature_invalid',
    ],
    [
      'no nonce',
      { oauth: { oauth_nonce: undefined } },
      400,
      'parameter_absent,oauth_parameters_absent=oauth_nonce',
    ],
    ['an empty nonce', { oauth: { oauth_nonce: '' } }, 400, 'parameter_absent'],
    [
      'no parameter at all',
      { spoil: () => 'Bearer x' },
      400,
      'parameter_absent,oauth_parameters_absent=oauth_consumer_key&amp;oauth_timestamp',
    ],
    [
      'no callback',
      { oauth: { oauth_callback: undefined } },
      400,
      'parameter_absent,oauth_parameters_absent=oauth_callback',
    ],
    [
      'a callback of its own',
      { oauth: { oauth_callback: 'https://example.com/back' } },
      400,
      'callback_rejected,oauth_acceptable_callback=oob',
    ],
    [
      'another signature method',
      { oauth: { oauth_signature_method: 'PLAINTEXT' } },
      400,
      'signature_method_rejected',
    ],
    ['another version', { oauth: { oauth_version: '2.0' } }, 400, 'version_rejected'],
    ['a timestamp in words', { oauth: { oauth_timestamp: 'now' } }, 400, 'parameter_rejected'],
    [
      'a parameter given twice',
      { spoil: (header) => `${header}, oauth_callback="oob"` },
      400,
      'parameter_rejected,oauth_parameters_rejected=oauth_callback',
    ],
    [
      'broken encoding',
      { spoil: (header) => header.replace('oob', '%zz') },
      400,
      'parameter_rejected',
    ],
    ['a method that was not signed', { spoil: (header) => header, method: 'PATCH' }, 405, null],
  ] as [string, Partial<Call>, number, string | null][])(
    'refuses %s',
    async (_case, request, status, problem) => {
      const reply = await etrade.begin(request);
      expect(reply.status).toBe(status);
      if (problem !== null) expect(reply.body).toContain(`oauth_problem=${problem}`);
      expect(reply.headers.get('content-type')).toMatch(/^text\/html/);
    },
  );

  test.each([
    [-301, 400],
    [-300, 200],
    [300, 200],
    [301, 400],
  ])('takes a timestamp %d seconds off for status %d', async (offset, status) => {
    const reply = await etrade.begin({ oauth: { oauth_timestamp: seconds(offset) } });
    expect(reply.status).toBe(status);
    if (status === 400) {
      expect(reply.body).toContain(
        `oauth_problem=timestamp_refused,oauth_acceptable_timestamps=${seconds(-300)}-${seconds(300)}`,
      );
    }
  });

  test('refuses the same signed request a second time, and takes the nonce with another timestamp', async () => {
    const oauth = { oauth_nonce: 'used-once', oauth_timestamp: seconds(0) };
    expect((await etrade.begin({ oauth })).status).toBe(200);
    expect(await etrade.begin({ oauth })).toMatchObject({ status: 401, problem: 'nonce_used' });
    const later = { ...oauth, oauth_timestamp: seconds(1) };
    expect((await etrade.begin({ oauth: later })).status).toBe(200);
  });

  test('judges the host the client used: a signature for another host is invalid', async () => {
    const response = await fetch(
      `${etrade.origin.replace('127.0.0.1', 'localhost')}/etrade/api/oauth/request_token`,
      {
        headers: { authorization: await signedHeader() },
      },
    );
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('signature_invalid');
  });

  async function signedHeader(): Promise<string> {
    let kept = '';
    await etrade.begin({
      spoil: (header) => {
        kept = header;
        return 'none';
      },
    });
    return kept;
  }
});

describe('access_token', () => {
  test('gives a pair for an approved request token and its PIN, once', async () => {
    const pending = await etrade.requestToken();
    const pin = etrade.approve();
    const reply = await etrade.exchange(pending, pin);
    expect(tokenOf(reply).key).not.toBe(pending.key);
    expect(reply.body).not.toContain('callback');
    expect(await etrade.exchange(pending, pin)).toMatchObject({
      status: 401,
      problem: 'token_rejected',
    });
  });

  test('is served at the other host and by POST alike', async () => {
    const pending = await etrade.requestToken({ path: '/apisb/oauth/request_token' });
    const reply = await etrade.exchange(pending, etrade.approve(), {
      path: '/apisb/oauth/access_token',
      method: 'POST',
      place: 'form',
    });
    expect(reply.status).toBe(200);
  });

  test.each([
    ['a PIN before anyone approved', async (pending) => etrade.exchange(pending, 'H92GX')],
    ['a wrong PIN', async (pending) => etrade.exchange(pending, `${etrade.approve()}X`)],
    [
      'the PIN in lower case',
      async (pending) => {
        const pin = etrade.approve();
        return etrade.exchange(pending, /[A-Z]/.test(pin) ? pin.toLowerCase() : `${pin}x`);
      },
    ],
    ['an unknown token', async () => etrade.exchange({ key: 'unknown', secret: 's' }, 'H92GX')],
    [
      'the request token of another consumer',
      async (pending) => etrade.exchange(pending, etrade.approve(), { consumer: PROD }),
    ],
  ] as [string, (pending: { key: string; secret: string }) => ReturnType<Etrade['call']>][])(
    'rejects %s',
    async (_case, act) => {
      const reply = await act(await etrade.requestToken());
      expect(reply).toMatchObject({ status: 401, problem: 'token_rejected' });
    },
  );

  test('rejects the code-like reference that the page shows before approval', async () => {
    const pending = await etrade.requestToken();
    const page = await etrade.send(
      `/us/e/t/etws/authorize?key=${SANDBOX.key}&token=${encodeURIComponent(pending.key)}`,
    );
    const early = /Reference<\/dt><dd>([A-Z0-9]{5,7})</.exec(page.body)?.[1] ?? '';
    expect(early).not.toBe('');
    expect(await etrade.exchange(pending, early)).toMatchObject({ problem: 'token_rejected' });
  });

  test.each([
    ['without a verifier', { oauth: { oauth_verifier: undefined } }, 'oauth_verifier'],
    ['without a token', { oauth: { oauth_token: undefined } }, 'oauth_token'],
  ])('refuses a call %s', async (_case, request, name) => {
    const reply = await etrade.exchange(await etrade.requestToken(), etrade.approve(), request);
    expect(reply.body).toContain(`parameter_absent,oauth_parameters_absent=${name}<`);
  });

  test('refuses a signature made with the token secret left out of the key', async () => {
    const pending = await etrade.requestToken();
    const reply = await etrade.exchange({ ...pending, secret: '' }, etrade.approve());
    expect(reply).toMatchObject({ status: 401, problem: 'signature_invalid' });
  });
});

describe('renew and revoke', () => {
  test('answer in plain text and give no new token', async () => {
    const token = await etrade.signIn();
    const renewed = await etrade.renew(token);
    expect([renewed.status, renewed.body]).toEqual([200, 'Access Token has been renewed']);
    expect(renewed.headers.get('content-type')).toMatch(/^text\/plain/);
    const revoked = await etrade.revoke(token);
    expect([revoked.status, revoked.body]).toEqual([200, 'Revoked Access Token']);
  });

  test('end a token for every later call', async () => {
    const token = await etrade.signIn();
    await etrade.revoke(token);
    for (const reply of [
      await etrade.accounts(token),
      await etrade.renew(token),
      await etrade.revoke(token),
    ]) {
      expect(reply).toMatchObject({ status: 401, problem: 'token_rejected' });
    }
  });

  test('reject a request token where the access token belongs', async () => {
    const pending = await etrade.requestToken();
    expect(await etrade.renew(pending)).toMatchObject({ status: 401, problem: 'token_rejected' });
  });

  test('leave the first token of two sign-ins alone', async () => {
    const first = await etrade.signIn();
    const second = await etrade.signIn();
    expect((await etrade.accounts(first)).status).toBe(200);
    expect((await etrade.accounts(second)).status).toBe(200);
  });
});
