/** What matters in a status: one verdict for everything that may be wrong, worst first. */

import { describe, expect, it } from 'vitest';
import {
  concernOf,
  judge,
  severityOf,
  stillToDo,
} from '../../functions/operations/judge-status.ts';
import type { SessionStatus, Status } from '../../functions/operations/read-status.ts';
import { keyOf, PROD, SANDBOX, sessionStatus, statusOf } from '../fixtures/front-door.ts';

const UPSTOX = keyOf('upstox-prod');

/** Monday, 9 March 2026, in New York. */
const ny = (time: string): string => new Date(`2026-03-09T${time}-04:00`).toISOString();

const NYSE = statusOf([]).market;
const CLOSED = { isTradingDay: false, opensAt: null, closesAt: null, note: 'weekend' };
/** In India it is Monday evening when New York opens. */
const NSE = {
  name: 'NSE',
  zone: 'Asia/Kolkata',
  isTradingDay: true,
  opensAt: '2026-03-09T03:45:00.000Z',
  closesAt: '2026-03-09T10:00:00.000Z',
  note: null,
  nextOpensAt: '2026-03-10T03:45:00.000Z',
} as const;

const at = (time: string, ...sessions: SessionStatus[]): Status =>
  statusOf(sessions, { now: ny(time) });

const workers = (changes: Partial<SessionStatus['adoption']>) => ({
  adoption: { ...sessionStatus().adoption, ...changes },
});
const LAGGING = workers({
  current: 0,
  lagging: [{ worker: 'orb-bot', generation: 16, since: ny('08:31') }],
});
const OFFLINE = workers({ current: 0, expected: 1, offline: ['orb-bot'] });
const SOME_OFFLINE = workers({ current: 1, expected: 2, offline: ['scalper'] });
const NONE_CONFIGURED = workers({ current: 0, expected: 0, offline: ['old-bot'] });
const WAITING = workers({ current: 0, waiting: ['orb-bot'] });
const failed = (failuresInARow: number) => ({
  counts: { ...sessionStatus().counts, failuresInARow },
});
const TOLD = { trouble: { reason: 'transient', since: ny('12:45') } };
const WRONG_SETTING = { trouble: { reason: 'configuration', since: ny('12:45') } };
const SHORT = { coverage: { untilClose: false, limitedBy: 'idle' } };
const NOT_REACHED = { coverage: { untilClose: false, limitedBy: 'hard-end' } };
const SAVED = {
  unconfirmed: { generation: 18, savedAt: ny('08:40'), nextCheckAt: ny('08:45') },
};
const UNPROVEN = {
  ...SAVED,
  state: 'unknown',
  coverage: { untilClose: false, limitedBy: 'unproven' },
} as const;
const UNTOLD = { counts: { ...sessionStatus().counts, undelivered: 1 } };

describe('the worst that is known of a session', () => {
  it.each<{
    name: string;
    time?: string;
    session: Partial<SessionStatus>;
    concern: string | null;
    severity?: string;
  }>([
    { name: 'nothing', session: {}, concern: null, severity: 'good' },
    { name: 'no token', session: { state: 'none' }, concern: 'sign-in', severity: 'bad' },
    { name: 'an expired one', session: { state: 'expired' }, concern: 'sign-in', severity: 'bad' },
    { name: 'an end before the close', session: NOT_REACHED, concern: 'sign-in', severity: 'bad' },
    {
      name: 'no token, where nobody requires one',
      session: { state: 'none', required: false },
      concern: 'sign-in',
      severity: 'warn',
    },
    { name: 'no token after the close', time: '16:00', session: { state: 'none' }, concern: null },
    {
      name: 'no token while trading',
      time: '15:59',
      session: { state: 'none' },
      concern: 'sign-in',
    },
    {
      name: 'a worker behind',
      time: '10:00',
      session: LAGGING,
      concern: 'worker-behind',
      severity: 'bad',
    },
    {
      name: 'a worker behind, long before the open',
      session: LAGGING,
      concern: 'worker-not-switched',
      severity: 'warn',
    },
    {
      name: 'a worker behind while nobody has told the workers',
      session: { ...LAGGING, ...UNTOLD },
      concern: 'untold',
    },
    {
      name: 'a worker behind, just before it',
      time: '09:15',
      session: LAGGING,
      concern: 'worker-behind',
    },
    { name: 'a worker behind after the close', time: '16:00', session: LAGGING, concern: null },
    {
      name: 'all workers offline',
      time: '10:00',
      session: OFFLINE,
      concern: 'workers-offline',
      severity: 'warn',
    },
    {
      name: 'all workers gone that were only heard of',
      time: '10:00',
      session: NONE_CONFIGURED,
      concern: 'workers-offline',
    },
    { name: 'all workers offline at night', time: '20:00', session: OFFLINE, concern: null },
    { name: 'one of two workers offline', time: '10:00', session: SOME_OFFLINE, concern: null },
    { name: 'a worker that is waited for', time: '10:00', session: WAITING, concern: null },
    {
      name: 'no worker at all',
      time: '10:00',
      session: workers({ expected: 0, current: 0 }),
      concern: null,
    },
    {
      name: 'idle before the close, once failed',
      time: '10:00',
      session: { ...SHORT, ...failed(1) },
      concern: 'wont-last',
      severity: 'warn',
    },
    {
      name: 'idle before the close, and people were told',
      time: '13:00',
      session: { ...SHORT, ...failed(7), ...TOLD },
      concern: 'wont-last',
      severity: 'bad',
    },
    {
      name: 'failing, but good until the close',
      time: '15:30',
      session: failed(2),
      concern: 'failing',
      severity: 'warn',
    },
    {
      name: 'a wrong setting, which is not counted as a failure',
      time: '10:00',
      session: WRONG_SETTING,
      concern: 'failing',
      severity: 'bad',
    },
    {
      name: 'failing at night',
      time: '20:00',
      session: { ...failed(3), ...TOLD },
      concern: 'failing',
      severity: 'bad',
    },
    {
      name: 'asleep',
      time: '10:00',
      session: { state: 'inactive', ...SHORT },
      concern: 'inactive',
      severity: 'warn',
    },
    {
      name: 'asleep, and failing',
      time: '10:00',
      session: { state: 'inactive', ...SHORT, ...failed(1) },
      concern: 'wont-last',
    },
    { name: 'asleep at night', time: '20:00', session: { state: 'inactive' }, concern: 'inactive' },
    { name: 'proven no longer', session: { state: 'unknown' }, concern: 'inactive' },
    {
      name: 'saved and not confirmed',
      session: UNPROVEN,
      concern: 'unconfirmed',
      severity: 'warn',
    },
    {
      name: 'saved and not confirmed, once more in vain',
      session: { ...UNPROVEN, ...failed(1) },
      concern: 'unconfirmed',
    },
    { name: 'saved beside an old token that still works', session: SAVED, concern: 'unconfirmed' },
    {
      name: 'saved beside one that has expired',
      session: { ...SAVED, state: 'expired', needsSignIn: false },
      concern: 'unconfirmed',
    },
    {
      name: 'saved, and the check came to nothing',
      session: { ...SAVED, state: 'expired' },
      concern: 'sign-in',
    },
    { name: 'workers not told', session: UNTOLD, concern: 'untold', severity: 'warn' },
    {
      name: 'a worker behind, which is worse than failing',
      time: '10:00',
      session: { ...LAGGING, ...SHORT, ...failed(3), ...TOLD },
      concern: 'worker-behind',
    },
    {
      name: 'no token, which is worse than a worker behind',
      time: '10:00',
      session: { ...LAGGING, state: 'expired' },
      concern: 'sign-in',
    },
  ])('$name: $concern', ({ time = '08:31', session, concern, severity }) => {
    const one = sessionStatus(session);
    expect(concernOf(one, at(time, one))).toBe(concern);
    if (severity !== undefined)
      expect(severityOf(one, concernOf(one, at(time, one)))).toBe(severity);
  });

  it('is nothing on a day without trading, as long as the broker answers', () => {
    for (const session of [{ state: 'none' }, { state: 'expired' }, LAGGING, OFFLINE] as const) {
      const one = sessionStatus(session);
      expect(concernOf(one, statusOf([one], { market: CLOSED }))).toBeNull();
    }
  });
});

describe('the verdict', () => {
  const concerns = (status: Status) => judge(status).findings.map(({ concern }) => concern);
  const keepAlive = (status: Status['keepAlive']['status']) => ({
    ...statusOf([]).keepAlive,
    status,
    consecutiveFailures: status === 'failing' ? 3 : 0,
  });

  it('has nothing to say when every session is ready', () => {
    expect(judge(statusOf([sessionStatus()]))).toEqual({ findings: [], later: [] });
  });

  it('has the worst first', () => {
    const key = (name: string) => ({ key: keyOf(`etrade-prod-${name}`) });
    const sessions = [
      sessionStatus({ ...key('a'), ...UNTOLD }),
      sessionStatus({ ...key('b'), state: 'inactive' }),
      sessionStatus({ ...key('c'), ...UNPROVEN }),
      sessionStatus({ ...key('d'), ...failed(1) }),
      sessionStatus({ ...key('e'), ...SHORT, ...failed(1) }),
      sessionStatus({ ...key('f'), ...OFFLINE }),
      sessionStatus({ ...key('g'), ...LAGGING }),
      sessionStatus({ ...key('h'), state: 'none' }),
    ];
    const warnings = [
      { sessions: [SANDBOX], clock: 'hard-end', lead: 'hour', endsAt: ny('11:00') },
    ] as const;
    const status = statusOf(sessions, { now: ny('10:00'), warnings, keepAlive: keepAlive('late') });
    expect(concerns(status)).toEqual([
      'sign-in',
      'worker-behind',
      'workers-offline',
      'wont-last',
      'failing',
      'keep-alive',
      'unconfirmed',
      'inactive',
      'untold',
      'ends-soon',
    ]);
  });

  it.each([
    ['ok', []],
    ['never-run', []],
    ['late', ['keep-alive']],
    ['failing', ['keep-alive']],
  ] as const)('follows from keep-alive, too: %s', (status, expected) => {
    expect(concerns(statusOf([sessionStatus()], { keepAlive: keepAlive(status) }))).toEqual(
      expected,
    );
  });

  it('says once that keep-alive fails', () => {
    const one = sessionStatus({ ...SHORT, ...failed(3), ...TOLD });
    const status = statusOf([one], { now: ny('13:00'), keepAlive: keepAlive('failing') });
    expect(concerns(status)).toEqual(['wont-last']);
  });

  it('asks for the required session first, then for what opens soonest', () => {
    const other = sessionStatus({ state: 'none', required: false });
    const needed = sessionStatus({ key: PROD, state: 'expired' });
    const [finding] = judge(statusOf([other, needed])).findings;
    expect(finding).toEqual({ concern: 'sign-in', severity: 'bad', sessions: [needed, other] });
  });
});

describe('sessions of two markets', () => {
  const indian = sessionStatus({ key: UPSTOX, market: 'NSE', state: 'none' });
  const american = sessionStatus({ key: PROD, state: 'none' });
  const both = (now: string, nse = {}, nyse = {}) =>
    statusOf([indian, american], {
      now,
      markets: [
        { ...NSE, ...nse },
        {
          ...NYSE,
          name: 'NYSE',
          zone: 'America/New_York',
          nextOpensAt: '2026-03-09T13:30:00.000Z',
          ...nyse,
        },
      ],
    });
  const asked = (status: Status) => judge(status).findings[0]?.sessions.map(({ key }) => key) ?? [];
  const later = (status: Status) => judge(status).later.map(({ key }) => key);

  it('do not need anybody where theirs is over', () => {
    const morning = both(ny('08:31'));
    expect([asked(morning), later(morning)]).toEqual([[PROD], [UPSTOX]]);
  });

  it('come in the order in which their markets open', () => {
    const early = both('2026-03-09T03:00:00.000Z', { nextOpensAt: NSE.opensAt });
    expect(asked(early)).toEqual([UPSTOX, PROD]);
    const swapped = statusOf([american, indian], { now: early.now, markets: early.markets });
    expect(asked(swapped)).toEqual([UPSTOX, PROD]);
  });

  it('are nobody’s hurry while both are closed', () => {
    const sunday = both('2026-03-08T16:00:00.000Z', CLOSED, CLOSED);
    expect([judge(sunday).findings, later(sunday)]).toEqual([[], [PROD, UPSTOX]]);
  });

  it('are gone on with after a sign-in as the message names them', () => {
    const done = sessionStatus({ key: SANDBOX });
    const morning = both(ny('08:31'));
    const names = (status: Status, key = SANDBOX) =>
      stillToDo(status, key).map((session) => session.key);
    expect(names({ ...morning, sessions: [...morning.sessions, done] })).toEqual([PROD]);
    expect(names(morning, PROD)).toEqual([]);
    const optional = { ...american, required: false };
    expect(names({ ...morning, sessions: [done, optional] })).toEqual([]);
  });
});
