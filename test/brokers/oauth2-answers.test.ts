import { describe, expect, test } from 'vitest';
import { judgeTokenAnswer } from '../../functions/brokers/oauth2-answers.ts';
import { received } from './answer.ts';

const GOOD = { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 1200 };

describe('tokens', () => {
  test('are read with their life', () => {
    const issued = judgeTokenAnswer(received(200, GOOD));
    if (!issued.ok) throw new Error(issued.problem);
    expect(issued.accessToken.reveal()).toBe('a');
    expect(issued.refreshToken?.reveal()).toBe('r');
    expect(issued.accessLifeMs).toBe(1_200_000);
  });

  test.each([
    ['no refresh token', { refresh_token: undefined }],
    ['an empty one', { refresh_token: '' }],
    ['null', { refresh_token: null }],
    ['a number', { refresh_token: 7 }],
    ['one that breaks a form', { refresh_token: 'a b' }],
  ])('%s stands for none', (_what, change) => {
    const issued = judgeTokenAnswer(received(200, { ...GOOD, ...change }));
    expect(issued).toMatchObject({ ok: true, refreshToken: null });
  });

  test.each([
    ['a life in text', { expires_in: '1800' }, 1_800_000],
    ['no life', { expires_in: undefined }, null],
    ['a life with blanks around', { expires_in: ' 1800 ' }, 1_800_000],
  ])('%s is %s', (_what, change, accessLifeMs) => {
    const issued = judgeTokenAnswer(received(200, { ...GOOD, ...change }));
    expect(issued).toMatchObject({ ok: true, accessLifeMs });
  });

  test.each([
    null,
    0,
    -1,
    1.5,
    1e300,
    99_999_999_999,
    '',
    '0',
    '-5',
    '12.5',
    'soon',
    '1e3',
    true,
    false,
    [1800],
    { seconds: 1800 },
  ])('a life of %j is left to the broker’s rules, and costs no token', (expires_in) => {
    const issued = judgeTokenAnswer(received(200, { ...GOOD, expires_in }));
    expect(issued).toMatchObject({ ok: true, accessLifeMs: null });
    expect(issued.ok && issued.refreshToken?.reveal()).toBe('r');
  });

  test.each([undefined, null, '', 7, 'mac', 'bearer ', ['Bearer'], {}])(
    'a token type of %j costs no token',
    (token_type) => {
      const issued = judgeTokenAnswer(received(200, { ...GOOD, token_type, scope: ['a', null] }));
      expect(issued).toMatchObject({ ok: true, accessLifeMs: 1_200_000 });
    },
  );

  test.each([
    ['another success', received(201, GOOD)],
    ['blanks around', received(200, { ...GOOD, access_token: ' a\n', refresh_token: '\tr ' })],
    ['an envelope', received(200, { status: 'success', data: GOOD })],
    [
      'a missing comma, as Upstox’s own example has it',
      received(200, '{"access_token":"\\u0061" "refresh_token":"r","expires_in":1200}'),
    ],
  ])('%s is read all the same', (_what, answer) => {
    const issued = judgeTokenAnswer(answer);
    if (!issued.ok) throw new Error(issued.problem);
    expect(issued.accessToken.reveal()).toBe('a');
    expect(issued.refreshToken?.reveal()).toBe('r');
    expect(issued.accessLifeMs).toBe(1_200_000);
  });

  test.each([
    ['no access token', JSON.stringify({ ...GOOD, access_token: undefined })],
    ['an access token with a line break', JSON.stringify({ ...GOOD, access_token: 'a\nb' })],
    ['an access token of blanks', JSON.stringify({ ...GOOD, access_token: '  ' })],
    ['half of the answer', '{"access_token":"a'],
    ['a page', '<!doctype html><html></html>'],
    ['nothing', ''],
    ['a list', '[]'],
  ])('%s is unreadable', (_what, body) => {
    expect(judgeTokenAnswer(received(200, body))).toMatchObject({
      ok: false,
      reason: 'transient',
      problem: 'answer-unreadable',
    });
  });

  test('a body that was cut off is unreadable, whatever it begins with', () => {
    expect(judgeTokenAnswer(received(200, GOOD, { complete: false }))).toMatchObject({
      problem: 'answer-unreadable',
    });
  });
});

describe('refusals', () => {
  test.each([
    ['invalid_grant', 400, 'sign-in-needed'],
    ['invalid_grant', 403, 'sign-in-needed'],
    ['invalid_request', 400, 'configuration'],
    ['invalid_client', 401, 'configuration'],
    ['unauthorized_client', 403, 'configuration'],
    ['unsupported_grant_type', 400, 'configuration'],
    ['invalid_scope', 400, 'configuration'],
    ['access_denied', 401, 'configuration'],
    ['temporarily_unavailable', 503, 'transient'],
    ['server_error', 500, 'transient'],
    ['never_heard_of', 400, 'transient'],
    ['never_heard_of', 500, 'transient'],
    ['invalid_grant', 200, 'sign-in-needed'],
  ])('%s with %d is %s', (error, status, reason) => {
    const failure = judgeTokenAnswer(received(status, { error, error_description: 'secret text' }));
    expect(failure).toMatchObject({ ok: false, reason, answered: true, status });
    expect(JSON.stringify(failure)).not.toContain('secret text');
  });

  test.each([
    ['a rate limit', received(429, '', { retryAfterMs: 2_000 }), 'transient', 'rate-limited'],
    ['a redirect', received(302, ''), 'transient', 'http-302'],
    ['a firewall’s page', received(403, '<HTML><BODY>'), 'transient', 'page-instead-of-answer'],
    ['a router’s page', received(404, '<html>'), 'transient', 'page-instead-of-answer'],
    ['a refusal without words', received(401, ''), 'configuration', 'http-401'],
    ['words that are no word', received(400, { error: '<b>' }), 'transient', 'http-400'],
    [
      'half of the words',
      received(400, '{"err', { complete: false }),
      'transient',
      'answer-unreadable',
    ],
  ])('%s', (_what, answer, reason, problem) => {
    expect(judgeTokenAnswer(answer)).toMatchObject({
      reason,
      problem,
      retryAfterMs: answer.retryAfterMs,
    });
  });
});
