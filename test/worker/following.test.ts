/**
 * Which token a worker holds: after events that are late, doubled, foreign or wrong, and after none at all.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../functions/errors.ts';
import { anActiveRecord } from '../fixtures/records.ts';
import { aToken, PROD, SANDBOX } from '../fixtures/tokens.ts';
import { createDesk, type Desk, SIGN_IN_URL } from '../fixtures/worker/desk.ts';
import { settle } from '../fixtures/worker/manual-time.ts';

const STORE_AWAY = new StoreError('Secret Manager did not answer', {
  code: 'STORE_UNAVAILABLE',
  retryable: true,
});

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

describe('connecting', () => {
  test('takes the stored token at once, as proven as the record says', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    expect(worker.state).toMatchObject({ status: 'ready', generation: 7, proven: true });
  });

  test('works before anyone has signed in', async () => {
    const worker = await desk.connect();
    expect(worker.state).toMatchObject({ status: 'waiting', generation: 0, problem: null });
    await expect(worker.fetch('/v1/accounts/list.json')).rejects.toMatchObject({
      code: 'NOT_SIGNED_IN',
      signInUrl: SIGN_IN_URL,
      retryable: false,
      message: expect.stringContaining(SIGN_IN_URL),
    });
  });

  test('works while the store is away, and says so', async () => {
    desk.breakStore(STORE_AWAY);
    const worker = await desk.connect();
    expect(worker.state).toMatchObject({ status: 'failing', problem: STORE_AWAY.message });
    await expect(worker.token()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('does not wait longer than five seconds for a store that hangs', async () => {
    desk.store.load = () => new Promise(() => {});
    let isConnected = false;
    void desk.connect().then(() => {
      isConnected = true;
    });
    await desk.time.advance(4_999);
    expect(isConnected).toBe(false);
    await desk.time.advance(1);
    expect(isConnected).toBe(true);
  });
});

describe('a secret that was deleted and made anew', () => {
  test.each(['event', 'poll'] as const)(
    'counts from 1 again, and its token is taken all the same (by %s)',
    async (by) => {
      await desk.put({ generation: 1 });
      await desk.put({ generation: 2 });
      const worker = await desk.connect();
      const issuedAt = desk.time.now() + 1_000;
      const token = aToken({ session: SANDBOX, generation: 1, issuedAt, account: ['x'] });
      desk.store.load = async () => ({
        record: anActiveRecord({ generation: 1, version: 1, issuedAt, history: [] }),
        tag: 'anew',
      });
      desk.store.readToken = async (_session, version) =>
        version === 1 ? { status: 'found', version, token } : { status: 'missing' };
      await desk.time.advance(2_000);
      if (by === 'event') desk.events.tell({ generation: 1, version: 1, issuedAt });
      else await desk.time.advance(60_000);
      await settle();
      expect(worker.state).toMatchObject({ generation: 1, issuedAt });
    },
  );
});

test('the end of its token is said again, though its version has the same number', async () => {
  desk = await createDesk('2026-03-09T23:00:00-04:00');
  await desk.put({ generation: 1 });
  const worker = await desk.connect();
  const heard: number[] = [];
  worker.on('expired', () => heard.push(desk.time.now()));
  await desk.time.advance(3_600_000);
  expect(heard).toHaveLength(1);
  const issuedAt = desk.time.now();
  const hardEndsAt = issuedAt + 3_600_000;
  const times = { issuedAt, hardEndsAt, accessExpiresAt: hardEndsAt };
  const token = aToken({ session: SANDBOX, generation: 1, account: ['x'], ...times });
  desk.store.load = async () => ({
    record: anActiveRecord({ generation: 1, version: 1, issuedAt, history: [] }),
    tag: 'anew',
  });
  desk.store.readToken = async (_session, version) =>
    version === 1 ? { status: 'found', version, token } : { status: 'missing' };
  await desk.time.advance(3_600_000);
  expect(worker.state).toMatchObject({ status: 'expired', issuedAt });
  expect(heard).toHaveLength(2);
});

describe('an event', () => {
  test('switches to the version it names with no restart', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const heard: number[] = [];
    worker.on('renewed', ({ generation }) => heard.push(generation));
    const version = await desk.put({ generation: 8 });
    desk.events.tell({ generation: 8, version });
    await settle();
    expect(worker.state.generation).toBe(8);
    expect(heard).toEqual([8]);
  });

  test('ahead of the record is believed: the record may lag behind', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const version = await desk.add({ generation: 8 });
    desk.events.tell({ generation: 8, version });
    await settle();
    expect(worker.state.generation).toBe(8);
    await desk.time.advance(60_000);
    expect(worker.state.generation).toBe(8);
  });

  test('behind the record finds N+1 and N+2 as well', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const version = await desk.put({ generation: 8 });
    await desk.add({ generation: 9 });
    await desk.add({ generation: 10 });
    desk.events.tell({ generation: 8, version });
    await settle();
    expect(worker.state.generation).toBe(10);
  });

  test('that is stale or doubled reads nothing', async () => {
    const version = await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const before = { ...desk.calls };
    desk.events.tell({ generation: 7, version });
    desk.events.tell({ generation: 6, version: 1 });
    await settle();
    expect(desk.calls).toEqual(before);
    expect(worker.state.generation).toBe(7);
  });

  test('that comes after a newer one changes nothing', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const older = await desk.add({ generation: 8 });
    const newer = await desk.add({ generation: 9 });
    desk.events.tell({ generation: 9, version: newer });
    desk.events.tell({ generation: 8, version: older });
    await settle();
    expect(worker.state.generation).toBe(9);
  });

  test('of another session is not ours', async () => {
    const version = await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const before = { ...desk.calls };
    desk.events.tell({ session: PROD, generation: 99, version });
    await settle();
    expect(desk.calls).toEqual(before);
    expect(worker.state.generation).toBe(7);
  });

  test('that names a version which does not exist leads to the record', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    await desk.put({ generation: 8 });
    desk.events.tell({ generation: 9, version: 500 });
    await settle();
    expect(worker.state.generation).toBe(8);
  });

  test('that promises more than its version holds is not believed', async () => {
    const version = await desk.put({ generation: 7 });
    const worker = await desk.connect();
    desk.events.tell({ generation: 50, version });
    await settle();
    expect(worker.state.generation).toBe(7);
    const next = await desk.put({ generation: 8 });
    desk.events.tell({ generation: 8, version: next });
    await settle();
    expect(worker.state.generation).toBe(8);
  });

  test('while the store is away is made up for as soon as it is back', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const heard: string[] = [];
    worker.on('failing', () => heard.push('failing'));
    worker.on('recovered', () => heard.push('recovered'));
    desk.breakStore(STORE_AWAY);
    desk.events.tell({ generation: 8, version: await desk.put({ generation: 8 }) });
    await settle();
    expect(worker.state).toMatchObject({ status: 'failing', generation: 7 });
    await desk.time.advance(60_000);
    desk.breakStore(null);
    await desk.time.advance(60_000);
    expect(worker.state).toMatchObject({ status: 'ready', generation: 8 });
    expect(heard).toEqual(['failing', 'recovered']);
  });
});

describe('without events', () => {
  test('the record is polled every minute', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    await desk.put({ generation: 8 });
    await desk.time.advance(59_999);
    expect(worker.state.generation).toBe(7);
    await desk.time.advance(1);
    expect(worker.state.generation).toBe(8);
  });

  test('a token newer than the record is found as well', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    await desk.add({ generation: 8 });
    await desk.time.advance(60_000);
    expect(worker.state.generation).toBe(8);
  });

  test('an unverified token past the pointer is left alone', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    await desk.add({ generation: 8, account: null });
    await desk.time.advance(60_000);
    expect(worker.state.generation).toBe(7);
  });

  test('a line of events that is back makes it look at once', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    desk.events.trouble('the topic is missing');
    expect(worker.state).toMatchObject({ status: 'ready', eventsProblem: 'the topic is missing' });
    await desk.put({ generation: 8 });
    desk.events.trouble(null);
    await settle();
    expect(worker.state).toMatchObject({ generation: 8, eventsProblem: null });
  });

  test('a line of events that is up for the first time makes it look at once, too', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    await desk.put({ generation: 8 });
    desk.events.trouble(null);
    await settle();
    expect(worker.state).toMatchObject({ generation: 8, eventsProblem: null });
  });

  test('one poll costs one look at the record and one at the next version', async () => {
    await desk.put({ generation: 7 });
    await desk.connect();
    const before = { ...desk.calls };
    await desk.time.advance(60_000);
    expect(desk.calls).toEqual({ load: before.load + 1, readToken: before.readToken + 1 });
  });
});

describe('what happens to versions', () => {
  test('one that is destroyed under the worker stays in use, and the next is found', async () => {
    const version = await desk.put({ generation: 7 });
    const worker = await desk.connect();
    await desk.store.destroyVersion(worker.session as never, version);
    await desk.time.advance(60_000);
    expect(worker.state).toMatchObject({ status: 'ready', generation: 7, problem: null });
    await desk.add({ generation: 8 });
    await desk.time.advance(60_000);
    expect(worker.state.generation).toBe(8);
  });

  test('a record that goes back in time takes nothing away', async () => {
    await desk.put({ generation: 7 });
    const version = await desk.put({ generation: 8 });
    const worker = await desk.connect();
    await desk.point(version - 1, { generation: 7 });
    await desk.time.advance(60_000);
    expect(worker.state.generation).toBe(8);
    await desk.point(null, { generation: 7 });
    await desk.time.advance(60_000);
    expect(worker.state.generation).toBe(8);
  });

  test('of two of one generation the one that the record points at wins', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const winner = await desk.add({ generation: 8, hardEndsAt: Date.parse('2026-03-10T03:00Z') });
    const loser = await desk.add({ generation: 8 });
    desk.events.tell({ generation: 8, version: loser });
    await settle();
    expect(worker.state.hardEndsAt).not.toBe(Date.parse('2026-03-10T03:00Z'));
    await desk.point(winner, { generation: 8 });
    await desk.time.advance(60_000);
    expect(worker.state.hardEndsAt).toBe(Date.parse('2026-03-10T03:00Z'));
  });

  test('a sign-out takes the token away and is said once; the next sign-in is found', async () => {
    const version = await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const heard: unknown[] = [];
    worker.on('expired', (news) => heard.push(news));
    await desk.store.destroyVersion(worker.session as never, version);
    await desk.point(null, { generation: 7 });
    await desk.time.advance(120_000);
    expect(worker.state).toMatchObject({ status: 'waiting', generation: 0 });
    expect(heard).toEqual([{ session: 'etrade-sandbox', generation: 7, signInUrl: SIGN_IN_URL }]);
    await desk.put({ generation: 8 });
    await desk.time.advance(60_000);
    expect(worker.state).toMatchObject({ status: 'ready', generation: 8 });
  });
});

describe('the end of a token', () => {
  test('is said at midnight to the second, once, with nobody calling', async () => {
    desk = await createDesk('2026-03-09T23:58:30-04:00');
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const heard: number[] = [];
    worker.on('expired', () => heard.push(desk.time.now()));
    await desk.time.advance(89_999);
    expect(heard).toEqual([]);
    await desk.time.advance(1);
    expect(heard).toEqual([Date.parse('2026-03-10T00:00:00-04:00')]);
    expect(worker.state.status).toBe('expired');
    await desk.time.advance(600_000);
    expect(heard).toHaveLength(1);
  });
});

describe('several connections', () => {
  test('a listener that throws, or rejects, breaks neither us nor the next one', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const heard: number[] = [];
    worker.on('renewed', () => {
      throw new Error('mine');
    });
    worker.on('renewed', async () => {
      throw new Error('mine, later');
    });
    worker.on('renewed', ({ generation }) => heard.push(generation));
    await desk.put({ generation: 8 });
    await desk.time.advance(60_000);
    expect(heard).toEqual([8]);
    expect(desk.lines.entries().filter(({ event }) => event === 'listener-failed')).toHaveLength(2);
  });

  test('a listener that was taken off hears nothing', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    const heard: number[] = [];
    const off = worker.on('renewed', ({ generation }) => heard.push(generation));
    off();
    await desk.put({ generation: 8 });
    await desk.time.advance(60_000);
    expect(worker.state.generation).toBe(8);
    expect(heard).toEqual([]);
  });

  test('after close nothing waits, follows or reads', async () => {
    await desk.put({ generation: 7 });
    const worker = await desk.connect();
    await worker.close();
    await worker.close();
    expect(worker.state.status).toBe('closed');
    expect(desk.time.waiting()).toEqual([]);
    expect(desk.events.followers()).toBe(0);
    const before = { ...desk.calls };
    await desk.time.advance(600_000);
    expect(desk.calls).toEqual(before);
    await expect(worker.fetch('/v1/accounts/list')).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(worker.token()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(worker.ready()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
