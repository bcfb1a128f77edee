/**
 * The settings that belong to days and times: when people are asked, when there is no trading, how old a
 * consumer key is.
 *
 * Names every problem by its variable, never with its value. Called by `config.ts`.
 */

import type { Reader } from './config-services.ts';
import { EARLIEST_CLOSE, type MarketClosures, parseMarket } from './lifecycle/calendars.ts';
import type { Market } from './lifecycle/rules.ts';

const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
const CLOSURE = /^(?:([A-Za-z]+):)?(\d{4}-\d{2}-\d{2})(?:=(.+))?$/;

/** The session's own alert time, or everyone's. An alert after the close would never be sent. */
export function readAlertTime(
  { text }: Pick<Reader, 'text'>,
  own: string,
  market: Market,
  problems: string[],
): string | null {
  const name = text(own) === null ? 'ALERT_AT' : own;
  const value = text(name);
  const earliest = EARLIEST_CLOSE[market];
  if (value !== null && !TIME_OF_DAY.test(value)) {
    problems.push(`"${name}" is not a time of day like 08:30`);
  } else if (value !== null && value >= earliest) {
    problems.push(`"${name}" is not before ${earliest}, the earliest close of the ${market}`);
  }
  return value;
}

/** `2026-01-15=Elections` is the NYSE's; `NSE:2026-01-15=Elections` names its market. */
export function readClosures(value: string | null, problems: string[]): MarketClosures {
  const closures: Partial<Record<Market, Record<string, string>>> = {};
  const items = (value ?? '').split(',').map((item) => item.trim());
  for (const item of items.filter((each) => each !== '')) {
    const [, name = 'NYSE', date, reason] = CLOSURE.exec(item) ?? [];
    const market = parseMarket(name);
    if (market === null || date === undefined || !isDate(date)) {
      problems.push(
        '"MARKET_CLOSURES" is not a list like 2025-01-09=National Day of Mourning,NSE:2026-01-15=Elections',
      );
      return {};
    }
    closures[market] = { ...closures[market], [date]: reason?.trim() ?? 'unscheduled closure' };
  }
  return closures;
}

/** The day on which the broker issued the consumer key, of the session's own or of the shared one. */
export function readSince(
  { text }: Pick<Reader, 'text'>,
  own: string,
  shared: string,
  problems: string[],
): number | null {
  const name = [own, shared].map((part) => `${part}_CONSUMER_SINCE`).find((each) => text(each));
  const value = name === undefined ? null : text(name);
  if (value === null) return null;
  if (/^\d{4}-\d{2}-\d{2}$/.test(value) && isDate(value)) return Date.parse(`${value}T00:00:00Z`);
  problems.push(`"${name}" is not a day like 2026-01-15`);
  return null;
}

/** A day that exists: parsing alone takes 2025-02-31 for the third of March. */
function isDate(text: string): boolean {
  const moment = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(moment) && new Date(moment).toISOString().startsWith(text);
}
