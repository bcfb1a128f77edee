import { describe, expect, test } from 'vitest';
import { judgeCall } from '../../functions/brokers/failures.ts';
import {
  judgeKiteRefusal,
  KITE_WORDS,
  type KiteStep,
} from '../../functions/brokers/kite-failures.ts';
import type { Received } from '../../functions/brokers/send.ts';
import { received } from './answer.ts';

const DEAD = 'Incorrect `api_key` or `access_token`.';
const MISSING = 'Invalid `api_key` or `access_token`.';

function refusal(status: number, error_type: string, message = 'no'): Received {
  return received(status, { status: 'error', message, data: null, error_type });
}

test.each<[string, KiteStep, Received, string, string]>([
  [
    'a dead token',
    'probe',
    refusal(403, 'TokenException', DEAD),
    'sign-in-needed',
    'TokenException',
  ],
  [
    'the same as 400',
    'probe',
    refusal(400, 'InputException', MISSING),
    'sign-in-needed',
    'InputException',
  ],
  [
    'the same at the logout',
    'revoke',
    refusal(403, 'TokenException', DEAD),
    'sign-in-needed',
    'TokenException',
  ],
  [
    'a spent request token',
    'complete',
    refusal(403, 'TokenException', 'Token is invalid or has expired.'),
    'sign-in-needed',
    'TokenException',
  ],
  [
    'the same as 400',
    'complete',
    refusal(400, 'InputException', 'Token is invalid or has expired.'),
    'sign-in-needed',
    'InputException',
  ],
  [
    'a wrong checksum, which is a wrong secret',
    'complete',
    refusal(403, 'TokenException', 'Invalid `checksum`.'),
    'configuration',
    'invalid-checksum',
  ],
  [
    'an unknown key',
    'complete',
    refusal(403, 'TokenException', 'Invalid `api_key`.'),
    'configuration',
    'invalid-api-key',
  ],
  [
    'the same as 400',
    'complete',
    refusal(400, 'InputException', 'Invalid `api_key`.'),
    'configuration',
    'invalid-api-key',
  ],
  [
    'a missing permission',
    'probe',
    refusal(403, 'PermissionException'),
    'configuration',
    'PermissionException',
  ],
  ['a wrong field', 'complete', refusal(400, 'InputException'), 'configuration', 'InputException'],
  [
    'an error of the account',
    'probe',
    refusal(403, 'UserException'),
    'configuration',
    'UserException',
  ],
  ['a general error', 'probe', refusal(500, 'GeneralException'), 'transient', 'GeneralException'],
  ['a data error', 'probe', refusal(502, 'DataException'), 'transient', 'DataException'],
  ['a network error', 'probe', refusal(503, 'NetworkException'), 'transient', 'NetworkException'],
  ['a type nobody knows', 'probe', refusal(418, 'TeaException'), 'transient', 'TeaException'],
  ['a rate limit', 'probe', refusal(429, 'TokenException'), 'transient', 'rate-limited'],
  ['a rate limit in a page', 'probe', received(429, '<html>'), 'transient', 'rate-limited'],
  ['a firewall’s 403', 'probe', received(403, '<html>'), 'transient', 'page-instead-of-answer'],
  ['a 403 that says nothing', 'probe', received(403, ''), 'transient', 'http-403'],
  ['a 404 that says nothing', 'probe', received(404, ''), 'transient', 'http-404'],
  [
    'Kite’s own 404',
    'probe',
    refusal(404, 'GeneralException'),
    'configuration',
    'GeneralException',
  ],
  ['a redirect', 'probe', received(302, ''), 'transient', 'http-302'],
  ['a 200 that is no answer', 'complete', received(200, '{}'), 'transient', 'answer-unreadable'],
  [
    'a 403 that was cut off',
    'probe',
    received(403, '{"status":"err', { complete: false }),
    'transient',
    'answer-unreadable',
  ],
  ['a type that is no word', 'probe', refusal(403, '<b>secret</b>'), 'transient', 'http-403'],
])('%s at %s', (_name, step, answer, reason, problem) => {
  expect(judgeKiteRefusal(step, answer)).toMatchObject({ ok: false, reason, problem });
});

describe('a worker’s own call', () => {
  test.each<[string, Received, string | null]>([
    ['a served call', received(200, {}), null],
    ['a refused order', refusal(400, 'OrderException'), null],
    ['an order that Kite could not place', refusal(500, 'OrderException'), null],
    ['too little margin', refusal(400, 'MarginException'), null],
    ['a static address that is not registered', refusal(403, 'PermissionException'), null],
    ['an unknown instrument', refusal(400, 'InputException'), null],
    ['a dead token', refusal(403, 'TokenException', DEAD), 'sign-in-needed'],
    ['a dead token as 400', refusal(400, 'InputException', MISSING), 'sign-in-needed'],
    ['the rate limit', refusal(429, 'NetworkException'), 'transient'],
    ['an outage', refusal(503, 'NetworkException'), 'transient'],
  ])('%s', (_name, answer, reason) => {
    expect(judgeCall(KITE_WORDS, answer)?.reason ?? null).toBe(reason);
  });
});
