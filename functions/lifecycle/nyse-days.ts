/**
 * Holidays and early closes of the New York Stock Exchange, as it published them.
 *
 * Plain data, dates in New York. Unscheduled closures are not here: they are configuration. Later years
 * follow from `nyse-rule.ts`; a test holds the two against each other.
 *
 * @see https://www.nyse.com/markets/hours-calendars
 */

import type { NamedDays } from './market-calendar.ts';

export type NyseYear = {
  /** No trading at all. */
  readonly holidays: NamedDays;
  /** Trading ends at 13:00. */
  readonly earlyCloses: NamedDays;
};

export const NYSE_PUBLISHED: Readonly<Record<number, NyseYear>> = {
  2024: {
    holidays: {
      '2024-01-01': "New Year's Day",
      '2024-01-15': 'Martin Luther King, Jr. Day',
      '2024-02-19': "Washington's Birthday",
      '2024-03-29': 'Good Friday',
      '2024-05-27': 'Memorial Day',
      '2024-06-19': 'Juneteenth',
      '2024-07-04': 'Independence Day',
      '2024-09-02': 'Labor Day',
      '2024-11-28': 'Thanksgiving Day',
      '2024-12-25': 'Christmas Day',
    },
    earlyCloses: {
      '2024-07-03': 'day before Independence Day',
      '2024-11-29': 'day after Thanksgiving',
      '2024-12-24': 'Christmas Eve',
    },
  },
  2025: {
    holidays: {
      '2025-01-01': "New Year's Day",
      '2025-01-20': 'Martin Luther King, Jr. Day',
      '2025-02-17': "Washington's Birthday",
      '2025-04-18': 'Good Friday',
      '2025-05-26': 'Memorial Day',
      '2025-06-19': 'Juneteenth',
      '2025-07-04': 'Independence Day',
      '2025-09-01': 'Labor Day',
      '2025-11-27': 'Thanksgiving Day',
      '2025-12-25': 'Christmas Day',
    },
    earlyCloses: {
      '2025-07-03': 'day before Independence Day',
      '2025-11-28': 'day after Thanksgiving',
      '2025-12-24': 'Christmas Eve',
    },
  },
  2026: {
    holidays: {
      '2026-01-01': "New Year's Day",
      '2026-01-19': 'Martin Luther King, Jr. Day',
      '2026-02-16': "Washington's Birthday",
      '2026-04-03': 'Good Friday',
      '2026-05-25': 'Memorial Day',
      '2026-06-19': 'Juneteenth',
      '2026-07-03': 'Independence Day (observed)',
      '2026-09-07': 'Labor Day',
      '2026-11-26': 'Thanksgiving Day',
      '2026-12-25': 'Christmas Day',
    },
    earlyCloses: {
      '2026-11-27': 'day after Thanksgiving',
      '2026-12-24': 'Christmas Eve',
    },
  },
  2027: {
    holidays: {
      '2027-01-01': "New Year's Day",
      '2027-01-18': 'Martin Luther King, Jr. Day',
      '2027-02-15': "Washington's Birthday",
      '2027-03-26': 'Good Friday',
      '2027-05-31': 'Memorial Day',
      '2027-06-18': 'Juneteenth (observed)',
      '2027-07-05': 'Independence Day (observed)',
      '2027-09-06': 'Labor Day',
      '2027-11-25': 'Thanksgiving Day',
      '2027-12-24': 'Christmas Day (observed)',
    },
    earlyCloses: {
      '2027-11-26': 'day after Thanksgiving',
    },
  },
  // New Year's Day 2028 is a Saturday and is not observed on the Friday, which ends a year's accounts.
  2028: {
    holidays: {
      '2028-01-17': 'Martin Luther King, Jr. Day',
      '2028-02-21': "Washington's Birthday",
      '2028-04-14': 'Good Friday',
      '2028-05-29': 'Memorial Day',
      '2028-06-19': 'Juneteenth',
      '2028-07-04': 'Independence Day',
      '2028-09-04': 'Labor Day',
      '2028-11-23': 'Thanksgiving Day',
      '2028-12-25': 'Christmas Day',
    },
    earlyCloses: {
      '2028-07-03': 'day before Independence Day',
      '2028-11-24': 'day after Thanksgiving',
    },
  },
};
