/**
 * A worker's calls to E*TRADE: the header of each, and which answers are refusals and which the caller's matter.
 */
import { describe, expect, test } from 'vitest';
import { createEtradeDataCalls } from '../../functions/brokers/etrade-data-calls.ts';
import type { Received } from '../../functions/brokers/send.ts';
import { Secret } from '../../functions/secret.ts';
import { ny } from '../fixtures/records.ts';
import { createSeededRandom } from '../fixtures/test-clock.ts';
import { aToken } from '../fixtures/tokens.ts';

function dataCalls(random = createSeededRandom('calls')) {
  return createEtradeDataCalls({
    consumerKey: new Secret('key'),
    consumerSecret: new Secret('secret'),
    clock: () => ny('09:00'),
    random,
  });
}

const CALL = { method: 'GET', url: 'https://api.etrade.com/v1/x', params: {} };

function received(status: number, body = ''): Received {
  return {
    answered: true,
    status,
    challenge: '',
    body,
    complete: true,
    receivedAt: ny('09:00'),
    skewMs: null,
    retryAfterMs: null,
  };
}

const problem = (word: string) => `{"Error":{"message":"oauth_problem=${word}"}}`;

describe('authorize', () => {
  test('uses no nonce twice, also across draws of random bytes', () => {
    const calls = dataCalls();
    const nonces = Array.from(
      { length: 500 },
      () => /oauth_nonce="([^"]+)"/.exec(calls.authorize(CALL, aToken()))?.[1],
    );
    expect(new Set(nonces).size).toBe(500);
    expect(nonces.every((nonce) => /^[0-9a-f]{32}$/.test(nonce ?? ''))).toBe(true);
  });

  test('refuses half a token', () => {
    expect(() => dataCalls().authorize(CALL, aToken({ tokenSecret: null }))).toThrow(TypeError);
  });
});

describe('judge', () => {
  test.each([
    ['success', received(200, '{}')],
    ['an order that is not allowed', received(400, '{"Error":{"code":1033,"message":"no"}}')],
    ['an address that does not exist', received(404)],
    ['something forbidden', received(403)],
  ])('%s is between broker and caller', (_name, answer) => {
    expect(dataCalls().judge(answer)).toBeNull();
  });

  test.each([
    [401, problem('token_expired'), 'renewable', true],
    [401, problem('token_rejected'), 'renewable', true],
    [401, problem('token_revoked'), 'sign-in-needed', true],
    [401, problem('consumer_key_rejected'), 'configuration', true],
    [401, problem('timestamp_refused'), 'clock', true],
    [401, problem('nonce_used'), 'transient', false],
    [401, '', 'renewable', false],
    [500, '', 'transient', false],
    [429, '', 'transient', false],
    [302, '', 'transient', false],
  ])('%s %s is %s, undone %s', (status, body, reason, undone) => {
    expect(dataCalls().judge(received(status, body))).toMatchObject({ reason, undone });
  });
});
