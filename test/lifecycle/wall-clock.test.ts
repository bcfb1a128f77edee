import { describe, expect, it } from 'vitest';
import {
  dateIn,
  dayAfter,
  dayBefore,
  momentOf,
  timeIn,
  weekdayOf,
} from '../../functions/lifecycle/wall-clock.ts';
import { at } from '../fixtures/records.ts';

const NEW_YORK = 'America/New_York';

describe('dates and times of a zone', () => {
  it.each([
    { moment: '2026-03-08T04:59:59.999Z', date: '2026-03-07', time: '23:59' },
    { moment: '2026-03-08T05:00:00.000Z', date: '2026-03-08', time: '00:00' },
    { moment: '2026-03-08T07:00:00.000Z', date: '2026-03-08', time: '03:00' },
    { moment: '2026-11-01T05:30:00.000Z', date: '2026-11-01', time: '01:30' },
    { moment: '2026-11-01T06:30:00.000Z', date: '2026-11-01', time: '01:30' },
  ])('are $date $time in New York at $moment', ({ moment, date, time }) => {
    expect(dateIn(NEW_YORK, at(moment))).toBe(date);
    expect(timeIn(NEW_YORK, at(moment))).toBe(time);
  });

  it.each([
    { name: 'winter', date: '2026-03-06', time: '09:30', moment: '2026-03-06T14:30Z' },
    { name: 'summer', date: '2026-03-09', time: '09:30', moment: '2026-03-09T13:30Z' },
    { name: 'a skipped time', date: '2026-03-08', time: '02:30', moment: '2026-03-08T07:30Z' },
    {
      name: 'a time that comes twice',
      date: '2026-11-01',
      time: '01:30',
      moment: '2026-11-01T05:30Z',
    },
  ])('give the moment back in $name', ({ date, time, moment }) => {
    expect(momentOf(NEW_YORK, date, time)).toBe(at(moment));
  });

  it.each([
    { date: '2026-02-30', time: '08:30' },
    { date: '2026-03-09', time: '25:00' },
    { date: '2026-03-09', time: '' },
  ])('are refused when there is no such moment: "$date $time"', ({ date, time }) => {
    expect(() => momentOf(NEW_YORK, date, time)).toThrow(RangeError);
  });
});

describe('neighbouring days', () => {
  it.each([
    { date: '2026-03-08', after: '2026-03-09', weekday: 7 },
    { date: '2026-12-31', after: '2027-01-01', weekday: 4 },
    { date: '2028-02-28', after: '2028-02-29', weekday: 1 },
  ])('$date is weekday $weekday and is followed by $after', ({ date, after, weekday }) => {
    expect(dayAfter(date)).toBe(after);
    expect(dayBefore(after)).toBe(date);
    expect(weekdayOf(date)).toBe(weekday);
  });
});
