/**
 * The state of everything, as `GET /status` answers it and the dashboard shows it.
 *
 * Reads the store only: no broker call, no write, no secret in the answer. Moments are ISO 8601.
 */

import {
  type Adoption,
  adoptionOf,
  adoptionText,
  type WorkerState,
} from '../lifecycle/adoption.ts';
import { nextSignInAt } from '../lifecycle/alert-ladder.ts';
import type { Calendar } from '../lifecycle/calendar.ts';
import { coverage, needsSignIn } from '../lifecycle/coverage.ts';
import { nextKeepAliveAt } from '../lifecycle/decide.ts';
import { type ClockName, clocksOf, type Lead, type MovedBy } from '../lifecycle/horizon.ts';
import { KEEP_ALIVE_EVERY_MS, RENEWAL_MARGIN_MS } from '../lifecycle/limits.ts';
import { opensNextAt } from '../lifecycle/market-phase.ts';
import type { ServiceRecord } from '../lifecycle/notices.ts';
import type { Market } from '../lifecycle/rules.ts';
import {
  idleAt,
  isValidated,
  type SessionKey,
  type SessionRecord,
  type SessionState,
  stateOf,
} from '../lifecycle/session.ts';
import { homeCalendar, marketsOf } from './markets.ts';
import { awaitsCheck, type Newest, newestRecord, type Unconfirmed } from './newest-record.ts';
import type { ConfiguredSession, System } from './system.ts';
import { endsOf, noticesOf } from './warn-ahead.ts';

export type SessionStatus = {
  readonly key: SessionKey;
  readonly title: string;
  /** Where it trades: one of `markets`. */
  readonly market: Market;
  readonly required: boolean;
  readonly state: SessionState;
  /** A probe proved the current token and nothing has spoken against it since. */
  readonly apiValidated: boolean;
  readonly generation: number;
  readonly issuedAt: string | null;
  readonly accessExpiresAt: string | null;
  readonly hardEndsAt: string | null;
  /** When the token goes inactive if nobody uses it. */
  readonly idleAt: string | null;
  /** All it is under, the first to stop first. */
  readonly clocks: readonly {
    readonly name: ClockName;
    readonly endsAt: string;
    readonly movedBy: MovedBy;
  }[];
  readonly timeRemainingHours: number | null;
  readonly lastUsedAt: string | null;
  readonly lastRenewedAt: string | null;
  readonly lastSuccessAt: string | null;
  readonly coverage: { readonly untilClose: boolean | null; readonly limitedBy: string | null };
  /** Whether people are asked for a sign-in, on days on which its market trades. */
  readonly needsSignIn: boolean;
  /** When they are next asked, if nothing goes wrong; `null`: the session renews itself. */
  readonly nextSignInAt: string | null;
  /** A sign-in that is saved, and that the broker has not confirmed yet. */
  readonly unconfirmed: {
    readonly generation: number;
    readonly savedAt: string;
    readonly nextCheckAt: string;
  } | null;
  /** What people were warned of, until it works again. */
  readonly trouble: { readonly reason: string; readonly since: string } | null;
  readonly counts: {
    readonly unauthorized: number;
    readonly renewals: number;
    readonly failuresInARow: number;
    readonly undelivered: number;
  };
  /** Who runs and who is configured, by name. */
  readonly workers: readonly {
    readonly name: string;
    readonly state: WorkerState;
    /** The oldest that its processes use. */
    readonly generation: number;
    /** Its running processes. */
    readonly instances: number;
    readonly lastUsedAt: string | null;
    /** When it was last heard of; `null`: never. */
    readonly at: string | null;
  }[];
  readonly adoption: AdoptionStatus;
};

/** How far workers use the current token. */
export type AdoptionStatus = {
  readonly expected: number;
  readonly current: number;
  readonly lagging: readonly {
    readonly worker: string;
    readonly generation: number;
    readonly since: string;
  }[];
  /** Not heard of since the current token came. */
  readonly waiting: readonly string[];
  readonly offline: readonly string[];
  /** All of it in one sentence without a full stop; `null` when there is no worker or no token. */
  readonly text: string | null;
};

export type KeepAliveStatus = {
  readonly status: 'ok' | 'failing' | 'late' | 'never-run';
  readonly lastRunAt: string | null;
  readonly nextRunAt: string;
  readonly consecutiveFailures: number;
};

/** Today in a market. */
export type MarketStatus = {
  readonly isTradingDay: boolean;
  readonly opensAt: string | null;
  readonly closesAt: string | null;
  readonly note: string | null;
};

/** An end that no renewal moves, from the moment people are told of it. */
export type WarningStatus = {
  readonly sessions: readonly SessionKey[];
  readonly clock: ClockName;
  readonly lead: Lead;
  readonly endsAt: string;
};

export type Status = {
  readonly now: string;
  /** The first session's. */
  readonly market: MarketStatus;
  /** Every market that a session trades on, the first session's first. */
  readonly markets: readonly (MarketStatus & {
    readonly name: Market;
    readonly zone: string;
    /** When it opens next; while it is open, when it opened. */
    readonly nextOpensAt: string | null;
  })[];
  readonly warnings: readonly WarningStatus[];
  readonly sessions: readonly SessionStatus[];
  readonly keepAlive: KeepAliveStatus;
};

/** @throws StoreError when a record cannot be read */
export async function readStatus(system: System): Promise<Status> {
  await system.store.prefetch(system.sessions.map(({ key }) => key));
  const [service, ...newest] = await Promise.all([
    system.store.loadService(),
    ...system.sessions.map((session) => newestRecord(system, session, 'always')),
  ]);
  const now = system.clock();
  const ends = system.sessions.flatMap((session, index) => {
    const record = newest[index]?.record;
    const found = record === undefined ? [] : endsOf(system, session, record);
    return found.map((end) => ({ session, end }));
  });
  return {
    now: iso(now),
    market: marketStatus(homeCalendar(system), now),
    markets: marketsOf(system).map((name) => {
      const calendar = system.calendar(name);
      const nextOpensAt = isoOrNull(opensNextAt(calendar, now));
      return { name, zone: calendar.zone, ...marketStatus(calendar, now), nextOpensAt };
    }),
    warnings: noticesOf(ends).map(({ notice: { sessions, clock, lead, endsAt } }) => ({
      sessions,
      clock,
      lead,
      endsAt: iso(endsAt),
    })),
    sessions: system.sessions.flatMap((session, index) => {
      const found = newest[index];
      return found === undefined ? [] : statusOf(system, session, found, service.record, now);
    }),
    keepAlive: keepAliveStatus(service.record.keepAlive, now),
  };
}

function marketStatus(calendar: Calendar, now: number): MarketStatus {
  const { isTradingDay, opensAt, closesAt, note } = calendar.dayOf(now);
  return { isTradingDay, opensAt: isoOrNull(opensAt), closesAt: isoOrNull(closesAt), note };
}

function statusOf(
  system: System,
  session: ConfiguredSession,
  { record, unconfirmed }: Newest,
  service: ServiceRecord,
  now: number,
): SessionStatus {
  const { consumerKeySince = null } = session;
  const { rules } = session.broker;
  const state = stateOf(record, rules, now);
  const calendar = system.calendar(rules.market);
  const covered = coverage(record, rules, calendar, now);
  const adoption = adoptionOf(record, session.workers, service.reportsCollectedAt ?? now);
  const live = state === 'active' || state === 'inactive' || state === 'unknown';
  const remainingMs = live && record.hardEndsAt !== null ? record.hardEndsAt - now : null;
  return {
    key: session.key,
    title: session.title,
    market: rules.market,
    required: session.required,
    state,
    apiValidated: isValidated(record, rules, now),
    generation: record.generation,
    issuedAt: isoOrNull(record.issuedAt),
    accessExpiresAt: isoOrNull(record.accessExpiresAt),
    hardEndsAt: isoOrNull(record.hardEndsAt),
    idleAt: live ? isoOrNull(idleAt(record, rules)) : null,
    clocks: clocksOf({ record, rules, consumerKeySince }, now).map(({ endsAt, ...clock }) => ({
      ...clock,
      endsAt: iso(endsAt),
    })),
    timeRemainingHours: remainingMs === null ? null : Math.round(remainingMs / 36_000) / 100,
    lastUsedAt: isoOrNull(record.lastUsedAt),
    lastRenewedAt: isoOrNull(record.lastRenewedAt),
    lastSuccessAt: isoOrNull(record.lastSuccessAt),
    coverage: { untilClose: covered.untilClose, limitedBy: covered.limitedBy },
    needsSignIn: needsSignIn(record, rules, calendar, now) && !awaitsCheck(unconfirmed, now),
    nextSignInAt: isoOrNull(nextSignInAt(record, rules, calendar, session.alertAt, now)),
    unconfirmed: unconfirmedStatus(unconfirmed ?? unprovenOf(record, state), now),
    trouble: troubleOf(service, session),
    counts: { ...record.counts, undelivered: record.undelivered.length },
    workers: adoption.workers.map(({ lastUsedAt, heardAt, ...worker }) => ({
      ...worker,
      lastUsedAt: isoOrNull(lastUsedAt),
      at: isoOrNull(heardAt),
    })),
    adoption: adoptionStatus(adoption, calendar.zone, now),
  };
}

/** A token that is in use and was never proven: the sign-in could not ask the broker. */
function unprovenOf(record: SessionRecord, state: SessionState): Unconfirmed | null {
  const { generation, issuedAt, hardEndsAt, lastSuccessAt } = record;
  if (state !== 'unknown' || issuedAt === null) return null;
  const isProven = lastSuccessAt !== null && lastSuccessAt >= issuedAt;
  return isProven ? null : { generation, savedAt: issuedAt, hardEndsAt };
}

function unconfirmedStatus(
  unconfirmed: Unconfirmed | null,
  now: number,
): SessionStatus['unconfirmed'] {
  if (unconfirmed === null) return null;
  const { generation, savedAt } = unconfirmed;
  return { generation, savedAt: iso(savedAt), nextCheckAt: iso(nextKeepAliveAt(now)) };
}

/** The oldest warning that is open. */
function troubleOf(
  { warnings }: ServiceRecord,
  { key }: ConfiguredSession,
): SessionStatus['trouble'] {
  const [oldest] = warnings
    .filter(({ session }) => session === key)
    .toSorted((a, b) => a.since - b.since);
  return oldest === undefined ? null : { reason: oldest.reason, since: iso(oldest.since) };
}

/** The adoption in the form of answers and reports. */
export function adoptionStatus(adoption: Adoption, zone: string, now: number): AdoptionStatus {
  const { expected, current, lagging, waiting, offline } = adoption;
  return {
    expected,
    current,
    lagging: lagging.map((each) => ({ ...each, since: iso(each.since) })),
    waiting,
    offline,
    text: adoptionText(adoption, zone, now),
  };
}

function keepAliveStatus(record: ServiceRecord['keepAlive'], now: number): KeepAliveStatus {
  const { lastRunAt, lastOutcome, consecutiveFailures } = record;
  const lateAfterMs = KEEP_ALIVE_EVERY_MS + RENEWAL_MARGIN_MS;
  const status =
    lastRunAt === null
      ? 'never-run'
      : now - lastRunAt > lateAfterMs
        ? 'late'
        : (lastOutcome ?? 'never-run');
  const nextRunAt = iso(nextKeepAliveAt(now));
  return { status, lastRunAt: isoOrNull(lastRunAt), nextRunAt, consecutiveFailures };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}
