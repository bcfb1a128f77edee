/**
 * A 401 is the word of one endpoint: what a token must have lost before a worker stops, and what a sign-in
 * in these seconds changes.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WorkerSession } from '../../functions/worker/worker-session.ts';
import { createDesk, type Desk } from '../fixtures/worker/desk.ts';
import { settle } from '../fixtures/worker/manual-time.ts';

const LIST = '/v1/accounts/list.json';
const NOT_MINE = '/v1/accounts/NOTMINE/balance.json';
const RENEW = '/oauth/renew_access_token';

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

const accounts = () => Response.json({ AccountListResponse: { Accounts: { Account: [] } } });
const renewed = () => new Response('Access Token has been renewed');
const refused = (problem: string) =>
  new Response(`{"Error":{"message":"oauth_problem=${problem}"}}`, { status: 401 });
const notEntitled = () =>
  new Response('{"Error":{"code":1022,"message":"not entitled"}}', { status: 401 });

type Answer = () => Response | Promise<Response>;

/** A worker before a broker that answers by path; what is not named, with `otherwise`. */
async function facing(answers: Readonly<Record<string, Answer>>, otherwise: Answer = accounts) {
  const version = await desk.put({ generation: 7 });
  const paths: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    const { pathname } = new URL(String(input));
    paths.push(pathname);
    return (answers[pathname] ?? otherwise)();
  };
  const worker = await desk.connect({ fetch });
  const news: string[] = [];
  for (const event of ['renewed', 'expired', 'failing', 'recovered'] as const) {
    worker.on(event, () => void news.push(event));
  }
  return { worker, paths, news, version };
}

const outcome = (worker: WorkerSession, path = LIST, init?: RequestInit) =>
  worker.fetch(path, init).then(
    (answer) => answer.status,
    (error: { code?: string; undone?: boolean }) => `${error.code} ${error.undone}`,
  );

describe('a 401 of one endpoint', () => {
  test.each([
    ['without a word of OAuth', notEntitled],
    ['as a refused token', () => refused('token_rejected')],
    ['as a missing permission', () => refused('permission_denied')],
    ['as a user who is unknown there', () => refused('user_unknown')],
    ['as a withdrawn token', () => refused('token_revoked')],
  ])('that is given %s is handed to the caller, and the others go on', async (_name, answer) => {
    const { worker, news } = await facing({ [NOT_MINE]: answer, [RENEW]: renewed });
    const text = await answer().text();
    expect(await outcome(worker)).toBe(200);
    const handed = await worker.fetch(NOT_MINE);
    expect([handed.status, await handed.text()]).toEqual([401, text]);
    expect(await outcome(worker)).toBe(200);
    expect(worker.state).toMatchObject({ status: 'ready', problem: null });
    expect(news).toEqual([]);
  });

  test('is handed on where the renewal is refused as well', async () => {
    const { worker } = await facing({
      [NOT_MINE]: () => refused('token_expired'),
      [RENEW]: () => refused('token_rejected'),
    });
    expect(await outcome(worker, NOT_MINE)).toBe(401);
    expect(worker.state.status).toBe('ready');
  });

  test('to an order is handed on, and the order sent once', async () => {
    const { worker, paths } = await facing({ [NOT_MINE]: notEntitled });
    expect(await outcome(worker, NOT_MINE, { method: 'POST', body: '{}' })).toBe(401);
    expect(paths.filter((path) => path === NOT_MINE)).toHaveLength(1);
  });

  test('costs one probe, however many calls get it', async () => {
    const { worker, paths } = await facing({ [NOT_MINE]: notEntitled });
    await Promise.all(Array.from({ length: 20 }, () => worker.fetch(NOT_MINE)));
    for (let call = 0; call < 20; call += 1) await worker.fetch(NOT_MINE);
    expect(paths.filter((path) => path !== NOT_MINE)).toEqual([LIST]);
  });

  test('wakes up a token that sleeps, which the probe tells', async () => {
    let sleeps = true;
    const { worker } = await facing(
      {
        [NOT_MINE]: () => (sleeps ? refused('permission_denied') : accounts()),
        [RENEW]: () => {
          sleeps = false;
          return renewed();
        },
      },
      () => (sleeps ? refused('token_expired') : accounts()),
    );
    expect(await outcome(worker, NOT_MINE)).toBe(200);
  });

  test('while the probe is not served decides nothing', async () => {
    const { worker } = await facing({ [NOT_MINE]: notEntitled }, () => {
      return new Response('', { status: 503 });
    });
    expect(await outcome(worker, NOT_MINE)).toBe('BROKER_UNAVAILABLE true');
    expect(worker.state.status).toBe('failing');
  });
});

test('a token that every endpoint refuses is given up, after one probe', async () => {
  const { worker, paths, news } = await facing({ [RENEW]: renewed }, () =>
    refused('token_expired'),
  );
  expect(await outcome(worker, NOT_MINE)).toBe('SIGN_IN_NEEDED true');
  expect(paths).toEqual([NOT_MINE, RENEW, NOT_MINE, LIST]);
  expect(news).toEqual(['expired']);
});

describe('a sign-in in the same seconds', () => {
  const dead = () => refused('token_rejected');
  /** A broker that refuses everything until somebody has signed in. */
  async function dying(record = {}) {
    await desk.put({ generation: 7 }, record);
    let isNew = false;
    const hooks = { onRenew: async () => {} };
    const fetch: typeof globalThis.fetch = async (input) => {
      if (String(input).includes(RENEW)) {
        await hooks.onRenew();
        return dead();
      }
      return isNew ? accounts() : dead();
    };
    const worker = await desk.connect({ fetch });
    const news: string[] = [];
    for (const event of ['renewed', 'expired'] as const) {
      worker.on(event, () => void news.push(event));
    }
    return {
      worker,
      hooks,
      news,
      async signIn() {
        const version = await desk.put({ generation: 8 });
        isNew = true;
        return version;
      },
    };
  }

  test('is heard of before the old token is given up', async () => {
    const { worker, hooks, signIn, news } = await dying();
    hooks.onRenew = async () => {
      desk.events.tell({ generation: 8, version: await signIn() });
      await settle();
    };
    expect(await outcome(worker)).toBe(200);
    expect(worker.state).toMatchObject({ status: 'ready', generation: 8 });
    expect(news).toEqual(['renewed']);
  });

  test('is found in the store before the old token is given up', async () => {
    const { worker, hooks, signIn } = await dying();
    hooks.onRenew = async () => void (await signIn());
    expect(await outcome(worker)).toBe(200);
  });

  const pending = () => ({ id: 'a', startedAt: desk.time.now() });

  test('whose PIN is being exchanged is waited for', async () => {
    const { worker, signIn, news } = await dying({ pending: pending() });
    const call = outcome(worker);
    await desk.time.advance(2_500);
    await signIn();
    await desk.time.advance(1_000);
    expect(await call).toBe(200);
    expect(news).toEqual(['renewed']);
  });

  test('is waited for ten seconds, no longer', async () => {
    const { worker } = await dying({ pending: pending() });
    let ended = '';
    void outcome(worker).then((how) => {
      ended = String(how);
    });
    await desk.time.advance(9_999);
    expect(ended).toBe('');
    await desk.time.advance(1);
    expect(ended).toBe('SIGN_IN_NEEDED true');
  });

  test('that died in between is not waited for', async () => {
    const { worker } = await dying({ pending: pending() });
    await desk.time.advance(120_000);
    expect(await outcome(worker)).toBe('SIGN_IN_NEEDED true');
  });

  test('ends the wait when the connection is closed', async () => {
    const { worker } = await dying({ pending: pending() });
    const call = outcome(worker);
    await settle();
    await worker.close();
    expect(await call).toMatch(/^(CLOSED|SIGN_IN_NEEDED)/);
  });

  test('gives its own calls a recovery of their own', async () => {
    const first = Promise.withResolvers<Response>();
    let renewals = 0;
    await desk.put({ generation: 7 });
    let isAwake = false;
    const fetch: typeof globalThis.fetch = async (input) => {
      if (!String(input).includes(RENEW)) return isAwake ? accounts() : dead();
      renewals += 1;
      if (renewals === 1) return first.promise;
      isAwake = true;
      return renewed();
    };
    const worker = await desk.connect({ fetch });
    const old = outcome(worker);
    await settle();
    desk.events.tell({ generation: 8, version: await desk.put({ generation: 8 }) });
    await settle();
    expect(await outcome(worker)).toBe(200);
    first.resolve(dead());
    expect(await old).toBe(200);
    expect(worker.state.status).toBe('ready');
  });
});
