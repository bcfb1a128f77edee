/**
 * The credential horizon: every clock a session is under, when it ends, who can move that end, and which
 * end people should hear of ahead of time.
 *
 * Pure. Ends that keep-alive moves are listed and never warned of. Asked by status, pages and the alerts.
 */

import type { Calendar, MarketDay } from './calendar.ts';
import { hardEndAt } from './hard-end.ts';
import {
  ENDS_SOON_BEFORE_MS,
  EVENING_WARNING_AT,
  KEY_WARNINGS_BEFORE_MS,
  SLOW_CLOCK_MS,
} from './limits.ts';
import type { BrokerRules } from './rules.ts';
import { idleAt, type SessionRecord, stateOf } from './session.ts';
import { dayBefore, momentOf } from './wall-clock.ts';

export type ClockName =
  /** The access token's own end, where the session goes on after it. */
  | 'access'
  /** Unused too long. */
  | 'idle'
  /** The hour at which the broker ends every token. */
  | 'hard-end'
  /** The age of what brings new access tokens. */
  | 'refresh-token'
  /** The app's own credential, for all its sessions. */
  | 'consumer-key';

/** Keep-alive, by itself · a person, by a sign-in · nobody here: it is done at the broker's own site. */
export type MovedBy = 'renewal' | 'sign-in' | 'broker-site';

export type CredentialClock = {
  readonly name: ClockName;
  readonly endsAt: number;
  readonly movedBy: MovedBy;
};

/** `hour` before an end within market hours, `evening` before a slow one, `month` and `week` before a key's. */
export type Lead = 'hour' | 'evening' | 'month' | 'week';

export type EndAhead = {
  readonly clock: ClockName;
  readonly lead: Lead;
  /** People hear of it from here on. */
  readonly dueAt: number;
  readonly endsAt: number;
};

/** What is known of a session's credentials beside its record. */
export type Credentials = {
  readonly record: SessionRecord;
  readonly rules: BrokerRules;
  /** When the broker issued the consumer key; `null`: not known. */
  readonly consumerKeySince: number | null;
};

/** The clocks that run at `now`, the first to stop first. Without a live token only the consumer key's. */
export function clocksOf(credentials: Credentials, now: number): readonly CredentialClock[] {
  const { record, rules } = credentials;
  const state = stateOf(record, rules, now);
  const isLive = state !== 'none' && state !== 'expired';
  const clocks = [...(isLive ? tokenClocks(record, rules) : []), ...keyClock(credentials)];
  return clocks.toSorted((a, b) => a.endsAt - b.endsAt);
}

function tokenClocks(record: SessionRecord, rules: BrokerRules): readonly CredentialClock[] {
  const { accessExpiresAt, hardEndsAt } = record;
  const clocks: CredentialClock[] = [];
  if (hardEndsAt !== null) {
    const name = rules.hardEnd.kind === 'wall-clock' ? 'hard-end' : 'refresh-token';
    clocks.push({ name, endsAt: hardEndsAt, movedBy: 'sign-in' });
  }
  // What lasts as long as the session is no clock of its own.
  const isWithin = (endsAt: number): boolean => hardEndsAt === null || endsAt < hardEndsAt;
  if (accessExpiresAt !== null && isWithin(accessExpiresAt)) {
    const movedBy = rules.renewal === 'refresh' ? 'renewal' : 'sign-in';
    clocks.push({ name: 'access', endsAt: accessExpiresAt, movedBy });
  }
  const idleEndsAt = idleAt(record, rules);
  if (idleEndsAt !== null && isWithin(idleEndsAt)) {
    clocks.push({ name: 'idle', endsAt: idleEndsAt, movedBy: 'renewal' });
  }
  return clocks;
}

function keyClock({ rules, consumerKeySince }: Credentials): readonly CredentialClock[] {
  if (consumerKeySince === null || rules.consumerKeyLifeMs === null) return [];
  const endsAt = consumerKeySince + rules.consumerKeyLifeMs;
  return [{ name: 'consumer-key', endsAt, movedBy: 'broker-site' }];
}

/** The ends that people should know of at `now`, each with its latest lead; nothing that is over. */
export function endsAhead(
  credentials: Credentials,
  calendar: Calendar,
  now: number,
): readonly EndAhead[] {
  return clocksOf(credentials, now).flatMap((clock) => {
    const due = leadsOf(clock, credentials.rules, calendar).filter(({ dueAt }) => dueAt <= now);
    const latest = due.toSorted((a, b) => b.dueAt - a.dueAt)[0];
    return latest === undefined || clock.endsAt <= now ? [] : [latest];
  });
}

/**
 * Whether a token's end can come into market hours or is announced the evening before. Where not, nobody
 * need look at the record: a broker that ends every token at night has nothing to warn of.
 */
export function mayNeedWarning(rules: BrokerRules, calendar: Calendar, now: number): boolean {
  if (rules.hardEnd.kind !== 'wall-clock') return true;
  if (rules.accessLifeMs !== null && rules.renewal !== 'refresh') return true;
  const end = hardEndAt(rules, { issuedAt: now, signedInAt: now });
  return end !== null && covers(calendar.dayOf(end), end);
}

function leadsOf(
  { name, endsAt, movedBy }: CredentialClock,
  rules: BrokerRules,
  calendar: Calendar,
): readonly EndAhead[] {
  const ahead = (lead: Lead, dueAt: number): EndAhead => ({ clock: name, lead, dueAt, endsAt });
  switch (movedBy) {
    case 'renewal':
      return [];
    case 'broker-site':
      return [
        ahead('month', endsAt - KEY_WARNINGS_BEFORE_MS.month),
        ahead('week', endsAt - KEY_WARNINGS_BEFORE_MS.week),
      ];
    case 'sign-in': {
      const evening = isSlow(name, rules) ? eveningBefore(endsAt, calendar) : null;
      const isInTrading = covers(calendar.dayOf(endsAt), endsAt);
      return [
        ...(evening === null ? [] : [ahead('evening', evening)]),
        ...(isInTrading ? [ahead('hour', endsAt - ENDS_SOON_BEFORE_MS)] : []),
      ];
    }
  }
}

function isSlow(name: ClockName, { hardEnd }: BrokerRules): boolean {
  return name === 'refresh-token' && hardEnd.kind === 'age' && hardEnd.ms >= SLOW_CLOCK_MS;
}

/** From the open on; a token that ends with the close has done its day. */
function covers({ opensAt, closesAt }: MarketDay, at: number): boolean {
  return opensAt !== null && closesAt !== null && opensAt <= at && at < closesAt;
}

/**
 * The evening of the trading day before the one whose close the token does not reach: Friday for a Monday.
 * Always before the end itself, so that there is something left to replace.
 */
function eveningBefore(endsAt: number, calendar: Calendar): number | null {
  const day = calendar.dayOf(endsAt);
  const isLate = day.closesAt === null || endsAt >= day.closesAt;
  let { date } = isLate ? calendar.nextTradingDay(endsAt) : day;
  for (let back = 0; back < LONGEST_BREAK_DAYS; back += 1) {
    date = dayBefore(date);
    const evening = momentOf(calendar.zone, date, EVENING_WARNING_AT);
    if (evening < endsAt && calendar.dayOf(evening).isTradingDay) return evening;
  }
  return null;
}

/** No market has ever been closed for longer. */
const LONGEST_BREAK_DAYS = 14;
