import { describe, expect, it } from 'vitest';
import { type Decision, decide, nextKeepAliveAt } from '../../functions/lifecycle/decide.ts';
import type { BrokerRules } from '../../functions/lifecycle/rules.ts';
import { NEW_RECORD, type SessionRecord } from '../../functions/lifecycle/session.ts';
import { anActiveRecord, aRefreshedRecord, at, MIDNIGHT, ny } from '../fixtures/records.ts';
import { ETRADE, TRADESTATION, UPSTOX } from '../fixtures/rules.ts';

const MINUTE_MS = 60_000;
const MARGIN_MS = 5 * MINUTE_MS;
const IDLE_MS = 120 * MINUTE_MS;

type Case = {
  name: string;
  record: SessionRecord;
  rules?: BrokerRules;
  now?: number;
  nextRunAt?: number;
  decision: `${Decision['type']} ${Decision['reason']}`;
};

const NOW = ny('09:15');
const NEXT = ny('09:30');
const failing = { counts: { unauthorized: 0, renewals: 0, failuresInARow: 1 } };

function check({ record, rules = ETRADE, now = NOW, nextRunAt = NEXT, decision }: Case): void {
  const { type, reason } = decide(record, rules, now, nextRunAt);
  expect(`${type} ${reason}`).toBe(decision);
}

describe('a person is asked', () => {
  it.each<Case>([
    { name: 'before the first sign-in', record: NEW_RECORD, decision: 'sign-in never-signed-in' },
    {
      name: 'after a sign-out',
      record: anActiveRecord({ version: null }),
      decision: 'sign-in signed-out',
    },
    {
      name: 'at the first instant of expiry',
      record: anActiveRecord(),
      now: MIDNIGHT,
      nextRunAt: MIDNIGHT + 15 * MINUTE_MS,
      decision: 'sign-in expired',
    },
    {
      name: 'when the broker refused the token',
      record: anActiveRecord({ proof: 'rejected' }),
      decision: 'sign-in rejected',
    },
    {
      name: 'when it was refused and has expired since',
      record: anActiveRecord({ proof: 'rejected' }),
      now: MIDNIGHT,
      decision: 'sign-in expired',
    },
    {
      name: 'when the token sleeps and nothing wakes it',
      record: anActiveRecord({ proof: 'inactive' }),
      rules: UPSTOX,
      decision: 'sign-in inactive',
    },
  ])('$name', check);
});

describe('a token that can be woken up', () => {
  /** Issued so early that only its use counts for the idle limit. */
  const used = (changes: Partial<SessionRecord> = {}) =>
    anActiveRecord({ issuedAt: ny('06:00'), ...changes });

  it.each<Case>([
    { name: 'is left alone while it lasts', record: used(), decision: 'none fresh' },
    {
      name: 'is probed while unproven',
      record: used({ proof: 'unproven' }),
      decision: 'probe unproven',
    },
    {
      name: 'is probed after a failure',
      record: used(failing),
      decision: 'probe retry-after-failure',
    },
    {
      name: 'is probed when idleness would end a millisecond before the margin does',
      record: used({ lastUsedAt: NEXT + MARGIN_MS - IDLE_MS - 1 }),
      now: ny('08:45'),
      decision: 'probe idle-soon',
    },
    {
      name: 'is left alone when it ends with the margin',
      record: used({ lastUsedAt: NEXT + MARGIN_MS - IDLE_MS }),
      decision: 'none fresh',
    },
    {
      name: 'is renewed when the broker said it sleeps',
      record: used({ proof: 'inactive' }),
      decision: 'renew inactive',
    },
    {
      name: 'is renewed when it must sleep by the clock',
      record: used(),
      now: ny('11:00'),
      nextRunAt: ny('11:15'),
      decision: 'renew inactive',
    },
    {
      name: 'is probed once renewed',
      record: used({ proof: 'unproven', lastRenewedAt: ny('11:00') }),
      now: ny('11:00'),
      nextRunAt: ny('11:15'),
      decision: 'probe unproven',
    },
    {
      name: 'is let go at its hard end',
      record: used({ lastUsedAt: ny('23:45') }),
      now: ny('23:45'),
      nextRunAt: MIDNIGHT,
      decision: 'none hard-end-soon',
    },
    {
      name: 'is not probed for idleness that begins at its hard end',
      record: used({ lastUsedAt: ny('22:00') }),
      now: ny('23:45'),
      nextRunAt: MIDNIGHT,
      decision: 'none hard-end-soon',
    },
    {
      name: 'is probed for idleness a millisecond before its hard end',
      record: used({ lastUsedAt: ny('22:00') - 1 }),
      now: ny('23:45'),
      nextRunAt: MIDNIGHT,
      decision: 'probe idle-soon',
    },
    {
      name: 'is fresh when its hard end comes with the margin',
      record: used({ lastUsedAt: ny('23:30') }),
      now: ny('23:40'),
      nextRunAt: MIDNIGHT - MARGIN_MS,
      decision: 'none fresh',
    },
    {
      name: 'is let go when its hard end comes a millisecond before',
      record: used({ lastUsedAt: ny('23:30') }),
      now: ny('23:40'),
      nextRunAt: MIDNIGHT - MARGIN_MS + 1,
      decision: 'none hard-end-soon',
    },
  ])('$name', check);
});

describe('a token that is refreshed', () => {
  const margin = ny('09:20') - MARGIN_MS;
  const refreshed = aRefreshedRecord();

  it.each<Case>([
    {
      name: 'is left alone when it lasts to the end of the margin',
      record: refreshed,
      now: ny('09:05'),
      nextRunAt: margin,
      decision: 'none fresh',
    },
    {
      name: 'is renewed when it ends a millisecond before',
      record: refreshed,
      now: ny('09:05'),
      nextRunAt: margin + 1,
      decision: 'renew access-ends-soon',
    },
    {
      name: 'is renewed before it is proven when it ends soon',
      record: { ...refreshed, proof: 'unproven' },
      decision: 'renew access-ends-soon',
    },
    {
      name: 'is renewed again after a failed renewal',
      record: { ...refreshed, ...failing },
      decision: 'renew access-ends-soon',
    },
    {
      name: 'is renewed when it has ended',
      record: refreshed,
      now: ny('09:20'),
      nextRunAt: ny('09:30'),
      decision: 'renew access-ended',
    },
    {
      name: 'is renewed on a 401 before its end',
      record: { ...refreshed, proof: 'inactive' },
      now: ny('09:05'),
      decision: 'renew inactive',
    },
    {
      name: 'is proven once refreshed',
      record: { ...refreshed, proof: 'unproven' },
      now: ny('09:00'),
      nextRunAt: ny('09:15'),
      decision: 'probe unproven',
    },
    {
      name: 'is not refreshed twice at once for its life is short',
      record: refreshed,
      now: ny('09:00') + 30_000,
      nextRunAt: ny('09:30'),
      decision: 'none fresh',
    },
    {
      name: 'is renewed for the last minute before its hard end',
      record: { ...refreshed, hardEndsAt: ny('09:21') },
      decision: 'renew access-ends-soon',
    },
    {
      name: 'is let go when its hard end leaves no minute to win',
      record: { ...refreshed, hardEndsAt: ny('09:21') - 1 },
      decision: 'none hard-end-soon',
    },
    {
      name: 'asks a person when its sign-in is a day old',
      record: aRefreshedRecord({ accessExpiresAt: at('2026-03-10T08:40-04:00') }),
      now: at('2026-03-10T08:31-04:00'),
      decision: 'sign-in expired',
    },
  ])('$name', (one) => check({ rules: TRADESTATION, ...one }));
});

describe('a token that nothing renews', () => {
  const idling: BrokerRules = { ...UPSTOX, idleLimitMs: IDLE_MS };

  it.each<Case>([
    {
      name: 'is left alone while it lasts',
      record: anActiveRecord(),
      rules: UPSTOX,
      decision: 'none fresh',
    },
    {
      name: 'is probed while unproven',
      record: anActiveRecord({ proof: 'unproven' }),
      rules: UPSTOX,
      decision: 'probe unproven',
    },
    {
      name: 'is let go at its end',
      record: anActiveRecord(),
      rules: UPSTOX,
      now: ny('23:50'),
      nextRunAt: MIDNIGHT,
      decision: 'none hard-end-soon',
    },
    {
      name: 'is probed before it idles too long',
      record: anActiveRecord(),
      rules: idling,
      now: ny('10:45'),
      nextRunAt: ny('11:00'),
      decision: 'probe idle-soon',
    },
    {
      name: 'is let go when its access token ends early',
      record: anActiveRecord({ accessExpiresAt: ny('09:20') }),
      rules: { ...UPSTOX, accessLifeMs: 20 * MINUTE_MS },
      decision: 'none hard-end-soon',
    },
    {
      name: 'is probed, not given up, past the idle limit',
      record: anActiveRecord(),
      rules: idling,
      now: ny('11:00'),
      decision: 'probe idle',
    },
  ])('$name', check);
});

describe('the next keep-alive', () => {
  it.each([
    { now: ny('09:14:59.999'), next: ny('09:15') },
    { now: ny('09:15'), next: ny('09:30') },
    { now: ny('09:15:00.001'), next: ny('09:30') },
    { now: at('2026-03-08T06:59Z'), next: at('2026-03-08T03:00-04:00') },
    { now: ny('23:59'), next: MIDNIGHT },
  ])('is the next quarter hour strictly after now', ({ now, next }) => {
    expect(nextKeepAliveAt(now)).toBe(next);
  });
});
