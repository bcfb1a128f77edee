import { describe, expect, it } from 'vitest';
import {
  adoptionOf,
  adoptionText,
  isAdoptionUrgent,
  isBehind,
  keptReports,
} from '../../functions/lifecycle/adoption.ts';
import { createNyseCalendar } from '../../functions/lifecycle/nyse-calendar.ts';
import type { SessionRecord, WorkerReport } from '../../functions/lifecycle/session.ts';
import { anActiveRecord, at, ny } from '../fixtures/records.ts';

const ZONE = 'America/New_York';
const NOW = ny('09:20');
const MINUTE_MS = 60_000;

/** The pointer moved to generation 7 at 08:31. */
const record = (workers: SessionRecord['workers'], changes: Partial<SessionRecord> = {}) =>
  anActiveRecord({
    workers,
    history: [
      { generation: 5, at: at('2026-03-05T08:31-05:00') },
      { generation: 6, at: at('2026-03-06T08:31-05:00') },
      { generation: 7, at: ny('08:31') },
    ],
    ...changes,
  });

const report = (changes: Partial<WorkerReport> = {}): WorkerReport => ({
  generation: 7,
  lastUsedAt: null,
  at: ny('09:19'),
  stopped: false,
  ...changes,
});

const stateOf = (one: WorkerReport, changes: Partial<SessionRecord> = {}, now = NOW) =>
  adoptionOf(record({ 'orb-bot/a': one }, changes), [], now).workers[0]?.state;

describe('a worker', () => {
  it.each([
    { name: 'uses the current token', one: report(), state: 'current' },
    {
      name: 'knows of a newer token than the record',
      one: report({ generation: 8 }),
      state: 'current',
    },
    { name: 'uses an older one', one: report({ generation: 6 }), state: 'lagging' },
    { name: 'has none', one: report({ generation: 0 }), state: 'lagging' },
    { name: 'has said goodbye', one: report({ generation: 6, stopped: true }), state: 'offline' },
    {
      name: 'was last heard of ten minutes ago',
      one: report({ generation: 6, at: NOW - 10 * MINUTE_MS }),
      state: 'lagging',
    },
    {
      name: 'was last heard of a moment before that',
      one: report({ generation: 6, at: NOW - 10 * MINUTE_MS - 1 }),
      state: 'offline',
    },
  ])('that $name is $state', ({ one, state }) => {
    expect(stateOf(one)).toBe(state);
  });

  it.each([
    { reportedAt: ny('08:30'), state: 'waiting' },
    { reportedAt: ny('08:32') - 1, state: 'waiting' },
    { reportedAt: ny('08:32'), state: 'lagging' },
  ])('has a minute to follow: $state', ({ reportedAt, state }) => {
    const one = report({ generation: 6, at: reportedAt });
    expect(stateOf(one, {}, ny('08:33'))).toBe(state);
  });

  it('is behind in nothing when there is no token', () => {
    expect(stateOf(report({ generation: 6 }), { version: null })).toBe('current');
  });

  it('lags since a newer token came than its own, not since the last one', () => {
    const slow = record({ 'orb-bot/a': report({ generation: 5 }) });
    expect(adoptionOf(slow, [], NOW).lagging).toEqual([
      { worker: 'orb-bot', generation: 5, since: at('2026-03-06T08:31-05:00') },
    ]);
  });

  it('without any token lags since the last one, not since the first ever', () => {
    const empty = record({ 'orb-bot/a': report({ generation: 0 }) });
    expect(adoptionOf(empty, [], NOW).lagging).toMatchObject([{ since: ny('08:31') }]);
  });

  it('with several processes is one, and lags as soon as one of them does', () => {
    const replicas = {
      'orb-bot/a': report({ lastUsedAt: ny('09:18') }),
      'orb-bot/b': report({ generation: 6, lastUsedAt: ny('09:10') }),
      'orb-bot/c': report({ stopped: true, generation: 5 }),
    };
    expect(adoptionOf(record(replicas), [], NOW)).toMatchObject({
      expected: 1,
      current: 0,
      lagging: [{ worker: 'orb-bot', generation: 6 }],
      workers: [{ name: 'orb-bot', instances: 2, lastUsedAt: ny('09:18') }],
    });
  });
});

describe('the workers of a session', () => {
  it('are those that run and those that are configured', () => {
    const workers = {
      'orb-bot/a': report(),
      'gone-bot/a': report({ stopped: true }),
      'old-bot/a': report({ at: NOW - 24 * 60 * MINUTE_MS - 1 }),
    };
    expect(adoptionOf(record(workers), ['orb-bot', 'scalper'], NOW)).toMatchObject({
      expected: 2,
      current: 1,
      lagging: [],
      offline: ['gone-bot', 'scalper'],
      workers: [{ name: 'gone-bot' }, { name: 'orb-bot' }, { name: 'scalper', heardAt: null }],
    });
  });
});

describe('the sentence', () => {
  const sentence = (
    workers: SessionRecord['workers'],
    configured: readonly string[] = [],
    changes: Partial<SessionRecord> = {},
  ) => adoptionText(adoptionOf(record(workers, changes), configured, NOW), ZONE, NOW);

  it.each([
    { name: 'one', workers: { 'a/1': report() }, says: '1 of 1 worker on token #7' },
    {
      name: 'one that lags',
      workers: { 'a/1': report(), 'b/1': report(), 'orb-bot/1': report({ generation: 6 }) },
      says: '2 of 3 workers on token #7, orb-bot still on #6 since 08:31',
    },
    {
      name: 'one that has none',
      workers: { 'a/1': report(), 'orb-bot/1': report({ generation: 0 }) },
      says: '1 of 2 workers on token #7, orb-bot still without a token since 08:31',
    },
    {
      name: 'one that lags since Friday',
      workers: { 'orb-bot/1': report({ generation: 5 }) },
      says: '0 of 1 worker on token #7, orb-bot still on #5 since 2026-03-06 08:31',
    },
    {
      name: 'one that has stopped',
      workers: { 'a/1': report(), 'orb-bot/1': report({ generation: 6, stopped: true }) },
      says: '1 of 1 worker on token #7, orb-bot offline',
    },
    { name: 'nobody', workers: {}, says: null },
  ])('names $name', ({ workers, says }) => {
    expect(sentence(workers)).toBe(says);
  });

  it('names a configured worker that nobody has heard of', () => {
    expect(sentence({}, ['scalper'])).toBe('0 of 1 worker on token #7, scalper offline');
  });

  describe('right after a switch', () => {
    const before = report({ generation: 6, at: ny('08:30') });
    const said = (now: number, workers: SessionRecord['workers']) =>
      adoptionText(adoptionOf(record(workers), [], ny('08:30')), ZONE, now);
    const three = { 'orb-bot/1': before, 'rebalancer/1': before, 'scalper/1': before };

    it.each([
      {
        now: ny('08:32') - 1,
        workers: three,
        says: 'Waiting for 3 workers (orb-bot, rebalancer, scalper)',
      },
      {
        now: ny('08:32') - 1,
        workers: { 'orb-bot/1': report({ at: ny('08:31') }), 'scalper/1': before },
        says: '1 of 2 workers on token #7, waiting for 1 worker (scalper)',
      },
      {
        now: ny('08:32'),
        workers: three,
        says: '0 of 3 workers on token #7, no report from orb-bot yet, no report from rebalancer yet, no report from scalper yet',
      },
    ])('says whom it waits for, until the grace is over: $says', ({ now, workers, says }) => {
      expect(said(now, workers)).toBe(says);
    });
  });

  it('is none before the first sign-in', () => {
    expect(
      sentence({ 'a/1': report({ generation: 0 }) }, [], { generation: 0, version: null }),
    ).toBeNull();
  });
});

describe('lagging is urgent', () => {
  const calendar = createNyseCalendar();
  it.each([
    { moment: ny('09:15') - 1, urgent: false },
    { moment: ny('09:15'), urgent: true },
    { moment: ny('16:00') - 1, urgent: true },
    { moment: ny('16:00'), urgent: false },
    { moment: at('2026-03-08T09:20-04:00'), urgent: false },
  ])('from a quarter of an hour before the open to the close: $urgent', ({ moment, urgent }) => {
    expect(isAdoptionUrgent(calendar.dayOf(moment), moment)).toBe(urgent);
  });
});

describe('being behind', () => {
  it.each([
    { name: 'an older token', one: report({ generation: 6 }), behind: true },
    { name: 'the current one', one: report(), behind: false },
    { name: 'a goodbye', one: report({ generation: 6, stopped: true }), behind: false },
  ])('is known of a worker by its last report: $name', ({ one, behind }) => {
    expect(isBehind(record({ 'orb-bot/a': one }), 'orb-bot')).toBe(behind);
    expect(isBehind(record({ 'orb-bot/a': one }), 'orb')).toBe(false);
  });
});

describe('what is kept', () => {
  it('is every running process, and one that is offline where none runs', () => {
    const reports = {
      'orb-bot/a': report(),
      'orb-bot/b': report({ at: ny('09:18') }),
      'orb-bot/c': report({ stopped: true }),
      'scalper/a': report({ stopped: true, at: ny('09:00') }),
      'scalper/b': report({ stopped: true, at: ny('09:10') }),
      'old-bot/a': report({ at: NOW - 24 * 60 * MINUTE_MS - 1 }),
    };
    expect(Object.keys(keptReports(reports, NOW))).toEqual(['orb-bot/a', 'orb-bot/b', 'scalper/b']);
  });

  it('stays small when a worker restarts all day', () => {
    let reports: SessionRecord['workers'] = {};
    for (let restart = 0; restart < 500; restart += 1) {
      const now = ny('09:00') + restart * MINUTE_MS;
      reports = keptReports(
        { ...reports, [`orb-bot/${restart}`]: report({ at: now, stopped: true }) },
        now,
      );
    }
    expect(Object.keys(reports)).toEqual(['orb-bot/499']);
  });
});
