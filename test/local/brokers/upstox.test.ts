import { beforeEach, describe, expect, test } from 'vitest';
import { createUpstoxSimulator } from '../../../infra/local/brokers/upstox.ts';
import { openTestServer } from '../../fixtures/open-test-server.ts';
import { APP, OTHER_APP, read, START, startRedirectBroker } from './redirect-broker.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let upstox: Awaited<ReturnType<typeof start>>;

const start = (options: Parameters<typeof startRedirectBroker>[1] = {}) =>
  startRedirectBroker(createUpstoxSimulator, options as object);

beforeEach(async () => {
  upstox = await start();
});

function refusal(status: number, code: string) {
  return {
    status,
    json: { status: 'error', errors: [{ errorCode: code, error_code: code, property_path: null }] },
  };
}

const DEAD = refusal(401, 'UDAPI100050');

function dialogUrl(fields: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: APP.key,
    redirect_uri: APP.redirectUrl,
    state: 'the-state',
    ...fields,
  });
  return `${upstox.origin}/upstox/api/v2/login/authorization/dialog?${query}`;
}

async function code(): Promise<string> {
  return (await upstox.comeBack(dialogUrl())).searchParams.get('code') ?? '';
}

function exchange(given: string, change: Record<string, string> = {}) {
  return read(
    fetch(`${upstox.origin}/upstox/api/v2/login/authorization/token`, {
      method: 'POST',
      body: new URLSearchParams({
        code: given,
        client_id: APP.key,
        client_secret: APP.secret,
        redirect_uri: APP.redirectUrl,
        grant_type: 'authorization_code',
        ...change,
      }),
    }),
  );
}

async function signIn(): Promise<string> {
  return ((await exchange(await code())).json as { access_token: string }).access_token;
}

function call(path: string, token: string, method = 'GET') {
  const headers = { authorization: `Bearer ${token}` };
  return read(fetch(`${upstox.origin}/upstox/api${path}`, { method, headers }));
}

const profile = (token: string) => call('/v2/user/profile', token);

describe('the dialog', () => {
  test('sends the browser back with code and state', async () => {
    const back = await upstox.comeBack(dialogUrl());
    expect(back.origin + back.pathname).toBe(APP.redirectUrl);
    expect(Object.fromEntries(back.searchParams)).toEqual({
      code: expect.stringMatching(/^[\w-]{6,}$/),
      state: 'the-state',
    });
  });

  test.each([
    ['a redirect that is not the registered one', { redirect_uri: 'https://app.example/other' }],
    ['an unknown client', { client_id: 'nobody' }],
  ])('refuses %s', async (_name, fields) => {
    expect(await read(fetch(dialogUrl(fields as Record<string, string>)))).toMatchObject(
      refusal(400, 'UDAPI100068'),
    );
  });

  test('sends a declined consent back as an error, or keeps it on a page', async () => {
    const back = await upstox.comeBack(dialogUrl(), { decision: 'Decline' });
    expect(back.search).toBe('?error=access_denied&state=the-state');
    upstox.simulator.setSwitch('decline', 'page');
    const page = await upstox.answerPage(dialogUrl(), { decision: 'Decline' });
    expect(await page.text()).toContain('Access declined');
  });

  test('can be answered for the person once it was opened', async () => {
    expect(upstox.simulator.approve(APP.key)).toBeNull();
    await fetch(dialogUrl());
    expect(upstox.simulator.approve(APP.key)).toEqual({
      redirect: expect.stringMatching(
        /^https:\/\/app\.example\/callback\?code=.+&state=the-state$/,
      ),
    });
    expect(upstox.simulator.approve(OTHER_APP.key)).toBeNull();
  });
});

describe('the exchange', () => {
  test('answers flat: no envelope, no life, no refresh token', async () => {
    const { status, json } = await exchange(await code());
    expect(status).toBe(200);
    expect(json).toMatchObject({ broker: 'UPSTOX', user_id: '4HAB72', extended_token: '' });
    for (const absent of ['status', 'data', 'expires_in', 'refresh_token']) {
      expect(json).not.toHaveProperty(absent);
    }
  });

  test('leaves out the extended token when the switch says so', async () => {
    upstox.simulator.setSwitch('extendedToken', 'absent');
    expect((await exchange(await code())).json).not.toHaveProperty('extended_token');
  });

  test('takes a code once', async () => {
    const given = await code();
    expect((await exchange(given)).status).toBe(200);
    expect(await exchange(given)).toMatchObject(refusal(401, 'UDAPI100057'));
  });

  test.each([
    ['a wrong secret', { client_secret: 'wrong' }, refusal(401, 'UDAPI100069')],
    ['another redirect', { redirect_uri: 'https://app.example/' }, refusal(400, 'UDAPI100068')],
  ])('spends the code also on %s', async (_name, change, expected) => {
    const given = await code();
    expect(await exchange(given, change as Record<string, string>)).toMatchObject(expected);
    expect(await exchange(given)).toMatchObject(refusal(401, 'UDAPI100057'));
  });

  test('looks at the client first, then at the code, then at the secret', async () => {
    const wrong = { client_secret: 'wrong' };
    expect(await exchange('bogus', { ...wrong, client_id: 'nobody' })).toMatchObject(
      refusal(401, 'UDAPI100069'),
    );
    expect(await exchange('bogus', wrong)).toMatchObject(refusal(401, 'UDAPI100057'));
  });

  test('says it with the other code when the switch says so', async () => {
    upstox.simulator.setSwitch('badCredentials', 'UDAPI100016');
    expect(await exchange(await code(), { client_secret: 'wrong' })).toMatchObject(
      refusal(401, 'UDAPI100016'),
    );
  });
});

describe('an access token', () => {
  test.each([
    ['20:00', Date.UTC(2026, 0, 13, 14, 30), Date.UTC(2026, 0, 13, 22)],
    ['02:30', Date.UTC(2026, 0, 13, 21), Date.UTC(2026, 0, 13, 22)],
    ['03:30', Date.UTC(2026, 0, 13, 22), Date.UTC(2026, 0, 14, 22)],
  ])('made at %s ends at the next 03:30', async (_name, issued, ends) => {
    upstox.setTime(issued);
    const token = await signIn();
    upstox.setTime(ends - 1);
    expect((await profile(token)).status).toBe(200);
    upstox.setTime(ends);
    expect(await profile(token)).toMatchObject(DEAD);
  });

  test('opens the profile and not, at night, the funds', async () => {
    upstox.setTime(Date.UTC(2026, 0, 14, 23, 59));
    const token = await signIn();
    expect((await profile(token)).json).toMatchObject({ data: { user_id: '4HAB72' } });
    expect((await call('/v2/user/get-funds-and-margin', token)).status).toBe(423);
    upstox.advance(MINUTE);
    expect((await call('/v2/user/get-funds-and-margin', token)).status).toBe(200);
  });

  test('is ended by logging out', async () => {
    const token = await signIn();
    expect(await call('/v2/logout', token, 'DELETE')).toEqual({
      status: 200,
      json: { status: 'success', data: true },
    });
    expect(await profile(token)).toMatchObject(DEAD);
    expect(await call('/v2/logout', token, 'DELETE')).toMatchObject(DEAD);
  });

  test.each([
    [false, 200],
    [true, 401],
  ])('after a second login, with secondLoginKills %s', async (kills, status) => {
    upstox.simulator.setSwitch('secondLoginKills', kills);
    const first = await signIn();
    await signIn();
    expect((await profile(first)).status).toBe(status);
  });

  test('is of no use while the app is switched off', async () => {
    const token = await signIn();
    upstox.simulator.setSwitch('clientInactive', true);
    expect(await profile(token)).toMatchObject(refusal(401, 'UDAPI100073'));
  });
});

describe('the approval push', () => {
  type Post = { readonly at: number; readonly body: Record<string, string> };
  let posts: Post[];
  let notifier: string;

  beforeEach(async () => {
    posts = [];
    const { url } = await openTestServer(async (req, res) => {
      let body = '';
      for await (const chunk of req) body += String(chunk);
      posts.push({ at: upstox.now(), body: JSON.parse(body) as Record<string, string> });
      res.writeHead(204).end();
    });
    notifier = `${url}/hooks/upstox/unguessable`;
    upstox = await start({ consumers: [{ ...APP, notifierUrl: notifier }, OTHER_APP] });
  });

  function request(
    secret: string = APP.secret,
    clientId: string = APP.key,
    type = 'application/json',
  ) {
    return read(
      fetch(`${upstox.origin}/upstox/api/v3/login/auth/token/request/${clientId}`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: JSON.stringify({ client_secret: secret }),
      }),
    );
  }

  test('says until when as a string of milliseconds, and where the notice will go', async () => {
    expect(await request()).toEqual({
      status: 200,
      json: {
        status: 'success',
        data: {
          authorization_expiry: String(Date.UTC(2026, 0, 15, 22)),
          notifier_url: notifier,
        },
      },
    });
  });

  test.each([
    ['a wrong secret', ['wrong'], refusal(401, 'UDAPI100069')],
    ['an unknown client', [APP.secret, 'nobody'], refusal(401, 'UDAPI100069')],
    [
      'a form',
      [APP.secret, APP.key, 'application/x-www-form-urlencoded'],
      refusal(401, 'UDAPI100069'),
    ],
    ['no notifier', [OTHER_APP.secret, OTHER_APP.key], refusal(400, 'UDAPI1155')],
  ])('refuses %s', async (_name, given, expected) => {
    expect(await request(...(given as [string]))).toMatchObject(expected);
  });

  test('posts a notice whose token works', async () => {
    await request();
    expect(await upstox.simulator.answerPrompt(APP.key, 'approve')).toBe(true);
    const [post] = posts;
    expect(post?.body).toEqual({
      client_id: APP.key,
      user_id: '4HAB72',
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_at: String(Date.UTC(2026, 0, 15, 22)),
      issued_at: String(START),
      message_type: 'access_token',
    });
    expect((await profile(post?.body['access_token'] ?? '')).status).toBe(200);
  });

  test('is approved by a person on the phone’s page', async () => {
    await request();
    const phone = `${upstox.origin}/upstox/phone`;
    const html = await (await fetch(phone)).text();
    const id = /name="request" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const form = new URLSearchParams({ request: id, decision: 'Approve' });
    const after = await fetch(phone, { method: 'POST', body: form });
    expect(await after.text()).toContain('Approved.');
    await expect.poll(() => posts.length).toBe(1);
    expect(await (await fetch(phone, { method: 'POST', body: form })).text()).toContain('is over');
  });

  test.each([
    ['once', 1],
    ['twice', 2],
    ['never', 0],
    ['reject', 0],
  ])('comes %s', async (notice, count) => {
    upstox.simulator.setSwitch('notice', notice);
    await request();
    await upstox.simulator.answerPrompt(APP.key, 'approve');
    expect(posts).toHaveLength(count);
    expect(new Set(posts.map(({ body }) => body['access_token'])).size).toBe(Math.min(count, 1));
  });

  test('comes late, after the token has ended if need be', async () => {
    upstox.simulator.setSwitch('notice', 'late');
    upstox.simulator.setSwitch('lateMinutes', 24 * 60);
    await request();
    await upstox.simulator.answerPrompt(APP.key, 'approve');
    upstox.advance(24 * HOUR - 1);
    expect(await upstox.simulator.deliver()).toEqual([]);
    upstox.advance(1);
    expect(await upstox.simulator.deliver()).toEqual([204]);
    expect(await profile(posts[0]?.body['access_token'] ?? '')).toMatchObject(DEAD);
  });

  test('a rejection is told to nobody', async () => {
    await request();
    expect(await upstox.simulator.answerPrompt(APP.key, 'reject')).toBe(true);
    expect(posts).toEqual([]);
    expect(await upstox.simulator.answerPrompt(APP.key, 'approve')).toBe(false);
  });

  test('a request lapses at 03:30', async () => {
    await request();
    upstox.setTime(Date.UTC(2026, 0, 15, 22));
    expect(await upstox.simulator.answerPrompt(APP.key, 'approve')).toBe(false);
  });

  test.each([
    ['success', 200],
    ['UDAPI100069', 400],
  ])('a second request while one is pending: %s', async (repeated, status) => {
    upstox.simulator.setSwitch('repeatedRequest', repeated);
    await request();
    expect((await request()).status).toBe(status);
    await upstox.simulator.answerPrompt(APP.key, 'approve');
    expect(await upstox.simulator.answerPrompt(APP.key, 'approve')).toBe(false);
  });

  test('a notice that nobody takes is lost, and does not fail the broker', async () => {
    upstox = await start({ consumers: [{ ...APP, notifierUrl: 'http://127.0.0.1:9/' }] });
    await request();
    expect(await upstox.simulator.answerPrompt(APP.key, 'approve')).toBe(true);
    expect(await upstox.simulator.deliver()).toEqual([]);
  });
});

describe('the run', () => {
  test('goes on with the tokens of its snapshot', async () => {
    let kept: unknown;
    upstox = await start({ onChange: (snapshot: unknown) => (kept = snapshot) });
    const token = await signIn();
    upstox = await start({ snapshot: JSON.parse(JSON.stringify(kept)) });
    expect((await profile(token)).status).toBe(200);
  });

  test('refuses a snapshot of another kind', async () => {
    await expect(start({ snapshot: [] })).rejects.toThrow(/unreadable/);
  });

  test.each([
    ['status', 500, refusal(500, 'UDAPI100500')],
    ['overLimit', true, refusal(429, 'UDAPI10005')],
  ])('fault %s', async (name, value, expected) => {
    const token = await signIn();
    upstox.simulator.setSwitch(name as string, value);
    expect(await profile(token)).toMatchObject(expected as object);
  });

  test('knows no other path', async () => {
    expect(await call('/v2/nothing', 'x')).toMatchObject(refusal(404, 'UDAPI100060'));
  });
});
