import { describe, expect, test } from 'vitest';
import type { ApprovalPush } from '../../functions/brokers/broker.ts';
import { createUpstoxBroker } from '../../functions/brokers/upstox.ts';
import { UPSTOX_DEFAULTS } from '../../functions/brokers/upstox-rules.ts';
import { Secret } from '../../functions/secret.ts';
import {
  createScriptedFetch,
  type ScriptedAnswer,
  type SentRequest,
} from '../fixtures/scripted-fetch.ts';

const CLIENT = '615b1297-d443-3b39-ba19-1927fbcdddc7';
const ISSUED = 1_731_412_800_000;
/** 03:30 in India after `ISSUED`, as in Upstox's own example. */
const ENDS = 1_731_448_800_000;
const NOTICE = {
  client_id: CLIENT,
  user_id: '4HAB72',
  access_token: 'a.b.c',
  token_type: 'Bearer',
  expires_at: String(ENDS),
  issued_at: String(ISSUED),
  message_type: 'access_token',
};

function push(
  answers: readonly ScriptedAnswer[] = [],
  now = ISSUED + 2_000,
): { approval: ApprovalPush; requests: readonly SentRequest[] } {
  const { fetch, requests } = createScriptedFetch(answers);
  const { approval } = createUpstoxBroker({
    ...UPSTOX_DEFAULTS.prod,
    environment: 'prod',
    consumerKey: new Secret(CLIENT),
    consumerSecret: new Secret('the "secret"'),
    fetch,
    clock: () => now,
    random: (size) => new Uint8Array(size),
    wait: async () => {},
  });
  if (approval === undefined) throw new Error('Upstox has an approval push');
  return { approval, requests };
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status });
}

function expiry(value: unknown): Response {
  const data = { authorization_expiry: value, notifier_url: 'https://app.example/hooks/x' };
  return json(200, { status: 'success', data });
}

describe('request', () => {
  test('asks with client id and secret as JSON, and answers until when', async () => {
    const { approval, requests } = push([expiry('1732226400000')]);
    expect(await approval.request()).toEqual({ ok: true, expiresAt: 1_732_226_400_000 });
    const [sent] = requests;
    expect(`${sent?.method} ${sent?.url}`).toBe(
      `POST https://api.upstox.com/v3/login/auth/token/request/${CLIENT}`,
    );
    expect(JSON.parse(sent?.body ?? '')).toEqual({ client_secret: 'the "secret"' });
    expect(sent?.headers.get('content-type')).toBe('application/json');
    expect(sent?.headers.get('authorization')).toBeNull();
  });

  test.each([
    ['seconds', '1732226400'],
    ['text', 'tomorrow'],
    ['nothing', undefined],
    ['null', null],
    ['a moment that is over', String(ISSUED)],
  ])('does not take %s for the end: the request ends with its token', async (_name, value) => {
    expect(await push([expiry(value)]).approval.request()).toEqual({ ok: true, expiresAt: ENDS });
  });

  test('an answer without a status has asked the person all the same', async () => {
    const answers = [json(200, { data: { authorization_expiry: '1732226400000' } })];
    const expected = { ok: true, expiresAt: 1_732_226_400_000 };
    expect(await push(answers).approval.request()).toEqual(expected);
  });

  test.each([
    { data: {} },
    { data: null },
    { status: 'error', data: { authorization_expiry: '1732226400000' } },
  ])('%j says nothing of a request', async (body) => {
    expect(await push([json(200, body)]).approval.request()).toMatchObject({ ok: false });
  });

  test('an answer without data has asked the person all the same', async () => {
    const answers = [json(200, { status: 'success', data: null })];
    expect(await push(answers).approval.request()).toEqual({ ok: true, expiresAt: ENDS });
  });

  test.each<[string, () => ScriptedAnswer, object]>([
    [
      'an ambiguous refusal',
      () => json(400, { errors: [{ error_code: 'UDAPI100069' }] }),
      { reason: 'configuration', problem: 'UDAPI100069' },
    ],
    [
      'a missing notifier',
      () => json(400, { errors: [{ error_code: 'UDAPI1155' }] }),
      { reason: 'configuration', problem: 'UDAPI1155' },
    ],
    ['an outage', () => json(503, {}), { reason: 'transient' }],
    ['silence', () => new Error('lost'), { reason: 'transient', answered: false }],
  ])('prompts the person once on %s', async (_name, script, expected) => {
    const { approval, requests } = push([script()]);
    expect(await approval.request()).toMatchObject({ ok: false, ...expected });
    expect(requests).toHaveLength(1);
  });
});

describe('readNotice', () => {
  const read = (change: object, now?: number) =>
    push([], now).approval.readNotice(JSON.stringify({ ...NOTICE, ...change }));

  test('reads token, times and ids', () => {
    const notice = read({});
    expect(notice).toMatchObject({
      ok: true,
      issuedAt: ISSUED,
      expiresAt: ENDS,
      clientId: CLIENT,
      userId: '4HAB72',
      token: { tokenSecret: null, refreshToken: null },
    });
    expect(notice.ok && notice.token.accessToken.reveal()).toBe('a.b.c');
  });

  test.each([
    ['another client', { client_id: 'somebody' }, 'foreign-client'],
    ['another kind of message', { message_type: 'order_update' }, 'other-message'],
    ['no kind of message', { message_type: undefined }, 'unreadable'],
    ['no token', { access_token: '' }, 'unreadable'],
    ['a token that breaks a header', { access_token: 'a\r\nX: y' }, 'unreadable'],
    ['an issue in the future', { issued_at: String(ISSUED + 302_001) }, 'not-yet'],
  ])('refuses %s', (_name, change, reason) => {
    expect(read(change)).toEqual({ ok: false, reason });
  });

  test.each([undefined, null, '', ' ', {}, 1.5])('names nobody where the user is %j', (user_id) => {
    expect(read({ user_id })).toMatchObject({ ok: true, userId: null, expiresAt: ENDS });
  });

  test.each([
    ['a token of another type', { token_type: 'mac' }],
    ['an end in seconds', { expires_at: '1731448800' }],
    ['an end of nothing', { expires_at: null }],
    ['an end of zero', { expires_at: 0 }],
    ['no moments', { expires_at: undefined, issued_at: '' }],
    ['a number for the user', { user_id: 4_872 }],
  ])('takes %s: the token ends by the rules', (_name, change) => {
    expect(read(change)).toMatchObject({ ok: true, issuedAt: expect.any(Number), expiresAt: ENDS });
  });

  test('an issue that cannot be read is now', () => {
    expect(read({ issued_at: 'now' })).toMatchObject({ ok: true, issuedAt: ISSUED + 2_000 });
  });

  test('takes an issue as far ahead as clocks may differ', () => {
    expect(read({ issued_at: String(ISSUED + 302_000) }).ok).toBe(true);
  });

  test.each([
    [ENDS - 1, true],
    [ENDS, false],
  ])('at %i it is good: %s', (now, isGood) => {
    const notice = read({}, now);
    expect(notice.ok).toBe(isGood);
    if (!notice.ok) expect(notice.reason).toBe('expired');
  });

  test('believes no end later than the rules allow', () => {
    const boast = { expires_at: String(ENDS + 365 * 86_400_000) };
    expect(read(boast)).toMatchObject({ ok: true, expiresAt: ENDS });
    expect(read(boast, ENDS)).toEqual({ ok: false, reason: 'expired' });
  });

  test.each(['', '[]', 'null', '{"message_type":', '"access_token"', '<html>'])(
    'does not read %j',
    (body) => {
      expect(push().approval.readNotice(body)).toEqual({ ok: false, reason: 'unreadable' });
    },
  );
});
