/** How long the simulated E*TRADE's tokens live: five minutes, two idle hours, New York's midnight. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { drawVerifier } from '../../../infra/local/brokers/etrade-tokens.ts';
import { nextNewYorkMidnight } from '../../../infra/local/brokers/new-york.ts';
import { type Etrade, START, startEtrade } from './etrade-client.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let etrade: Etrade;
beforeEach(async () => {
  etrade = await startEtrade();
});
afterEach(() => etrade.close());

describe('the next midnight in New York', () => {
  test.each([
    ['in winter', '2026-01-15T14:05:00Z', '2026-01-16T05:00:00Z'],
    ['in summer', '2026-07-15T13:05:00Z', '2026-07-16T04:00:00Z'],
    ['of the day with 23 hours', '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z'],
    ['of the day with 25 hours', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
    ['in the hour that comes twice, first time', '2026-11-01T05:30:00Z', '2026-11-02T05:00:00Z'],
    ['in the hour that comes twice, again', '2026-11-01T06:30:00Z', '2026-11-02T05:00:00Z'],
    ['one second before', '2026-03-08T04:59:59Z', '2026-03-08T05:00:00Z'],
    ['one millisecond before', '2026-07-16T03:59:59.999Z', '2026-07-16T04:00:00Z'],
    ['at midnight itself', '2026-07-16T04:00:00Z', '2026-07-17T04:00:00Z'],
    ['at the year end', '2027-01-01T04:59:00Z', '2027-01-01T05:00:00Z'],
    ['at the end of February in a leap year', '2028-02-29T15:00:00Z', '2028-03-01T05:00:00Z'],
  ])('is right %s', (_case, issued, expected) => {
    const midnight = nextNewYorkMidnight(Date.parse(issued));
    expect(new Date(midnight).toISOString()).toBe(new Date(expected).toISOString());
  });
});

describe('a request token', () => {
  test('can be exchanged up to the last millisecond of five minutes', async () => {
    const pending = await etrade.requestToken();
    const pin = etrade.approve();
    etrade.advance(5 * MINUTE - 1);
    expect((await etrade.exchange(pending, pin)).status).toBe(200);
  });

  test('is rejected from five minutes on, and cannot be approved any more', async () => {
    const pending = await etrade.requestToken();
    const pin = etrade.approve();
    etrade.advance(5 * MINUTE);
    expect(await etrade.exchange(pending, pin)).toMatchObject({ problem: 'token_rejected' });
    expect(etrade.simulator.stats().openRequestTokens).toBe(0);
    expect(() => etrade.approve()).toThrow('nothing to approve');
  });
});

describe('an access token', () => {
  test.each([
    ['winter', START, 15 * HOUR],
    ['summer', Date.UTC(2026, 6, 15, 13), 15 * HOUR],
    ['the day with 23 hours', Date.UTC(2026, 2, 8, 5), 23 * HOUR],
    ['the day with 25 hours', Date.UTC(2026, 10, 1, 4), 25 * HOUR],
    ['one second before midnight', Date.UTC(2026, 2, 8, 4, 59, 59), 1000],
  ])('lives to midnight New York: %s', async (_case, startedAt, life) => {
    etrade.setTime(startedAt);
    const token = await etrade.signIn();
    const midnight = startedAt + life;
    for (let at = startedAt + HOUR; at < midnight; at += HOUR) {
      etrade.setTime(at);
      expect((await etrade.renew(token)).status).toBe(200);
    }
    etrade.setTime(midnight - 1);
    expect((await etrade.accounts(token)).status).toBe(200);
    etrade.setTime(midnight);
    expect(await etrade.accounts(token)).toMatchObject({ status: 401, problem: 'token_expired' });
    expect(await etrade.renew(token)).toMatchObject({ status: 401, problem: 'token_expired' });
    expect(etrade.simulator.stats().accessTokens.expired).toBe(1);
  });

  test('goes inactive after two hours without a request, and renewing wakes it up', async () => {
    const token = await etrade.signIn();
    etrade.advance(2 * HOUR - 1);
    expect((await etrade.accounts(token)).status).toBe(200);
    etrade.advance(2 * HOUR);
    expect(etrade.simulator.stats().accessTokens.inactive).toBe(1);
    expect(await etrade.accounts(token)).toMatchObject({ status: 401, problem: 'token_expired' });
    expect(await etrade.accounts(token)).toMatchObject({ status: 401 });
    expect((await etrade.renew(token)).status).toBe(200);
    expect((await etrade.accounts(token)).status).toBe(200);
  });

  test('is kept awake by renewing and by any signed call', async () => {
    const token = await etrade.signIn();
    for (const call of [etrade.renew, etrade.accounts, etrade.accounts]) {
      etrade.advance(2 * HOUR - 1);
      expect((await call(token)).status).toBe(200);
    }
  });

  test('can be revoked while it is inactive', async () => {
    const token = await etrade.signIn();
    etrade.advance(3 * HOUR);
    expect((await etrade.revoke(token)).status).toBe(200);
    expect(await etrade.renew(token)).toMatchObject({ problem: 'token_rejected' });
  });

  test('is forgotten a week after its end, without being good again', async () => {
    const token = await etrade.signIn();
    etrade.advance(9 * 24 * HOUR);
    await etrade.requestToken();
    expect(await etrade.accounts(token)).toMatchObject({ problem: 'token_rejected' });
    expect(etrade.simulator.stats().accessTokens).toMatchObject({ expired: 0, active: 0 });
  });
});

test('PINs are five to seven capitals and digits, look-alikes among them', () => {
  let seed = 1;
  const random = (size: number): Uint8Array =>
    Uint8Array.from({ length: size }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % 256;
    });
  const pins = Array.from({ length: 300 }, () => drawVerifier(random));
  expect(pins.every((pin) => /^[A-Z0-9]{5,7}$/.test(pin))).toBe(true);
  expect(new Set(pins.map((pin) => pin.length))).toEqual(new Set([5, 6, 7]));
  expect(pins.filter((pin) => /[0O1I]/.test(pin)).length).toBeGreaterThan(150);
  expect(pins.some((pin) => !/[0O1I]/.test(pin))).toBe(true);
  expect(new Set(pins).size).toBeGreaterThan(290);
});
