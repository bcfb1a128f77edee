/**
 * `token` and `authorization`: no I/O while a token lasts, and the name of the clock when it does not.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createScriptedFetch, type ScriptedAnswer } from '../fixtures/scripted-fetch.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';
import { CANARIES } from '../fixtures/tokens.ts';
import { createDesk, type Desk, SIGN_IN_URL } from '../fixtures/worker/desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

async function facing(...answers: ScriptedAnswer[]) {
  const script = createScriptedFetch(answers);
  return { worker: await desk.connect({ fetch: script.fetch }), requests: script.requests };
}

const accounts = () => Response.json({ AccountListResponse: { Accounts: { Account: [] } } });

describe('token', () => {
  test('gives the pair with its generation and its end, and asks nobody', async () => {
    await desk.put();
    const { worker, requests } = await facing();
    const before = { ...desk.calls };
    expect(await worker.token()).toEqual({
      accessToken: CANARIES[0],
      tokenSecret: CANARIES[1],
      generation: 7,
      endsAt: Date.parse('2026-03-10T00:00:00-04:00'),
    });
    await worker.authorization('GET', '/v1/accounts/list');
    expect(requests).toEqual([]);
    expect(desk.calls).toEqual(before);
  });

  test('is one of the new generation in the same moment in which it is in use', async () => {
    await desk.put();
    const { worker } = await facing();
    const seen: Promise<unknown>[] = [];
    worker.on('renewed', () => void seen.push(worker.token()));
    await desk.put({ generation: 8 });
    await desk.time.advance(MINUTE_MS);
    expect(await seen[0]).toMatchObject({ generation: 8 });
  });

  test.each([
    [0, 'fulfilled'],
    [1, 'rejected'],
  ])('that is needed %s ms past the hard end is %s', async (ms, status) => {
    desk = await createDesk('2026-03-09T23:00:00-04:00');
    await desk.put({}, { lastUsedAt: desk.time.now() });
    const { worker } = await facing();
    const [outcome] = await Promise.allSettled([
      worker.token({ minimumSeconds: 3_600 + ms / 1_000 }),
    ]);
    expect(outcome?.status).toBe(status);
    if (status === 'fulfilled') return;
    expect(outcome).toMatchObject({
      reason: {
        code: 'TOKEN_ENDS_SOON',
        limitedBy: 'hard-end',
        endsAt: Date.parse('2026-03-10T00:00:00-04:00'),
        signInUrl: SIGN_IN_URL,
        retryable: false,
        message: expect.stringContaining('its hard end is at 2026-03-10T04:00:00.000Z'),
      },
    });
  });

  test('whose access token ends first says so', async () => {
    await desk.put({ accessExpiresAt: desk.time.now() + 5 * MINUTE_MS });
    const { worker } = await facing();
    expect((await worker.token({ minimumSeconds: 300 })).endsAt).toBe(
      desk.time.now() + 5 * MINUTE_MS,
    );
    await expect(worker.token({ minimumSeconds: 301 })).rejects.toMatchObject({
      code: 'TOKEN_ENDS_SOON',
      limitedBy: 'access-token',
      signInUrl: null,
    });
  });

  test('that would go idle is used once, which starts its clock anew', async () => {
    await desk.put({ issuedAt: desk.time.now() - 100 * MINUTE_MS }, { lastUsedAt: null });
    const { worker, requests } = await facing(accounts());
    await worker.token({ minimumSeconds: 20 * 60 });
    expect(requests).toHaveLength(0);
    await worker.token({ minimumSeconds: 21 * 60 });
    expect(requests).toHaveLength(1);
    await worker.token({ minimumSeconds: 21 * 60 });
    expect(requests).toHaveLength(1);
  });

  test('that cannot be used just now names the idle clock', async () => {
    await desk.put({ issuedAt: desk.time.now() - 100 * MINUTE_MS }, { lastUsedAt: null });
    // Of the broker itself, which is not asked again.
    const refusal = { Error: { code: 100, message: 'Account key does not belong to user' } };
    const { worker } = await facing(Response.json(refusal, { status: 404 }));
    await expect(worker.token({ minimumSeconds: 30 * 60 })).rejects.toMatchObject({
      code: 'TOKEN_ENDS_SOON',
      limitedBy: 'idle',
      retryable: true,
    });
  });

  test('for longer than the idle limit must be used in between, which is no error', async () => {
    await desk.put({}, { lastUsedAt: desk.time.now() });
    const { worker, requests } = await facing();
    expect(await worker.token({ minimumSeconds: 3 * 3_600 })).toMatchObject({ generation: 7 });
    expect(requests).toEqual([]);
  });

  test('that nobody has brought yet is an error with the link', async () => {
    const { worker } = await facing();
    await expect(worker.token()).rejects.toMatchObject({
      code: 'NOT_SIGNED_IN',
      signInUrl: SIGN_IN_URL,
    });
    await expect(worker.authorization('GET', '/v1/x')).rejects.toMatchObject({
      code: 'NOT_SIGNED_IN',
    });
  });
});

describe('authorization', () => {
  test('is different each time', async () => {
    await desk.put();
    const { worker } = await facing();
    const headers = [
      await worker.authorization('GET', '/v1/accounts/list'),
      await worker.authorization('GET', '/v1/accounts/list'),
    ];
    expect(headers[0]).not.toBe(headers[1]);
  });

  test.each([
    ['a parameter of the protocol', 'GET', '/v1/x?oauth_token=1', /oauth_/],
    ['a method that is none', 'G T', '/v1/x', /method/],
  ])('refuses %s by name', async (_name, method, url, message) => {
    await desk.put();
    const { worker } = await facing();
    await expect(worker.authorization(method, url)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(message),
    });
  });
});
