/**
 * The morning's alerts: which one is due, and which sessions it names.
 *
 * Pure. Each session has a first alert at its own time; required sessions have reminders until someone
 * signs in: before the open, at it, then every half hour until the close. Called by send-alerts.
 */

import type { Calendar, MarketDay } from './calendar.ts';
import {
  DEFAULT_ALERT_BEFORE_OPEN_MS,
  REMINDER_EVERY_MS,
  REMINDERS_BEFORE_OPEN_MS,
} from './limits.ts';
import type { Stage } from './notices.ts';
import type { BrokerRules } from './rules.ts';
import { endsAt, type SessionKey, type SessionRecord, stateOf } from './session.ts';
import { momentOf, timeIn } from './wall-clock.ts';

/** A session as the ladder sees it. */
export type LadderSession = {
  readonly key: SessionKey;
  /** Wall-clock time of its first alert in the market's zone; `null`: an hour before the open. */
  readonly alertAt: string | null;
  readonly required: boolean;
  readonly needsSignIn: boolean;
  /** Its token works, only not until the close: that end is announced on its own. */
  readonly worksStill: boolean;
};

type Step = Omit<Stage, 'overtakenAt'>;

const MINUTE_MS = 60_000;

/**
 * The stages of a market day, in order; none on a day without trading. Alert times are of the day
 * itself, so `00:05` and `04:00` belong to the trading that follows them.
 *
 * @param alertAtTimes the sessions' alert times, `HH:MM`; `null`: an hour before the open
 */
export function stagesOf(
  day: MarketDay,
  zone: string,
  alertAtTimes: readonly (string | null)[],
): Stage[] {
  const { opensAt, closesAt } = day;
  if (opensAt === null || closesAt === null) return [];
  // First alerts stand before reminders, and sorting keeps them there: of two due at once the reminder counts.
  const steps = [...firstAlerts(day, zone, alertAtTimes), ...reminders(opensAt, closesAt)]
    .filter((step) => step.dueAt < closesAt)
    .sort((a, b) => a.dueAt - b.dueAt);
  return steps.map((step, index) => ({
    ...step,
    overtakenAt: steps[index + 1]?.dueAt ?? closesAt,
  }));
}

/** The stage that is due at `now`; older ones are overtaken. `null` before the first and from the close on. */
export function dueStage(stages: readonly Stage[], now: number): Stage | null {
  return stages.find((stage) => stage.dueAt <= now && now < stage.overtakenAt) ?? null;
}

/**
 * The sessions that a stage's message names; empty when there is nothing to send.
 *
 * A first alert is sent when it has something new to say and then names every session whose alert time
 * has come, those told already only if they are required. A reminder is for the required ones, and for
 * any other whose own first alert was overtaken before it was sent: nobody goes untold. It says that there is
 * no token, so it names no session whose token still works.
 *
 * @param facts.told sessions that an alert of this market day has already named (`toldOn` in service.ts)
 */
export function sessionsForStage(
  stage: Stage,
  sessions: readonly LadderSession[],
  facts: { readonly day: MarketDay; readonly zone: string; readonly told: readonly SessionKey[] },
): SessionKey[] {
  const alertTimeHasCome = ({ alertAt }: LadderSession) => {
    const firstAt = firstAlertAt(facts.day, facts.zone, alertAt);
    return firstAt !== null && firstAt <= stage.dueAt;
  };
  const isNew = (session: LadderSession) =>
    !facts.told.includes(session.key) && alertTimeHasCome(session);
  const waiting = sessions.filter(
    ({ needsSignIn, worksStill }) => needsSignIn && (stage.kind === 'first' || !worksStill),
  );
  if (stage.kind === 'first' && !waiting.some(isNew)) return [];
  return waiting
    .filter((session) =>
      stage.kind === 'first'
        ? isNew(session) || (session.required && alertTimeHasCome(session))
        : isNew(session) || session.required,
    )
    .map((session) => session.key);
}

/**
 * When people are next asked for a sign-in, if nothing goes wrong: the first alert of the trading day whose close
 * the token does not reach. `null` for a session that renews itself.
 */
export function nextSignInAt(
  record: SessionRecord,
  rules: BrokerRules,
  calendar: Calendar,
  alertAt: string | null,
  now: number,
): number | null {
  const state = stateOf(record, rules, now);
  const end = state === 'none' || state === 'expired' ? now : endsAt(record, rules);
  if (end === null) return null;
  const day = calendar.dayOf(end);
  const isReached = day.closesAt === null || end >= day.closesAt;
  return firstAlertAt(isReached ? calendar.nextTradingDay(end) : day, calendar.zone, alertAt);
}

function firstAlertAt(day: MarketDay, zone: string, alertAt: string | null): number | null {
  const { opensAt, closesAt } = day;
  if (opensAt === null || closesAt === null) return null;
  const byDefault = opensAt - DEFAULT_ALERT_BEFORE_OPEN_MS;
  if (alertAt === null) return byDefault;
  // A session with hours of its own may be over by then.
  const own = momentOf(zone, day.date, alertAt);
  return own < closesAt ? own : byDefault;
}

function firstAlerts(
  day: MarketDay,
  zone: string,
  alertAtTimes: readonly (string | null)[],
): Step[] {
  const moments = alertAtTimes
    .map((alertAt) => firstAlertAt(day, zone, alertAt))
    .filter((dueAt) => dueAt !== null);
  return [...new Set(moments)].map((dueAt) => ({
    id: `first-${timeIn(zone, dueAt)}`,
    kind: 'first',
    dueAt,
  }));
}

function reminders(opensAt: number, closesAt: number): Step[] {
  const steps: Step[] = REMINDERS_BEFORE_OPEN_MS.map((beforeMs) =>
    beforeMs === 0
      ? { id: 'open', kind: 'open', dueAt: opensAt }
      : {
          id: `before-open-${beforeMs / MINUTE_MS}`,
          kind: 'reminder',
          dueAt: opensAt - beforeMs,
        },
  );
  for (let dueAt = opensAt + REMINDER_EVERY_MS; dueAt < closesAt; dueAt += REMINDER_EVERY_MS) {
    steps.push({ id: `after-open-${(dueAt - opensAt) / MINUTE_MS}`, kind: 'late', dueAt });
  }
  return steps;
}
