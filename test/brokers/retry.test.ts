import { describe, expect, test } from 'vitest';
import type { BrokerFailure } from '../../functions/brokers/broker.ts';
import {
  FIRST_PAUSE_MS,
  LONGEST_PAUSE_MS,
  pauseBeforeRetry,
} from '../../functions/brokers/retry.ts';

const FAILURE: BrokerFailure = {
  ok: false,
  reason: 'transient',
  problem: 'http-500',
  answered: true,
  status: 500,
  retryAfterMs: null,
  skewMs: null,
};

const least = (): Uint8Array => new Uint8Array([0]);
const most = (): Uint8Array => new Uint8Array([255]);

describe('a transient failure', () => {
  test.each([
    { failures: 1, from: FIRST_PAUSE_MS / 2, to: FIRST_PAUSE_MS },
    { failures: 2, from: FIRST_PAUSE_MS, to: 2 * FIRST_PAUSE_MS },
  ])('number $failures pauses between $from and $to ms', ({ failures, from, to }) => {
    expect(pauseBeforeRetry(FAILURE, failures, least)).toBe(from);
    expect(pauseBeforeRetry(FAILURE, failures, most)).toBe(to);
  });

  test('number 3 is the last', () => {
    expect(pauseBeforeRetry(FAILURE, 3, least)).toBeNull();
  });

  test.each([
    { retryAfterMs: 100, pause: FIRST_PAUSE_MS / 2, why: 'less than our own pause' },
    { retryAfterMs: 3_000, pause: 3_000, why: 'as long as asked' },
    { retryAfterMs: LONGEST_PAUSE_MS, pause: LONGEST_PAUSE_MS, why: 'the longest' },
    { retryAfterMs: LONGEST_PAUSE_MS + 1, pause: null, why: 'too long to wait for' },
  ])('with Retry-After $retryAfterMs: $why', ({ retryAfterMs, pause }) => {
    expect(pauseBeforeRetry({ ...FAILURE, retryAfterMs }, 1, least)).toBe(pause);
  });
});

test('a used nonce is signed anew once, at once', () => {
  const used: BrokerFailure = { ...FAILURE, problem: 'nonce_used' };
  expect(pauseBeforeRetry(used, 1, most)).toBe(0);
  expect(pauseBeforeRetry(used, 2, most)).toBeNull();
});

test.each(['sign-in-needed', 'renewable', 'configuration', 'clock'] as const)(
  '%s is not tried again',
  (reason) => {
    expect(pauseBeforeRetry({ ...FAILURE, reason }, 1, least)).toBeNull();
  },
);
