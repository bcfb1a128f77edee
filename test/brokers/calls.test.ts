import { describe, expect, test } from 'vitest';
import { createCaller } from '../../functions/brokers/calls.ts';
import { failureOf } from '../../functions/brokers/judged.ts';
import type { OutgoingRequest, Received } from '../../functions/brokers/send.ts';
import { createTokenFetch, jsonResponse } from './token-fetch.ts';

const REQUEST: OutgoingRequest = {
  method: 'POST',
  url: 'https://broker.example/token',
  headers: { 'Content-Type': 'text/plain' },
  body: 'grant=1',
};

function coded(code: string): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });
}

function calling(answers: readonly (Response | Error)[]) {
  const { fetch, requests } = createTokenFetch(answers);
  const pauses: number[] = [];
  const caller = createCaller({
    fetch,
    clock: () => 5_000,
    random: (size) => new Uint8Array(size).fill(255),
    wait: async (ms) => {
      pauses.push(ms);
    },
  });
  return { caller, requests, pauses };
}

const judge = (answer: Received, sentAt: number) =>
  answer.status === 200
    ? ({ ok: true, sentAt } as const)
    : failureOf(answer, 'transient', `http-${answer.status}`);

test('the body goes out as it is', async () => {
  const { caller, requests } = calling([jsonResponse(200, {})]);
  expect(await caller.once(REQUEST, judge)).toEqual({ ok: true, sentAt: 5_000 });
  expect(requests).toMatchObject([{ method: 'POST', body: 'grant=1' }]);
});

describe.each([
  ['once', 1, 1, 1],
  ['again', 3, 3, 3],
  ['againUnlessSeen', 1, 1, 3],
] as const)('%s', (way, afterAnswer, afterSilence, afterRefusal) => {
  const cases = [
    ['an outage', () => jsonResponse(500, {}), afterAnswer],
    ['a lost answer', () => coded('ECONNRESET'), afterSilence],
    ['a timeout', () => new DOMException('late', 'TimeoutError'), afterSilence],
    ['a connection refused', () => coded('ECONNREFUSED'), afterRefusal],
    ['a name that is not found', () => coded('ENOTFOUND'), afterRefusal],
  ] as const;
  test.each(cases)('sends as often as is safe after %s', async (_what, answer, times) => {
    const { caller, requests, pauses } = calling([answer(), answer(), answer()]);
    expect(await caller[way](REQUEST, judge)).toMatchObject({ ok: false, reason: 'transient' });
    expect(requests).toHaveLength(times);
    expect(pauses).toHaveLength(times - 1);
  });
});

test('a refresh that never arrived is sent anew, and counts', async () => {
  const { caller } = calling([coded('ECONNREFUSED'), jsonResponse(200, {})]);
  expect(await caller.againUnlessSeen(REQUEST, judge)).toMatchObject({ ok: true });
});
