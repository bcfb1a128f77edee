/**
 * Holidays and early closes of a year as the New York Stock Exchange's rules and habits give them.
 *
 * Pure arithmetic on dates. Used for years that are not published yet: the exchange may still decide
 * otherwise, so days from here are marked `rule`.
 *
 * @see NYSE Rule 7.2, "Holidays"
 */

import type { NamedDays } from './market-calendar.ts';
import type { NyseYear } from './nyse-days.ts';
import { dayAfter, dayBefore, weekdayOf } from './wall-clock.ts';

const MONDAY = 1;
const THURSDAY = 4;
const FRIDAY = 5;
const SATURDAY = 6;
const SUNDAY = 7;

/** The exchange's year by rule; right from 2022 on, when Juneteenth became a holiday. */
export function nyseYearByRule(year: number): NyseYear {
  const thanksgiving = nthWeekday(year, 11, THURSDAY, 4);
  return {
    holidays: {
      ...newYearsDay(year),
      [nthWeekday(year, 1, MONDAY, 3)]: 'Martin Luther King, Jr. Day',
      [nthWeekday(year, 2, MONDAY, 3)]: "Washington's Birthday",
      [goodFriday(year)]: 'Good Friday',
      [lastMondayOfMay(year)]: 'Memorial Day',
      ...observed(dateOf(year, 6, 19), 'Juneteenth'),
      ...observed(dateOf(year, 7, 4), 'Independence Day'),
      [nthWeekday(year, 9, MONDAY, 1)]: 'Labor Day',
      [thanksgiving]: 'Thanksgiving Day',
      ...observed(dateOf(year, 12, 25), 'Christmas Day'),
    },
    earlyCloses: {
      ...eve(dateOf(year, 7, 3), 'day before Independence Day'),
      [dayAfter(thanksgiving)]: 'day after Thanksgiving',
      ...eve(dateOf(year, 12, 24), 'Christmas Eve'),
    },
  };
}

/** A Saturday's holiday is kept on the Friday, a Sunday's on the Monday. */
function observed(date: string, name: string): NamedDays {
  const weekday = weekdayOf(date);
  if (weekday === SATURDAY) return { [dayBefore(date)]: `${name} (observed)` };
  if (weekday === SUNDAY) return { [dayAfter(date)]: `${name} (observed)` };
  return { [date]: name };
}

/** On a Saturday it is not kept: the Friday before it ends a year's accounts, and markets stay open. */
function newYearsDay(year: number): NamedDays {
  const date = dateOf(year, 1, 1);
  return weekdayOf(date) === SATURDAY ? {} : observed(date, "New Year's Day");
}

/** An early close, where the holiday follows on a weekday; before a weekend it is a whole holiday or none. */
function eve(date: string, name: string): NamedDays {
  return weekdayOf(date) < FRIDAY ? { [date]: name } : {};
}

function nthWeekday(year: number, month: number, weekday: number, n: number): string {
  const first = weekdayOf(dateOf(year, month, 1));
  return dateOf(year, month, 1 + ((weekday - first + 7) % 7) + 7 * (n - 1));
}

function lastMondayOfMay(year: number): string {
  return dateOf(year, 5, 31 - ((weekdayOf(dateOf(year, 5, 31)) - MONDAY + 7) % 7));
}

function goodFriday(year: number): string {
  return dayBefore(dayBefore(easterSunday(year)));
}

/**
 * Easter Sunday of the Gregorian calendar: the Sunday after the first full moon on or after 21 March.
 *
 * @see https://en.wikipedia.org/wiki/Date_of_Easter#Anonymous_Gregorian_algorithm
 */
function easterSunday(year: number): string {
  const moonYear = year % 19;
  const century = Math.floor(year / 100);
  const yearOfCentury = year % 100;
  const moonCorrection = Math.floor((8 * century + 13) / 25);
  const epact = (19 * moonYear + century - Math.floor(century / 4) - moonCorrection + 15) % 30;
  const toSunday =
    (32 + 2 * (century % 4) + 2 * Math.floor(yearOfCentury / 4) - epact - (yearOfCentury % 4)) % 7;
  const shift = Math.floor((moonYear + 11 * epact + 22 * toSunday) / 451);
  const marchDay = 22 + epact + toSunday - 7 * shift;
  return marchDay <= 31 ? dateOf(year, 3, marchDay) : dateOf(year, 4, marchDay - 31);
}

function dateOf(year: number, month: number, day: number): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
