import { describe, expect, it } from 'vitest';
import {
  dueStage,
  type LadderSession,
  sessionsForStage,
  stagesOf,
} from '../../functions/lifecycle/alert-ladder.ts';
import type { Stage } from '../../functions/lifecycle/notices.ts';
import { createNseCalendar } from '../../functions/lifecycle/nse-calendar.ts';
import { createNyseCalendar } from '../../functions/lifecycle/nyse-calendar.ts';
import { at, MIDNIGHT, ny, sessionKey } from '../fixtures/records.ts';

const calendar = createNyseCalendar();
const zone = calendar.zone;
const monday = calendar.dayOf(ny('08:00'));
const halfDay = calendar.dayOf(at('2026-11-27T08:00-05:00'));

/** The ladder as a person reads it: `08:30 first-08:30`. */
function read(stages: readonly Stage[], timeZone = zone): string[] {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
  });
  return stages.map((stage) => `${clock.format(stage.dueAt)} ${stage.id} ${stage.kind}`);
}

function stage(id: string, alertAtTimes: readonly (string | null)[] = [null]): Stage {
  const found = stagesOf(monday, zone, alertAtTimes).find((one) => one.id === id);
  if (found === undefined) throw new Error(`no stage "${id}"`);
  return found;
}

describe('the stages of a day', () => {
  it('begin an hour before the open and end before the close', () => {
    expect(read(stagesOf(monday, zone, [null]))).toEqual([
      '08:30 first-08:30 first',
      '09:00 before-open-30 reminder',
      '09:15 before-open-15 reminder',
      '09:30 open open',
      '10:00 after-open-30 late',
      '10:30 after-open-60 late',
      '11:00 after-open-90 late',
      '11:30 after-open-120 late',
      '12:00 after-open-150 late',
      '12:30 after-open-180 late',
      '13:00 after-open-210 late',
      '13:30 after-open-240 late',
      '14:00 after-open-270 late',
      '14:30 after-open-300 late',
      '15:00 after-open-330 late',
      '15:30 after-open-360 late',
    ]);
  });

  it('end earlier on a half day', () => {
    expect(read(stagesOf(halfDay, zone, [null])).at(-1)).toBe('12:30 after-open-180 late');
  });

  it('have one first alert for each distinct time, the default among them', () => {
    const ids = read(stagesOf(monday, zone, ['04:00', null, '00:05', '08:30', '04:00'])).slice(
      0,
      4,
    );
    expect(ids).toEqual([
      '00:05 first-00:05 first',
      '04:00 first-04:00 first',
      '08:30 first-08:30 first',
      '09:00 before-open-30 reminder',
    ]);
  });

  it('have a first alert an hour before the open where the session is over at the alert’s own time', () => {
    const ids = stagesOf(monday, zone, ['15:59', '16:00']).map(({ id }) => id);
    expect(ids).toContain('first-15:59');
    expect(ids).toContain('first-08:30');
    expect(ids).not.toContain('first-16:00');
  });

  it('follow the hours of a session in the evening', () => {
    const muhurat = createNseCalendar().dayOf(at('2026-11-08T12:00+05:30'));
    expect(read(stagesOf(muhurat, 'Asia/Kolkata', [null, '08:15']), 'Asia/Kolkata')).toEqual([
      '08:15 first-08:15 first',
      '17:00 first-17:00 first',
      '17:30 before-open-30 reminder',
      '17:45 before-open-15 reminder',
      '18:00 open open',
      '18:30 after-open-30 late',
    ]);
  });

  it('have reminders without any session’s alert', () => {
    expect(stagesOf(monday, zone, [])[0]?.id).toBe('before-open-30');
  });

  it.each([
    { name: 'a Sunday', day: '2026-03-08' },
    { name: 'Thanksgiving', day: '2026-11-26' },
  ])('are none on $name', ({ day }) => {
    expect(stagesOf(calendar.dayOf(at(`${day}T12:00-05:00`)), zone, [null, '00:05'])).toEqual([]);
  });

  it.each([
    { date: '2026-03-06', offset: '-05:00' },
    { date: '2026-03-09', offset: '-04:00' },
    { date: '2026-11-02', offset: '-05:00' },
  ])('keep their wall-clock times across clock changes: $date', ({ date, offset }) => {
    const stages = stagesOf(calendar.dayOf(at(`${date}T12:00${offset}`)), zone, ['00:05', null]);
    expect(stages.map(({ dueAt }) => dueAt).slice(0, 3)).toEqual(
      ['00:05', '08:30', '09:00'].map((time) => at(`${date}T${time}${offset}`)),
    );
  });
});

describe('the stage that is due', () => {
  const stages = stagesOf(monday, zone, [null]);

  it.each([
    { name: 'none before the first', now: ny('08:30') - 1, id: null },
    { name: 'the first when it comes', now: ny('08:30'), id: 'first-08:30' },
    { name: 'the first until it is overtaken', now: ny('09:00') - 1, id: 'first-08:30' },
    { name: 'the reminder that overtakes it', now: ny('09:00'), id: 'before-open-30' },
    { name: 'the open at the open', now: ny('09:30'), id: 'open' },
    { name: 'the latest after hours of silence', now: ny('13:07'), id: 'after-open-210' },
    { name: 'the last until the close', now: ny('16:00') - 1, id: 'after-open-360' },
    { name: 'none at the close', now: ny('16:00'), id: null },
    { name: 'none the next midnight', now: MIDNIGHT, id: null },
  ])('is $name', ({ now, id }) => {
    expect(dueStage(stages, now)?.id ?? null).toBe(id);
  });

  it('is the reminder when a first alert comes at the same time', () => {
    expect(dueStage(stagesOf(monday, zone, ['09:00']), ny('09:00'))?.id).toBe('before-open-30');
  });

  it('is none on a day without trading', () => {
    expect(dueStage([], ny('09:00'))).toBeNull();
  });
});

describe('a stage names', () => {
  const prod = sessionKey('etrade-prod');
  const ira = sessionKey('etrade-prod-ira');
  const sandbox = sessionKey('etrade-sandbox');
  const session = (key: typeof prod, changes: Partial<LadderSession> = {}): LadderSession => ({
    key,
    alertAt: null,
    required: key !== sandbox,
    needsSignIn: true,
    worksStill: false,
    ...changes,
  });
  const both = [session(prod), session(sandbox)];
  const early = [session(prod, { alertAt: '04:00' }), session(ira), session(sandbox)];
  const times = ['04:00', null];

  it.each([
    {
      name: 'all at the first alert',
      id: 'first-08:30',
      sessions: both,
      told: [],
      named: [prod, sandbox],
    },
    {
      name: 'nobody at a first alert that was told already',
      id: 'first-08:30',
      sessions: both,
      told: [prod, sandbox],
      named: [],
    },
    {
      name: 'the required ones at a reminder',
      id: 'before-open-30',
      sessions: both,
      told: [prod, sandbox],
      named: [prod],
    },
    {
      name: 'the required ones at the open',
      id: 'open',
      sessions: both,
      told: [prod, sandbox],
      named: [prod],
    },
    {
      name: 'an optional one at a reminder when its own alert was overtaken',
      id: 'open',
      sessions: both,
      told: [prod],
      named: [prod, sandbox],
    },
    {
      name: 'nobody when only an optional one waits that was told',
      id: 'open',
      sessions: [session(sandbox)],
      told: [sandbox],
      named: [],
    },
    {
      name: 'nobody when all have signed in',
      id: 'open',
      sessions: [session(prod, { needsSignIn: false })],
      told: [],
      named: [],
    },
    {
      name: 'only those whose alert time has come',
      id: 'first-04:00',
      sessions: early,
      told: [],
      named: [prod],
    },
    {
      name: 'a required one again beside a new one',
      id: 'first-08:30',
      sessions: early,
      told: [prod],
      named: [prod, ira, sandbox],
    },
    {
      name: 'an optional one only once beside a new one',
      id: 'first-08:30',
      sessions: [session(sandbox, { alertAt: '04:00' }), session(prod)],
      told: [sandbox],
      named: [prod],
    },
    {
      name: 'those of an earlier alert that was overtaken',
      id: 'first-08:30',
      sessions: early,
      told: [],
      named: [prod, ira, sandbox],
    },
    {
      name: 'nobody when the new one has signed in by then',
      id: 'first-08:30',
      sessions: [session(prod, { alertAt: '04:00' }), session(ira, { needsSignIn: false })],
      told: [prod],
      named: [],
    },
    {
      name: 'a required one before the open whatever its alert time',
      id: 'open',
      sessions: [session(prod, { alertAt: '12:00' })],
      told: [],
      named: [prod],
    },
    {
      name: 'no optional one before its alert time',
      id: 'open',
      sessions: [session(sandbox, { alertAt: '12:00' })],
      told: [],
      named: [],
    },
  ])('$name', ({ id, sessions, told, named }) => {
    expect(sessionsForStage(stage(id, times), sessions, { day: monday, zone, told })).toEqual(
      named,
    );
  });
});
