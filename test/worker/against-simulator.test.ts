/**
 * The worker client against the simulated broker over HTTP: signatures, expiry, orders, clocks.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONSUMERS } from '../fixtures/etrade-host.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';
import { createDesk, type Desk } from '../fixtures/worker/desk.ts';
import { type SimulatedBroker, startSimulatedBroker } from '../fixtures/worker/simulated-broker.ts';

const LIST = '/v1/accounts/list.json';

let desk: Desk;
let broker: SimulatedBroker;
beforeEach(async () => {
  desk = await createDesk();
  broker = await startSimulatedBroker(desk);
});
afterEach(async () => {
  await desk.close();
  await broker.close();
});

async function placeAddress(worker: Awaited<ReturnType<SimulatedBroker['connect']>>) {
  const answer = await worker.fetch(LIST);
  const listed = (await answer.json()) as {
    AccountListResponse: { Accounts: { Account: { accountIdKey: string }[] } };
  };
  const key = listed.AccountListResponse.Accounts.Account[0]?.accountIdKey ?? '';
  return `/v1/accounts/${key}/orders/place.json`;
}

describe('signatures the broker takes', () => {
  test.each([
    ['a plain call', LIST],
    ['a query', '/v1/accounts/list.json?a=1&b=two%20words&c=%2B%26%C3%A4'],
    ['a repeated name, a plus and an empty value', '/v1/accounts/list.json?x=b&x=a&y=a+b&z='],
    ['characters that encoders disagree about', "/v1/accounts/list.json?q=!'()*~-._"],
    ['encoded symbols in the path', '/v1/market/quote/BRK.B,%5EVIX.json?detailFlag=ALL'],
  ])('%s', async (_name, path) => {
    await broker.signIn();
    const worker = await broker.connect();
    expect((await worker.fetch(path)).status).toBe(200);
  });

  test.each([
    ['URLSearchParams', new URLSearchParams({ a: '1 2', b: '+&=' }), {}],
    ['form text', 'a=1+2&b=%2B', { 'content-type': 'application/x-www-form-urlencoded' }],
    [
      'form bytes',
      new TextEncoder().encode('a=1+2&b=%2B'),
      { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    ],
    ['JSON', '{"PlaceOrderRequest":{"a":"b=c&d"}}', { 'content-type': 'application/json' }],
    ['XML', '<PlaceOrderRequest/>', { 'content-type': 'application/xml' }],
  ])('a POST with %s', async (_name, body, headers) => {
    await broker.signIn();
    const worker = await broker.connect();
    const answer = await worker.fetch(await placeAddress(worker), {
      method: 'POST',
      body,
      headers,
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toHaveProperty('PlaceOrderResponse');
  });

  test('the header of `authorization` is good in another client, once', async () => {
    await broker.signIn();
    const worker = await broker.connect();
    const url = `${broker.url}/etrade/apisb${LIST}?a=b%20c`;
    const headers = { authorization: await worker.authorization('get', url) };
    expect((await fetch(url, { headers })).status).toBe(200);
    expect((await fetch(url, { headers })).status).toBe(401);
  });

  test('`authorization` signs form fields', async () => {
    await broker.signIn();
    const worker = await broker.connect();
    const url = `${broker.url}/etrade/apisb${await placeAddress(worker)}`;
    const fields = { quantity: '10', note: 'a&b' };
    const authorization = await worker.authorization('POST', url, fields);
    const body = new URLSearchParams(fields);
    const answer = await fetch(url, { method: 'POST', body, headers: { authorization } });
    expect(answer.status).toBe(200);
  });
});

describe('expiry', () => {
  test('100 concurrent calls on an inactive token make one renewal', async () => {
    await broker.signIn();
    const worker = await broker.connect();
    await desk.time.advance(2 * HOUR_MS + MINUTE_MS);
    const answers = await Promise.all(Array.from({ length: 100 }, () => worker.fetch(LIST)));
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200));
    expect(broker.count('renew_access_token', 200)).toBe(1);
    expect(broker.stats().calls['renew_access_token']).toEqual({ 200: 1 });
  });

  test('two workers that renew at once do each other no harm', async () => {
    await broker.signIn();
    const workers = [
      await broker.connect({ worker: 'orb-bot' }),
      await broker.connect({ worker: 'scalper' }),
    ];
    await desk.time.advance(2 * HOUR_MS + MINUTE_MS);
    const answers = await Promise.all(
      workers.flatMap((worker) => Array.from({ length: 10 }, () => worker.fetch(LIST))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(broker.count('renew_access_token', 200)).toBeLessThanOrEqual(2);
  });

  test('100 concurrent orders on an inactive token are placed once each', async () => {
    await broker.signIn();
    const worker = await broker.connect();
    const place = await placeAddress(worker);
    await desk.time.advance(2 * HOUR_MS + MINUTE_MS);
    const init = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    const answers = await Promise.all(Array.from({ length: 100 }, () => worker.fetch(place, init)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(broker.count('accounts/orders', 200)).toBe(100);
    expect(broker.count('renew_access_token', 200)).toBe(1);
  });

  test('an order whose answer is lost is not placed again', async () => {
    await broker.signIn();
    const worker = await broker.connect();
    const place = await placeAddress(worker);
    broker.setSwitch('loseAnswer', true);
    const order = worker.fetch(place, { method: 'POST', body: '{}' });
    await expect(order).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE', undone: false });
    expect(broker.stats().calls['accounts/orders']).toEqual({ cut: 1 });
  });

  test('a call at the moment of a new sign-in goes on with the new token', async () => {
    await broker.signIn();
    const worker = await broker.connect();
    await desk.time.advance(15 * HOUR_MS);
    await expect(worker.fetch(LIST)).rejects.toMatchObject({ code: 'SIGN_IN_NEEDED' });
    const version = await broker.signIn();
    desk.events.tell({ generation: 2, version, session: worker.session as never });
    await worker.ready();
    expect((await worker.fetch(LIST)).status).toBe(200);
    expect(worker.state).toMatchObject({ status: 'ready', generation: 2 });
  });

  test('after midnight nothing is sent to the broker any more', async () => {
    await broker.signIn();
    const worker = await broker.connect();
    await desk.time.advance(15 * HOUR_MS);
    for (let call = 0; call < 10; call += 1) {
      await expect(worker.fetch(LIST)).rejects.toMatchObject({ code: 'SIGN_IN_NEEDED' });
    }
    expect(broker.stats().calls['accounts/list']).toBeUndefined();
  });
});

describe('what only a person can mend', () => {
  test('a consumer key of the other environment', async () => {
    await broker.signIn();
    const worker = await broker.connect({ consumer: CONSUMERS.prod });
    await expect(worker.fetch(LIST)).rejects.toMatchObject({
      code: 'SIGN_IN_NEEDED',
      message: expect.stringContaining('check first that option "consumer" holds'),
    });
  });

  test('a consumer key the broker does not know', async () => {
    await broker.signIn();
    const worker = await broker.connect({ consumer: { key: 'nobody', secret: 'x' } });
    await expect(worker.fetch(LIST)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('consumer_key_rejected'),
    });
  });

  test('a clock that is off by ten minutes', async () => {
    await broker.signIn();
    broker.follow(() => desk.time.now() + 10 * MINUTE_MS);
    const worker = await broker.connect();
    const failure = { code: 'CLOCK', message: expect.stringContaining('10 minutes behind') };
    await expect(worker.fetch(LIST)).rejects.toMatchObject(failure);
  });
});
