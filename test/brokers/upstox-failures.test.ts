import { describe, expect, test } from 'vitest';
import { judgeCall } from '../../functions/brokers/failures.ts';
import type { Received } from '../../functions/brokers/send.ts';
import {
  judgeUpstoxRefusal,
  UPSTOX_WORDS,
  type UpstoxStep,
} from '../../functions/brokers/upstox-failures.ts';
import { received } from './answer.ts';

function refusal(status: number, code: string): Received {
  return received(status, { status: 'error', errors: [{ errorCode: code, error_code: code }] });
}

test.each([
  ['both spellings', { errorCode: 'UDAPI100050', error_code: 'UDAPI100050' }, 'UDAPI100050'],
  ['the deprecated one alone', { errorCode: 'UDAPI100050' }, 'UDAPI100050'],
  ['the new one alone', { error_code: 'UDAPI100057' }, 'UDAPI100057'],
  ['an unknown number', { error_code: 'UDAPI999' }, 'UDAPI999'],
  ['text that is no code', { error_code: '<b>secret</b>' }, 'http-400'],
  ['no code', { message: 'Invalid' }, 'http-400'],
])('finds the code in %s', (_name, error, expected) => {
  const answer = received(400, { status: 'error', errors: [error] });
  expect(judgeUpstoxRefusal('probe', answer).problem).toBe(expected);
});

test.each([
  [401, 'UDAPI100050', 'sign-in-needed'],
  [401, 'UDAPI100057', 'sign-in-needed'],
  [400, 'UDAPI100057', 'sign-in-needed'],
  [429, 'UDAPI10005', 'transient'],
  [500, 'UDAPI100500', 'transient'],
  [429, 'UDAPI1157', 'transient'],
  [401, 'UDAPI100016', 'configuration'],
  [400, 'UDAPI100058', 'configuration'],
  [404, 'UDAPI100060', 'configuration'],
  [403, 'UDAPI100067', 'configuration'],
  [400, 'UDAPI100068', 'configuration'],
  [401, 'UDAPI100069', 'configuration'],
  [401, 'UDAPI100073', 'configuration'],
  [401, 'UDAPI1123', 'configuration'],
  [401, 'UDAPI1124', 'configuration'],
  [403, 'UDAPI1154', 'configuration'],
  [400, 'UDAPI1155', 'configuration'],
])('%i %s is %s, whatever is called', (status, code, reason) => {
  for (const step of ['complete', 'approval', 'probe', 'revoke'] as const) {
    expect(judgeUpstoxRefusal(step, refusal(status, code))).toMatchObject({
      ok: false,
      reason,
      problem: code,
      answered: true,
      status,
    });
  }
});

test.each<[string, UpstoxStep, Received, string, string]>([
  ['a 401 without a code', 'probe', received(401, {}), 'sign-in-needed', 'http-401'],
  ['a 401 to client id and secret', 'approval', received(401, {}), 'configuration', 'http-401'],
  ['a 423, closed at night', 'probe', received(423, {}), 'transient', 'http-423'],
  ['a 429 in a page', 'probe', received(429, '<html>'), 'transient', 'rate-limited'],
  ['a 502 in a page', 'complete', received(502, '<html>'), 'transient', 'http-502'],
  ['a gateway’s 403', 'probe', received(403, '<html>'), 'transient', 'page-instead-of-answer'],
  ['a redirect', 'probe', received(302, ''), 'transient', 'http-302'],
  ['a 404 that says nothing', 'probe', received(404, ''), 'transient', 'http-404'],
  ['a 400 without a code', 'complete', received(400, '{}'), 'transient', 'http-400'],
  ['an unknown code with 401', 'probe', refusal(401, 'UDAPI7'), 'sign-in-needed', 'UDAPI7'],
  ['an unknown code with 503', 'probe', refusal(503, 'UDAPI7'), 'transient', 'UDAPI7'],
  [
    'a 401 that was cut off',
    'probe',
    received(401, '{"st', { complete: false }),
    'transient',
    'answer-unreadable',
  ],
  ['a 200 that is no answer', 'probe', received(200, '{}'), 'transient', 'answer-unreadable'],
])('%s', (_name, step, answer, reason, problem) => {
  expect(judgeUpstoxRefusal(step, answer)).toMatchObject({ reason, problem });
});

describe('a worker’s own call', () => {
  test.each<[string, Received, string | null]>([
    ['a served call', received(200, {}), null],
    ['a refused order', refusal(400, 'UDAPI1026'), null],
    ['an unknown instrument', refusal(404, 'UDAPI100060'), null],
    ['a static address that is missing', refusal(403, 'UDAPI1154'), null],
    ['a dead token', refusal(401, 'UDAPI100050'), 'sign-in-needed'],
    ['an app that was switched off', refusal(401, 'UDAPI100073'), 'configuration'],
    ['the rate limit', refusal(429, 'UDAPI10005'), 'transient'],
    ['an outage', received(503, ''), 'transient'],
  ])('%s', (_name, answer, reason) => {
    expect(judgeCall(UPSTOX_WORDS, answer)?.reason ?? null).toBe(reason);
  });
});
