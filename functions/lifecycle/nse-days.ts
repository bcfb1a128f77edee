/**
 * Holidays and special sessions of the National Stock Exchange of India, as it published them.
 *
 * Plain data, dates and times in India; weekends are not named, and a holiday on one is left out. Most of
 * these days follow the moon and the government's notices, so there is no rule for later years: the list
 * of a year comes out in December of the year before, and is then added here. What is announced at short
 * notice is configuration (`MARKET_CLOSURES`, `MARKET_SESSIONS`), until it is added here, too.
 *
 * @see https://www.nseindia.com/resources/exchange-communication-holidays
 */

import type { NamedDays, SpecialDay } from './market-calendar.ts';

export type NseYear = {
  /** No trading at all. */
  readonly holidays: NamedDays;
  /** Trading at hours of their own, or on a weekend. */
  readonly specialDays: Readonly<Record<string, SpecialDay>>;
};

export const NSE_OPENS = '09:15';
export const NSE_CLOSES = '15:30';

/** Parliament hears the budget, on a weekend too, and the exchange trades as on any other day. */
const UNION_BUDGET: SpecialDay = { opens: NSE_OPENS, closes: NSE_CLOSES, note: 'Union Budget' };

export const NSE_PUBLISHED: Readonly<Record<number, NseYear>> = {
  // Circular NSE/CMTR/65587 of 13 December 2024; the special sessions from their own circulars of
  // 23 December 2024 (Union Budget) and 22 September 2025 (Muhurat trading).
  2025: {
    holidays: {
      '2025-02-26': 'Mahashivratri',
      '2025-03-14': 'Holi',
      '2025-03-31': 'Id-Ul-Fitr (Ramadan Eid)',
      '2025-04-10': 'Shri Mahavir Jayanti',
      '2025-04-14': 'Dr. Baba Saheb Ambedkar Jayanti',
      '2025-04-18': 'Good Friday',
      '2025-05-01': 'Maharashtra Day',
      '2025-08-15': 'Independence Day',
      '2025-08-27': 'Ganesh Chaturthi',
      '2025-10-02': 'Mahatma Gandhi Jayanti, Dussehra',
      '2025-10-22': 'Diwali Balipratipada',
      '2025-11-05': 'Prakash Gurpurb Sri Guru Nanak Dev',
      '2025-12-25': 'Christmas',
    },
    specialDays: {
      '2025-02-01': UNION_BUDGET,
      '2025-10-21': {
        opens: '13:45',
        closes: '14:45',
        note: 'Diwali Laxmi Pujan, Muhurat trading only',
      },
    },
  },
  // Circular NSE/CMTR/71775 of December 2025; the election day from the circular of 12 January 2026 that
  // modified it, the budget's Sunday from that of 16 January 2026. CMTR/71775 names the day of Muhurat
  // trading and leaves its hour to a later circular, which this list does not have: here it is the evening
  // hour of 2022 to 2024. `MARKET_SESSIONS` corrects it.
  2026: {
    holidays: {
      '2026-01-15': 'Municipal Corporation Election in Maharashtra',
      '2026-01-26': 'Republic Day',
      '2026-03-03': 'Holi',
      '2026-03-26': 'Shri Ram Navami',
      '2026-03-31': 'Shri Mahavir Jayanti',
      '2026-04-03': 'Good Friday',
      '2026-04-14': 'Dr. Baba Saheb Ambedkar Jayanti',
      '2026-05-01': 'Maharashtra Day',
      '2026-05-28': 'Bakri Id',
      '2026-06-26': 'Muharram',
      '2026-09-14': 'Ganesh Chaturthi',
      '2026-10-02': 'Mahatma Gandhi Jayanti',
      '2026-10-20': 'Dussehra',
      '2026-11-10': 'Diwali Balipratipada',
      '2026-11-24': 'Prakash Gurpurb Sri Guru Nanak Dev',
      '2026-12-25': 'Christmas',
    },
    specialDays: {
      '2026-02-01': UNION_BUDGET,
      '2026-11-08': {
        opens: '18:00',
        closes: '19:00',
        note: 'Diwali Laxmi Pujan, Muhurat trading only, hour not confirmed',
      },
    },
  },
  // 2027 is not published yet.
};
