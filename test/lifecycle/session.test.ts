import { describe, expect, it } from 'vitest';
import type { BrokerRules } from '../../functions/lifecycle/rules.ts';
import {
  endsAt,
  idleAt,
  isValidated,
  NEW_RECORD,
  parseSessionKey,
  type SessionRecord,
  type SessionState,
  stateOf,
} from '../../functions/lifecycle/session.ts';
import { anActiveRecord, aRefreshedRecord, MIDNIGHT, ny } from '../fixtures/records.ts';
import { ETRADE, TRADESTATION, UPSTOX } from '../fixtures/rules.ts';

describe('a session key', () => {
  it.each([
    { text: 'etrade-prod', broker: 'etrade', environment: 'prod', account: null },
    { text: 'etrade-sandbox', broker: 'etrade', environment: 'sandbox', account: null },
    { text: 'etrade-prod-ira', broker: 'etrade', environment: 'prod', account: 'ira' },
  ])('$text has its parts', ({ text, ...parts }) => {
    expect(parseSessionKey(text)).toEqual({ key: text, ...parts });
  });

  it.each([
    '',
    'etrade',
    'etrade-live',
    'etrade-prod-',
    'ETRADE-prod',
    'etrade-prod-a-b',
    ' etrade-prod',
  ])('is not "%s"', (text) => {
    expect(parseSessionKey(text)).toBeNull();
  });
});

type StateCase = {
  name: string;
  record: SessionRecord;
  rules?: BrokerRules;
  now: number;
  state: SessionState;
};

describe('the state of a session', () => {
  const used = anActiveRecord({ lastUsedAt: ny('09:00') });
  const justBeforeIdle = ny('11:00') - 1;
  const lateUser = anActiveRecord({ lastUsedAt: MIDNIGHT - 1_000 });

  it.each<StateCase>([
    { name: 'none before the first sign-in', record: NEW_RECORD, now: ny('09:00'), state: 'none' },
    {
      name: 'none after a sign-out',
      record: { ...used, version: null },
      now: ny('09:05'),
      state: 'none',
    },
    {
      name: 'active while proven and within every limit',
      record: used,
      now: ny('09:05'),
      state: 'active',
    },
    {
      name: 'unknown while unproven',
      record: { ...used, proof: 'unproven' },
      now: ny('09:05'),
      state: 'unknown',
    },
    {
      name: 'active a millisecond before the idle limit',
      record: used,
      now: justBeforeIdle,
      state: 'active',
    },
    { name: 'inactive at the idle limit', record: used, now: ny('11:00'), state: 'inactive' },
    {
      name: 'inactive at the idle limit though never proven',
      record: { ...used, proof: 'unproven' },
      now: ny('11:00'),
      state: 'inactive',
    },
    {
      name: 'inactive when the broker said so',
      record: { ...used, proof: 'inactive' },
      now: ny('09:05'),
      state: 'inactive',
    },
    {
      name: 'expired when the broker refused it',
      record: { ...used, proof: 'rejected' },
      now: ny('09:05'),
      state: 'expired',
    },
    {
      name: 'active a millisecond before the hard end',
      record: lateUser,
      now: MIDNIGHT - 1,
      state: 'active',
    },
    { name: 'expired at the hard end', record: lateUser, now: MIDNIGHT, state: 'expired' },
    {
      name: 'expired past the hard end though idle too',
      record: used,
      now: MIDNIGHT + 1,
      state: 'expired',
    },
    {
      name: 'unknown without a hard end',
      record: { ...used, hardEndsAt: null },
      now: ny('09:05'),
      state: 'unknown',
    },
    {
      name: 'unknown without an end of the access token',
      record: { ...used, accessExpiresAt: null },
      now: ny('09:05'),
      state: 'unknown',
    },
    {
      name: 'unknown when nothing tells since when it idles',
      record: { ...used, issuedAt: null, lastUsedAt: null },
      now: ny('09:05'),
      state: 'unknown',
    },
    {
      name: 'active a millisecond before the access token ends',
      record: aRefreshedRecord(),
      rules: TRADESTATION,
      now: ny('09:20') - 1,
      state: 'active',
    },
    {
      name: 'inactive when the access token ended and a refresh brings the next',
      record: aRefreshedRecord(),
      rules: TRADESTATION,
      now: ny('09:20'),
      state: 'inactive',
    },
    {
      name: 'expired when the access token ended and nothing brings another',
      record: aRefreshedRecord(),
      rules: UPSTOX,
      now: ny('09:20'),
      state: 'expired',
    },
    {
      name: 'active long after the last call where idling does no harm',
      record: { ...used, lastUsedAt: null },
      rules: UPSTOX,
      now: ny('15:00'),
      state: 'active',
    },
  ])('is $name', ({ record, rules = ETRADE, now, state }) => {
    expect(stateOf(record, rules, now)).toBe(state);
    expect(isValidated(record, rules, now)).toBe(state === 'active');
  });
});

describe('the idle end', () => {
  it.each([
    { name: 'counts from the last call', changes: { lastUsedAt: ny('09:00') }, ends: ny('11:00') },
    {
      name: 'counts from the issue before the first call',
      changes: { lastUsedAt: null },
      ends: ny('10:31'),
    },
    {
      name: 'counts from a renewal after the last call',
      changes: { lastRenewedAt: ny('12:00') },
      ends: ny('14:00'),
    },
    {
      name: 'ignores a renewal of an earlier token',
      changes: { lastRenewedAt: ny('06:00') },
      ends: ny('11:00'),
    },
    {
      name: 'is unknown when nothing is known',
      changes: { issuedAt: null, lastUsedAt: null },
      ends: null,
    },
  ])('$name', ({ changes, ends }) => {
    expect(idleAt(anActiveRecord(changes), ETRADE)).toBe(ends);
  });

  it('does not exist where idling does no harm', () => {
    expect(idleAt(anActiveRecord(), UPSTOX)).toBeNull();
  });
});

describe('the end that no renewal can move', () => {
  it.each([
    {
      name: 'is the hard end where refreshing brings a new access token',
      rules: TRADESTATION,
      changes: {},
      ends: aRefreshedRecord().hardEndsAt,
    },
    {
      name: 'is the access token’s where nothing brings another',
      rules: UPSTOX,
      changes: {},
      ends: ny('09:20'),
    },
    {
      name: 'is the hard end when it comes first',
      rules: ETRADE,
      changes: { hardEndsAt: ny('09:10') },
      ends: ny('09:10'),
    },
    {
      name: 'is the one that is known',
      rules: ETRADE,
      changes: { hardEndsAt: null },
      ends: ny('09:20'),
    },
    {
      name: 'is unknown when nothing is known',
      rules: ETRADE,
      changes: { hardEndsAt: null, accessExpiresAt: null },
      ends: null,
    },
  ])('$name', ({ rules, changes, ends }) => {
    expect(endsAt(aRefreshedRecord(changes), rules)).toBe(ends);
  });
});
