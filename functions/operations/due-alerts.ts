/**
 * Which stage of the alert ladder is due now, in each market that a session trades on.
 *
 * Reads the calendar and the sessions' settings, no record. Asked by send-alerts, and before anything is
 * told, since an alert whose stage is over is not sent any more.
 */

import { dueStage, stagesOf } from '../lifecycle/alert-ladder.ts';
import type { MarketDay } from '../lifecycle/calendar.ts';
import type { Stage } from '../lifecycle/notices.ts';
import type { ConfiguredSession, System } from './system.ts';

export type DueAlert = {
  /** Of the notice: `2026-03-09/NYSE/first-08:30`. */
  readonly id: string;
  readonly stage: Stage;
  readonly day: MarketDay;
  readonly opensAt: number;
  readonly closesAt: number;
  readonly zone: string;
  /** The market's sessions. */
  readonly sessions: readonly ConfiguredSession[];
};

/** One a market at most; none outside the ladder's hours. */
export function dueAlerts(system: System, now: number): readonly DueAlert[] {
  const markets = new Set(system.sessions.map((session) => session.broker.rules.market));
  return [...markets].flatMap((market) => {
    const calendar = system.calendar(market);
    const { zone } = calendar;
    const day = calendar.dayOf(now);
    const { opensAt, closesAt } = day;
    const sessions = system.sessions.filter(({ broker }) => broker.rules.market === market);
    const alertTimes = sessions.map((session) => session.alertAt);
    const stage = dueStage(stagesOf(day, zone, alertTimes), now);
    if (stage === null || opensAt === null || closesAt === null) return [];
    const id = `${day.date}/${market}/${stage.id}`;
    return [{ id, stage, day, opensAt, closesAt, zone, sessions }];
  });
}
