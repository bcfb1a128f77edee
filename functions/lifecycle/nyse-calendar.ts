/**
 * The New York Stock Exchange's trading days as a `Calendar`.
 */

import type { Calendar } from './calendar.ts';

export type NyseCalendarOptions = {
  /** Unscheduled closures from configuration: date → reason. */
  readonly closures?: Readonly<Record<string, string>>;
};

export function createNyseCalendar(_options: NyseCalendarOptions = {}): Calendar {
  throw new Error('being written');
}
