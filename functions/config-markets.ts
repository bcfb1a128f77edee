/**
 * The settings that belong to days and times: when people are asked, when there is no trading, how old a
 * consumer key is.
 *
 * Names every problem by its variable, never with its value.
 */

import type { VariableName } from './config-names.ts';
import type { Reader } from './config-services.ts';
import { EARLIEST_CLOSE, MARKETS, type MarketChanges, parseMarket } from './lifecycle/calendars.ts';
import type { NamedDays, SpecialDay } from './lifecycle/market-calendar.ts';
import type { Market } from './lifecycle/rules.ts';

const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
/** `NSE:2026-11-08=what is said of it`: market, date, the rest. */
const MARKET_DATE = /^(?:([A-Za-z]+):)?(\d{4}-\d{2}-\d{2})\s*(?:=(.*))?$/;
const HOURS = /^(\d{2}:\d{2})\s*[-–]\s*(\d{2}:\d{2})(?:\s+(.+))?$/;

/** The session's own alert time, or everyone's. An alert after the close would never be sent. */
export function readAlertTime(
  { text }: Pick<Reader, 'text'>,
  own: VariableName,
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

/**
 * What the exchanges announced after their lists: `MARKET_CLOSURES` (`2026-01-15=Elections` is the NYSE's,
 * `NSE:2026-01-15=Elections` names its market) and `MARKET_SESSIONS` (`NSE:2026-11-08=18:00-19:00 Muhurat trading`).
 */
export function readMarketChanges(
  { text }: Pick<Reader, 'text'>,
  problems: string[],
): MarketChanges {
  const closures = readDates(text('MARKET_CLOSURES'), readReason);
  if (closures === null) {
    problems.push(
      '"MARKET_CLOSURES" is not a list like 2025-01-09=National Day of Mourning,NSE:2026-01-15=Elections, each day once',
    );
  }
  const sessions = readDates(text('MARKET_SESSIONS'), readHours);
  if (sessions === null) {
    problems.push(
      '"MARKET_SESSIONS" is not a list like NSE:2026-11-08=18:00-19:00 Muhurat trading,2026-11-25=09:30-13:00, each day once',
    );
  }
  const changes: Partial<Record<Market, { closures: NamedDays; sessions: SpecialDays }>> = {};
  for (const market of MARKETS) {
    const closed = closures?.[market] ?? {};
    const open = sessions?.[market] ?? {};
    if (Object.keys(closed).length === 0 && Object.keys(open).length === 0) continue;
    changes[market] = { closures: closed, sessions: open };
    const both = Object.keys(open).find((date) => closed[date] !== undefined);
    if (both !== undefined) {
      problems.push(`"MARKET_CLOSURES" and "MARKET_SESSIONS" both name ${both} of the ${market}`);
    }
  }
  return changes;
}

type SpecialDays = Readonly<Record<string, SpecialDay>>;

/** Comma-separated dates of markets and what stands behind each; `null` where one of them does not read. */
function readDates<T>(
  value: string | null,
  read: (said: string) => T | null,
): Partial<Record<Market, Record<string, T>>> | null {
  const found: Partial<Record<Market, Record<string, T>>> = {};
  const items = (value ?? '').split(',').map((item) => item.trim());
  for (const item of items.filter((each) => each !== '')) {
    const [, name = 'NYSE', date, said = ''] = MARKET_DATE.exec(item) ?? [];
    const market = parseMarket(name);
    const entry = read(said.trim());
    if (market === null || date === undefined || !isDate(date) || entry === null) return null;
    // Of two entries for one day one would be dropped without a word.
    if (found[market]?.[date] !== undefined) return null;
    found[market] = { ...found[market], [date]: entry };
  }
  return found;
}

function readReason(said: string): string {
  return said === '' ? 'unscheduled closure' : said;
}

/** `18:00-19:00 Muhurat trading`; times of the market's zone, the close after the open. */
function readHours(said: string): SpecialDay | null {
  const [, opens = '', closes = '', note = 'special session'] = HOURS.exec(said) ?? [];
  const isValid = TIME_OF_DAY.test(opens) && TIME_OF_DAY.test(closes) && opens < closes;
  return isValid ? { opens, closes, note } : null;
}

/** The day on which the broker issued the consumer key, of the session's own or of the shared one. */
export function readSince(
  { text }: Pick<Reader, 'text'>,
  own: string,
  shared: string,
  problems: string[],
): number | null {
  const name = [own, shared]
    .map((part): VariableName => `${part}_CONSUMER_SINCE`)
    .find((each) => text(each));
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
