/** The credential horizon: which clocks run, and which ends are announced, one millisecond either side. */

import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../functions/lifecycle/calendars.ts';
import {
  type CredentialClock,
  clocksOf,
  endsAhead,
  mayNeedWarning,
} from '../../functions/lifecycle/horizon.ts';
import type { BrokerRules } from '../../functions/lifecycle/rules.ts';
import { NEW_RECORD, type SessionRecord } from '../../functions/lifecycle/session.ts';
import { anActiveRecord, aRefreshedRecord, at, MIDNIGHT, ny } from '../fixtures/records.ts';
import { ETRADE, KITE, SCHWAB, TRADESTATION, UPSTOX } from '../fixtures/rules.ts';

const calendar = createCalendars();
const NYSE = calendar('NYSE');
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

const ROTATING: BrokerRules = {
  ...TRADESTATION,
  hardEnd: { kind: 'age-when-rotating', ms: DAY_MS },
};
/** No broker of the table ends its tokens at noon; the rule must hold for one that does. */
const NOON: BrokerRules = {
  ...ETRADE,
  hardEnd: { kind: 'wall-clock', time: '12:00', zone: 'America/New_York' },
};

type Case = {
  readonly record: SessionRecord;
  readonly rules: BrokerRules;
  readonly consumerKeySince?: number;
};

const clocks = (
  { consumerKeySince, ...known }: Case,
  now = ny('09:05'),
): readonly CredentialClock[] =>
  clocksOf({ ...known, consumerKeySince: consumerKeySince ?? null }, now);

/** `evening 2026-03-13T18:00`, with the moment in New York; what is said at `now`. */
function saidAt(now: number, { consumerKeySince, ...known }: Case): string[] {
  const market = calendar(known.rules.market);
  const credentials = { ...known, consumerKeySince: consumerKeySince ?? null };
  return endsAhead(credentials, market, now).map(({ clock, lead }) => `${clock} ${lead}`);
}

/** Schwab: signed in a week before `endsAt`, refreshed just now. */
function schwab(endsAt: number, now: number): Case {
  const record = aRefreshedRecord({
    signedInAt: endsAt - 7 * DAY_MS,
    issuedAt: now,
    accessExpiresAt: Math.min(now + 30 * 60_000, endsAt),
    hardEndsAt: endsAt,
    lastRenewedAt: now,
  });
  return { record, rules: SCHWAB };
}

describe('the clocks', () => {
  it('of E*TRADE are the idle one, which renewal moves, and midnight, which a sign-in moves', () => {
    expect(clocks({ record: anActiveRecord(), rules: ETRADE })).toEqual([
      { name: 'idle', endsAt: ny('11:00'), movedBy: 'renewal' },
      { name: 'hard-end', endsAt: MIDNIGHT, movedBy: 'sign-in' },
    ]);
  });

  it('of Schwab are the access token, which a refresh moves, and the age of the refresh token', () => {
    const endsAt = ny('08:31') + 7 * DAY_MS;
    expect(clocks({ record: aRefreshedRecord({ hardEndsAt: endsAt }), rules: SCHWAB })).toEqual([
      { name: 'access', endsAt: ny('09:20'), movedBy: 'renewal' },
      { name: 'refresh-token', endsAt, movedBy: 'sign-in' },
    ]);
  });

  it('of TradeStation are the access token alone until it is seen to rotate', () => {
    const record = aRefreshedRecord({ hardEndsAt: null });
    expect(clocks({ record, rules: ROTATING }).map(({ name }) => name)).toEqual(['access']);
    expect(clocks({ record: aRefreshedRecord(), rules: ROTATING })).toEqual([
      { name: 'access', endsAt: ny('09:20'), movedBy: 'renewal' },
      { name: 'refresh-token', endsAt: at('2026-03-10T08:31-04:00'), movedBy: 'sign-in' },
    ]);
  });

  it('of Upstox and Kite are the hour at which India ends all tokens', () => {
    const endsAt = at('2026-03-10T03:30+05:30');
    const record = anActiveRecord({ accessExpiresAt: endsAt, hardEndsAt: endsAt });
    for (const rules of [UPSTOX, KITE]) {
      expect(clocks({ record, rules })).toEqual([{ name: 'hard-end', endsAt, movedBy: 'sign-in' }]);
    }
  });

  it('leave out what ends with the session itself', () => {
    const record = aRefreshedRecord({ accessExpiresAt: ny('09:20'), hardEndsAt: ny('09:20') });
    expect(clocks({ record, rules: SCHWAB }).map(({ name }) => name)).toEqual(['refresh-token']);
    const idle = anActiveRecord({ lastUsedAt: MIDNIGHT - HOUR_MS });
    expect(clocks({ record: idle, rules: ETRADE }, MIDNIGHT - 1).map(({ name }) => name)).toEqual([
      'hard-end',
    ]);
  });

  it('stop to be shown with the token', () => {
    expect(clocks({ record: NEW_RECORD, rules: ETRADE })).toEqual([]);
    expect(clocks({ record: anActiveRecord(), rules: ETRADE }, MIDNIGHT - 1)).not.toEqual([]);
    expect(clocks({ record: anActiveRecord(), rules: ETRADE }, MIDNIGHT)).toEqual([]);
    const rejected = anActiveRecord({ proof: 'rejected' });
    expect(clocks({ record: rejected, rules: ETRADE })).toEqual([]);
  });

  it('know the consumer key where its day is known and its broker lets keys die', () => {
    const since = at('2026-01-15T00:00Z');
    const key = { record: NEW_RECORD, consumerKeySince: since };
    expect(clocks({ ...key, rules: ETRADE })).toEqual([
      { name: 'consumer-key', endsAt: since + 730 * DAY_MS, movedBy: 'broker-site' },
    ]);
    expect(clocks({ ...key, rules: SCHWAB })).toEqual([]);
  });
});

describe('an end within market hours', () => {
  it.each([
    { name: 'at the open', endsAt: ny('09:30'), isSaid: true },
    { name: 'a millisecond before the open', endsAt: ny('09:30') - 1, isSaid: false },
    { name: 'a millisecond before the close', endsAt: ny('16:00') - 1, isSaid: true },
    { name: 'with the close', endsAt: ny('16:00'), isSaid: false },
    { name: 'on a Saturday', endsAt: at('2026-03-14T11:00-04:00'), isSaid: false },
    { name: 'on Good Friday', endsAt: at('2026-04-03T11:00-04:00'), isSaid: false },
    { name: 'after the close of a half day', endsAt: at('2026-11-27T13:00-05:00'), isSaid: false },
    { name: 'before that close', endsAt: at('2026-11-27T13:00-05:00') - 1, isSaid: true },
  ])('$name is announced an hour before: $isSaid', ({ endsAt, isSaid }) => {
    const now = endsAt - HOUR_MS;
    const said = isSaid ? ['refresh-token hour'] : [];
    const record = aRefreshedRecord({
      issuedAt: now - 1,
      accessExpiresAt: endsAt,
      hardEndsAt: endsAt,
    });
    expect(saidAt(now, { record, rules: ROTATING })).toEqual(said);
  });

  it.each([
    { name: 'a millisecond too early', now: ny('09:30') - 1, said: [] },
    { name: 'an hour before', now: ny('09:30'), said: ['refresh-token hour'] },
    { name: 'a millisecond before it', now: ny('10:30') - 1, said: ['refresh-token hour'] },
    { name: 'once it has come', now: ny('10:30'), said: [] },
  ])('is announced from an hour before to the end: $name', ({ now, said }) => {
    const endsAt = ny('10:30');
    const record = aRefreshedRecord({ accessExpiresAt: endsAt, hardEndsAt: endsAt });
    expect(saidAt(now, { record, rules: ROTATING })).toEqual(said);
  });

  it('is announced of a wall clock, too', () => {
    const record = anActiveRecord({
      accessExpiresAt: ny('12:00'),
      hardEndsAt: ny('12:00'),
      lastUsedAt: ny('10:59'),
    });
    expect(saidAt(ny('11:00'), { record, rules: NOON })).toEqual(['hard-end hour']);
  });

  it('is not announced where a renewal moves it', () => {
    const record = aRefreshedRecord({ accessExpiresAt: ny('11:00'), hardEndsAt: null });
    expect(saidAt(ny('10:30'), { record, rules: ROTATING })).toEqual([]);
    expect(saidAt(ny('10:30'), { record: anActiveRecord(), rules: ETRADE })).toEqual([]);
  });
});

describe('a slow end', () => {
  it.each([
    {
      name: 'Tuesday morning: Monday',
      endsAt: '2026-03-10T08:00-04:00',
      evening: '2026-03-09T18:00-04:00',
    },
    {
      name: 'Tuesday in trading: Monday',
      endsAt: '2026-03-10T11:00-04:00',
      evening: '2026-03-09T18:00-04:00',
    },
    { name: 'Monday: Friday', endsAt: '2026-03-16T10:00-04:00', evening: '2026-03-13T18:00-04:00' },
    {
      name: 'Saturday: Friday',
      endsAt: '2026-03-14T12:00-04:00',
      evening: '2026-03-13T18:00-04:00',
    },
    {
      name: 'Sunday night: Friday',
      endsAt: '2026-03-15T23:00-04:00',
      evening: '2026-03-13T18:00-04:00',
    },
    {
      name: 'a millisecond before Monday’s close: Friday',
      endsAt: '2026-03-16T15:59:59.999-04:00',
      evening: '2026-03-13T18:00-04:00',
    },
    {
      name: 'Monday’s close, when Monday is done: Friday, while it lives',
      endsAt: '2026-03-16T16:00-04:00',
      evening: '2026-03-13T18:00-04:00',
    },
    {
      name: 'Monday 18:01, with Tuesday at stake: Monday',
      endsAt: '2026-03-16T18:01-04:00',
      evening: '2026-03-16T18:00-04:00',
    },
    {
      name: 'Friday evening, with Monday at stake: Thursday, while it lives',
      endsAt: '2026-03-13T17:00-04:00',
      evening: '2026-03-12T18:00-04:00',
    },
    {
      name: 'the Tuesday after Easter Monday: Monday',
      endsAt: '2026-04-07T10:00-04:00',
      evening: '2026-04-06T18:00-04:00',
    },
    {
      name: 'Monday after Good Friday: Thursday',
      endsAt: '2026-04-06T10:00-04:00',
      evening: '2026-04-02T18:00-04:00',
    },
    {
      name: 'Tuesday after Memorial Day: Friday',
      endsAt: '2026-05-26T10:00-04:00',
      evening: '2026-05-22T18:00-04:00',
    },
    {
      name: 'the Monday of summer time: Friday',
      endsAt: '2026-03-09T10:00-04:00',
      evening: '2026-03-06T18:00-05:00',
    },
  ])('is announced the evening before: $name', ({ endsAt, evening }) => {
    const end = at(endsAt);
    const dueAt = at(evening);
    expect(saidAt(dueAt - 1, schwab(end, dueAt - 1))).toEqual([]);
    expect(saidAt(dueAt, schwab(end, dueAt))).toEqual(['refresh-token evening']);
    const early = end - HOUR_MS - 1;
    if (early > dueAt) expect(saidAt(early, schwab(end, early))).toEqual(['refresh-token evening']);
    expect(saidAt(end, schwab(end, end - 1))).toEqual([]);
  });

  it('has the hour’s word in the last hour, where it falls into trading', () => {
    const end = at('2026-03-16T11:00-04:00');
    const hour = end - HOUR_MS;
    expect(saidAt(hour - 1, schwab(end, hour - 1))).toEqual(['refresh-token evening']);
    expect(saidAt(hour, schwab(end, hour))).toEqual(['refresh-token hour']);
  });

  it('is not a day’s: TradeStation’s 24 hours have no evening', () => {
    const end = at('2026-03-17T08:00-04:00');
    const now = at('2026-03-16T19:00-04:00');
    const record = aRefreshedRecord({
      issuedAt: now,
      accessExpiresAt: now + HOUR_MS,
      hardEndsAt: end,
    });
    expect(saidAt(now, { record, rules: ROTATING })).toEqual([]);
  });
});

describe('a consumer key', () => {
  const since = at('2024-03-20T00:00Z');
  const end = since + 730 * DAY_MS;
  const key: Case = { record: NEW_RECORD, rules: ETRADE, consumerKeySince: since };
  const month = end - 30 * DAY_MS;
  const week = end - 7 * DAY_MS;

  it.each([
    { name: 'a millisecond before the 30 days', now: month - 1, said: [] },
    { name: '30 days ahead', now: month, said: ['consumer-key month'] },
    { name: 'a millisecond before the week', now: week - 1, said: ['consumer-key month'] },
    { name: '7 days ahead', now: week, said: ['consumer-key week'] },
    { name: 'a millisecond before its end', now: end - 1, said: ['consumer-key week'] },
    { name: 'at its end', now: end, said: [] },
  ])('is announced twice: $name', ({ now, said }) => {
    expect(saidAt(now, key)).toEqual(said);
  });
});

describe('who need not be looked at', () => {
  it.each([
    { name: 'E*TRADE', rules: ETRADE, may: false },
    { name: 'Upstox', rules: UPSTOX, may: false },
    { name: 'Kite', rules: KITE, may: false },
    { name: 'TradeStation', rules: ROTATING, may: true },
    { name: 'Schwab', rules: SCHWAB, may: true },
    { name: 'one that ends all tokens at noon', rules: NOON, may: true },
  ])('$name: $may', ({ rules, may }) => {
    expect(mayNeedWarning(rules, calendar(rules.market), ny('09:00'))).toBe(may);
  });

  it.each([
    { name: 'before Friday’s end', now: '2026-03-13T11:59:59.999-04:00', may: true },
    { name: 'once the next end is Saturday’s', now: '2026-03-13T12:00-04:00', may: false },
    { name: 'a millisecond before Sunday’s', now: '2026-03-15T11:59:59.999-04:00', may: false },
    { name: 'once the next end is Monday’s', now: '2026-03-15T12:00-04:00', may: true },
  ])('hangs on the coming end: $name, $may', ({ now, may }) => {
    expect(mayNeedWarning(NOON, NYSE, at(now))).toBe(may);
  });
});
