import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { createKiteSimulator } from '../../../infra/local/brokers/kite.ts';
import { APP, OTHER_APP, read, START, startRedirectBroker } from './redirect-broker.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DEAD = {
  status: 403,
  json: {
    status: 'error',
    message: 'Incorrect `api_key` or `access_token`.',
    data: null,
    error_type: 'TokenException',
  },
};
const SPENT = {
  status: 403,
  json: expect.objectContaining({ message: 'Token is invalid or has expired.' }),
};

let kite: Awaited<ReturnType<typeof start>>;

const start = (options: Parameters<typeof startRedirectBroker>[1] = {}) =>
  startRedirectBroker(createKiteSimulator, options as object);

beforeEach(async () => {
  kite = await start();
});

function loginUrl(fields: Record<string, string> = {}): string {
  const query = new URLSearchParams({ v: '3', api_key: APP.key, ...fields });
  return `${kite.origin}/kite/connect/login?${query}`;
}

async function requestToken(fields: Record<string, string> = {}): Promise<string> {
  return (await kite.comeBack(loginUrl(fields))).searchParams.get('request_token') ?? '';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function exchange(
  token: string,
  change: Record<string, string> = {},
  version: Record<string, string> = { 'x-kite-version': '3' },
) {
  return read(
    fetch(`${kite.origin}/kite/api/session/token`, {
      method: 'POST',
      headers: version,
      body: new URLSearchParams({
        api_key: APP.key,
        request_token: token,
        checksum: sha256(`${APP.key}${token}${APP.secret}`),
        ...change,
      }),
    }),
  );
}

async function signIn(): Promise<string> {
  const { json } = await exchange(await requestToken());
  return (json as { data: { access_token: string } }).data.access_token;
}

function profile(token: string, authorization = `token ${APP.key}:${token}`) {
  return read(
    fetch(`${kite.origin}/kite/api/user/profile`, {
      headers: { authorization, 'x-kite-version': '3' },
    }),
  );
}

function logOut(token: string) {
  const query = new URLSearchParams({ api_key: APP.key, access_token: token });
  return read(
    fetch(`${kite.origin}/kite/api/session/token?${query}`, {
      method: 'DELETE',
      headers: { 'x-kite-version': '3' },
    }),
  );
}

describe('the login page', () => {
  test('is real HTML that names the app and can be declined', async () => {
    const html = await (await fetch(loginUrl())).text();
    expect(html).toContain('Simulated <b>Zerodha Kite</b>');
    expect(html).toContain('value="Accept"');
    expect(html).toContain('value="Decline"');
  });

  test('sends the browser to the registered address, with what stood in redirect_params', async () => {
    const back = await kite.comeBack(loginUrl({ redirect_params: 'state=a%20b&x=1' }));
    expect(back.origin + back.pathname).toBe(APP.redirectUrl);
    expect(Object.fromEntries(back.searchParams)).toEqual({
      request_token: expect.stringMatching(/^[A-Za-z0-9]{32}$/),
      action: 'login',
      status: 'success',
      state: 'a b',
      x: '1',
    });
  });

  test('takes no redirect address from the query', async () => {
    const back = await kite.comeBack(loginUrl({ redirect_uri: 'https://evil.example/' }));
    expect(back.origin).toBe('https://app.example');
  });

  test('leaves out the action when the switch says so', async () => {
    kite.simulator.setSwitch('redirectCarriesAction', false);
    expect((await kite.comeBack(loginUrl())).searchParams.has('action')).toBe(false);
  });

  test.each([
    ['an unknown key', { api_key: 'nobody' }],
    ['another version', { v: '2' }],
  ])('refuses %s', async (_name, fields) => {
    expect((await fetch(loginUrl(fields as Record<string, string>))).status).toBe(400);
  });

  test('asks again when the password is missing', async () => {
    const again = await kite.answerPage(loginUrl(), { secret0: '' });
    expect(again.status).toBe(200);
    expect(await again.text()).toContain('Enter your user ID');
  });

  test('sends a declined login back with another status, or keeps it on a page', async () => {
    const back = await kite.comeBack(loginUrl({ redirect_params: 'state=s' }), {
      decision: 'Decline',
    });
    expect(back.search).toBe('?status=cancelled&action=login&state=s');
    kite.simulator.setSwitch('decline', 'page');
    const page = await kite.answerPage(loginUrl(), { decision: 'Decline' });
    expect(await page.text()).toContain('Access declined');
  });

  test('can be answered for the person, newest login first', async () => {
    expect(kite.simulator.approve(APP.key)).toBeNull();
    await fetch(loginUrl({ redirect_params: 'state=first' }));
    await fetch(loginUrl({ redirect_params: 'state=second' }));
    expect(kite.simulator.approve(APP.key)).toEqual({
      redirect: expect.stringContaining('state=second'),
    });
    expect(kite.simulator.approve(OTHER_APP.key)).toBeNull();
  });
});

describe('the exchange', () => {
  test('answers an enveloped session with an empty refresh token and the login in India’s time', async () => {
    expect(await exchange(await requestToken())).toMatchObject({
      status: 200,
      json: {
        status: 'success',
        data: {
          user_id: 'XK4821',
          api_key: APP.key,
          refresh_token: '',
          login_time: '2026-01-15 09:00:00',
        },
      },
    });
  });

  test('takes a request token once', async () => {
    const token = await requestToken();
    expect((await exchange(token)).status).toBe(200);
    expect(await exchange(token)).toMatchObject(SPENT);
  });

  test('spends it also when the checksum is wrong', async () => {
    const token = await requestToken();
    expect(await exchange(token, { checksum: 'f'.repeat(64) })).toMatchObject({
      status: 403,
      json: { message: 'Invalid `checksum`.', error_type: 'TokenException' },
    });
    expect(await exchange(token)).toMatchObject(SPENT);
  });

  test.each([
    ['upper-case hex', (text: string) => sha256(text).toUpperCase()],
    ['base64', (text: string) => createHash('sha256').update(text).digest('base64')],
    ['another order', (text: string) => sha256([...text].reverse().join(''))],
  ])('refuses a checksum in %s', async (_name, spoil) => {
    const token = await requestToken();
    const checksum = spoil(`${APP.key}${token}${APP.secret}`);
    expect((await exchange(token, { checksum })).json).toMatchObject({
      message: 'Invalid `checksum`.',
    });
  });

  test.each([
    ['2 minutes less 1 ms', 2 * MINUTE - 1, 200],
    ['2 minutes', 2 * MINUTE, 403],
  ])('a request token after %s', async (_name, ms, status) => {
    const token = await requestToken();
    kite.advance(ms);
    expect((await exchange(token)).status).toBe(status);
  });

  test('refuses the request token of another app', async () => {
    const token = await requestToken({ api_key: OTHER_APP.key });
    expect(await exchange(token)).toMatchObject(SPENT);
  });

  test.each([
    [403, 'TokenException'],
    [400, 'InputException'],
  ])('refuses an unknown key with %s', async (status, type) => {
    kite.simulator.setSwitch('badApiKey', status);
    expect(await exchange(await requestToken(), { api_key: 'nobody' })).toMatchObject({
      status,
      json: { error_type: type },
    });
  });

  test('wants the version header', async () => {
    expect(await exchange(await requestToken(), {}, {})).toMatchObject({
      status: 400,
      json: { error_type: 'InputException' },
    });
  });
});

describe('an access token', () => {
  test('opens the profile, which holds no token', async () => {
    const { status, json } = await profile(await signIn());
    expect(status).toBe(200);
    expect(json).toMatchObject({ data: { user_id: 'XK4821' } });
    expect(json).not.toHaveProperty('data.access_token');
  });

  test.each([
    ['06:00', 21 * HOUR],
    ['05:00', 20 * HOUR],
    ['07:30', 22.5 * HOUR],
  ])('lives from 09:00 to the flush at %s', async (flushAt, lives) => {
    kite.simulator.setSwitch('flushAt', flushAt);
    const token = await signIn();
    kite.setTime(START + lives - 1);
    expect((await profile(token)).status).toBe(200);
    kite.setTime(START + lives);
    expect(await profile(token)).toEqual(DEAD);
    expect(kite.simulator.stats().accessTokens).toEqual({ active: 0, expired: 1, revoked: 0 });
  });

  test.each([
    ['same-day', 403],
    ['next-day', 200],
  ])('made at 02:00, it is dead or alive at 06:00 (%s)', async (rule, status) => {
    kite.simulator.setSwitch('loginBeforeFlush', rule);
    kite.setTime(Date.UTC(2026, 0, 14, 20, 30));
    const token = await signIn();
    kite.setTime(Date.UTC(2026, 0, 15, 0, 30));
    expect((await profile(token)).status).toBe(status);
    kite.setTime(Date.UTC(2026, 0, 16, 0, 30));
    expect((await profile(token)).status).toBe(403);
  });

  test('is ended by a newer login of the same app and user, and by no other', async () => {
    const first = await signIn();
    kite.simulator.setSwitch('signInAs', 'other');
    const theirs = await signIn();
    kite.simulator.setSwitch('signInAs', 'default');
    expect((await profile(first)).status).toBe(200);
    const second = await signIn();
    expect(await profile(first)).toEqual(DEAD);
    expect((await profile(second)).status).toBe(200);
    expect((await profile(theirs)).json).toMatchObject({ data: { user_id: 'ZQ0077' } });
  });

  test('is ended by logging out', async () => {
    const token = await signIn();
    expect(await logOut(token)).toEqual({ status: 200, json: { status: 'success', data: true } });
    expect(await profile(token)).toEqual(DEAD);
    expect(await logOut(token)).toEqual(DEAD);
  });

  test('is refused in the other form when the switch says so, and without credentials always', async () => {
    kite.simulator.setSwitch('deadToken', 400);
    const refused = {
      status: 400,
      json: {
        error_type: 'InputException',
        message: 'Invalid `api_key` or `access_token`.',
      },
    };
    expect(await profile('nothing')).toMatchObject(refused);
    expect(await profile('', 'Bearer x')).toMatchObject(refused);
  });
});

describe('the run', () => {
  test('goes on with the tokens of its snapshot', async () => {
    let kept: unknown;
    kite = await start({ onChange: (snapshot: unknown) => (kept = snapshot) });
    const token = await signIn();
    kite = await start({ snapshot: JSON.parse(JSON.stringify(kept)) });
    expect((await profile(token)).status).toBe(200);
  });

  test('refuses a snapshot of another kind', async () => {
    await expect(start({ snapshot: { version: 2 } })).rejects.toThrow(/unreadable/);
  });

  test.each([
    ['status', 503, 503],
    ['overLimit', true, 429],
    ['malformed', true, 200],
  ])('fault %s', async (name, value, status) => {
    const token = await signIn();
    kite.simulator.setSwitch(name, value);
    const answer = await fetch(`${kite.origin}/kite/api/user/profile`, {
      headers: { authorization: `token ${APP.key}:${token}`, 'x-kite-version': '3' },
    });
    expect(answer.status).toBe(status);
  });

  test('names the switches it knows when another is set', () => {
    expect(() => kite.simulator.setSwitch('rotation', true)).toThrow(/flushAt/);
    expect(() => kite.simulator.setSwitch('flushAt', '08:00')).toThrow(/"05:00"/);
  });
});
