/**
 * `ready`: waits for a sign-in, proves what nobody has proven, and does not wait for what no waiting helps.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../functions/errors.ts';
import { createScriptedFetch, type ScriptedAnswer } from '../fixtures/scripted-fetch.ts';
import { createDesk, type Desk, SIGN_IN_URL } from '../fixtures/worker/desk.ts';
import { settle } from '../fixtures/worker/manual-time.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

async function facing(...answers: ScriptedAnswer[]) {
  const script = createScriptedFetch(answers);
  return { worker: await desk.connect({ fetch: script.fetch }), requests: script.requests };
}

/** What has become of a promise so far. */
function watch(promise: Promise<void>) {
  const seen = { outcome: 'waiting' as unknown };
  promise.then(
    () => {
      seen.outcome = 'ready';
    },
    (error: unknown) => {
      seen.outcome = error;
    },
  );
  return seen;
}

const accounts = () =>
  Response.json({ AccountListResponse: { Accounts: { Account: [{ accountId: '1' }] } } });
const refused = (problem: string) =>
  new Response(`{"Error":{"message":"oauth_problem=${problem}"}}`, { status: 401 });

describe('ready', () => {
  test('is there at once with a proven token, and sends nothing', async () => {
    await desk.put({}, { proof: 'proven' });
    const { worker, requests } = await facing();
    await worker.ready({ timeoutSeconds: 0 });
    expect(requests).toEqual([]);
  });

  test('waits for the sign-in, wakes up with its event and proves what it brought', async () => {
    const { worker } = await facing(accounts());
    const seen = watch(worker.ready());
    await desk.time.advance(600_000);
    expect(seen.outcome).toBe('waiting');
    desk.events.tell({ generation: 7, version: await desk.put({ generation: 7 }) });
    await settle();
    expect(worker.state).toMatchObject({ generation: 7, proven: true });
    expect(seen.outcome).toBe('ready');
  });

  test('proves an unproven token itself, once for all who wait', async () => {
    await desk.put({}, { proof: 'unproven' });
    const { worker, requests } = await facing(accounts());
    await Promise.all([worker.ready(), worker.ready(), worker.ready()]);
    expect(requests).toHaveLength(1);
    expect(worker.state).toMatchObject({ proven: true, lastUsedAt: desk.time.now() });
  });

  test('renews an inactive token before it proves it', async () => {
    await desk.put({}, { proof: 'inactive' });
    const { worker, requests } = await facing(
      refused('token_expired'),
      new Response('renewed'),
      accounts(),
    );
    await worker.ready();
    expect(requests).toHaveLength(3);
  });

  test('goes on after passing trouble', async () => {
    await desk.put({}, { proof: 'unproven' });
    const busy = () => new Response('', { status: 503 });
    const { worker } = await facing(busy(), busy(), busy(), accounts());
    const seen = watch(worker.ready());
    await settle();
    expect(seen.outcome).toBe('waiting');
    await desk.time.advance(60_000);
    expect(seen.outcome).toBe('ready');
  });

  test('waits for a new sign-in where the token is refused for good', async () => {
    await desk.put({}, { proof: 'unproven' });
    const { worker, requests } = await facing(refused('token_revoked'));
    const seen = watch(worker.ready());
    await desk.time.advance(600_000);
    expect(seen.outcome).toBe('waiting');
    expect(requests).toHaveLength(1);
    await desk.put({ generation: 8 });
    await desk.time.advance(60_000);
    expect(seen.outcome).toBe('ready');
  });

  test.each([
    ['consumer_key_rejected', 'CONFIGURATION'],
    ['timestamp_refused', 'CLOCK'],
  ])('does not wait where the broker says %s', async (problem, code) => {
    await desk.put({}, { proof: 'unproven' });
    const { worker } = await facing(refused(problem));
    await expect(worker.ready()).rejects.toMatchObject({ code });
  });
});

describe('its end', () => {
  test('comes after timeoutSeconds, with the address to sign in', async () => {
    const { worker } = await facing();
    const seen = watch(worker.ready({ timeoutSeconds: 3600 }));
    await desk.time.advance(3_599_999);
    expect(seen.outcome).toBe('waiting');
    await desk.time.advance(1);
    expect(seen.outcome).toMatchObject({
      code: 'TIMEOUT',
      signInUrl: SIGN_IN_URL,
      message: expect.stringContaining('nobody has signed in'),
    });
  });

  test('names what kept it waiting', async () => {
    const away = new StoreError('Secret Manager is away', {
      code: 'STORE_UNAVAILABLE',
      retryable: true,
    });
    desk.breakStore(away);
    const { worker } = await facing();
    const seen = watch(worker.ready({ timeoutSeconds: 10 }));
    await desk.time.advance(10_000);
    expect(seen.outcome).toMatchObject({ message: expect.stringContaining(away.message) });
  });

  test("comes with the caller's signal, and leaves nothing behind", async () => {
    const { worker } = await facing();
    const waitingBefore = desk.time.waiting();
    const abort = new AbortController();
    const seen = watch(worker.ready({ signal: abort.signal, timeoutSeconds: 60 }));
    await settle();
    abort.abort(new Error('stop'));
    await settle();
    expect(seen.outcome).toMatchObject({ message: 'stop' });
    expect(desk.time.waiting()).toEqual(waitingBefore);
    await expect(worker.ready({ signal: abort.signal })).rejects.toThrow('stop');
  });

  test('comes with close', async () => {
    const { worker } = await facing();
    const seen = watch(worker.ready());
    await worker.close();
    await settle();
    expect(seen.outcome).toMatchObject({ code: 'CLOSED' });
  });
});
