/**
 * The morning's ladder: sends the alert stage that is due and was not sent, whichever function runs first.
 *
 * A stage is a notice with a fixed id, so the same call twice, or two functions at once, tell it once.
 * Called by every scheduled function.
 */

import { sessionsForStage } from '../lifecycle/alert-ladder.ts';
import type { ServiceRecord } from '../lifecycle/notices.ts';
import { toldOn, withdrawOvertaken } from '../lifecycle/service.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import { type DueAlert, dueAlerts } from './due-alerts.ts';
import { sessionsDue } from './sessions-due.ts';
import type { System } from './system.ts';
import { type NewNotice, type Telling, tell } from './tell.ts';

/** Also delivers every other notice that waits. @throws StoreError when a record cannot be read */
export async function sendAlerts(system: System): Promise<Telling> {
  const now = system.clock();
  const alerts = dueAlerts(system, now);
  // At night and on holidays nobody is asked, and every look for a newer token costs money.
  const due = new Set(alerts.length === 0 ? [] : await sessionsDue(system));
  const { record } = await system.store.loadService();
  const service = withdrawOvertaken(record, now, new Set(alerts.map(({ id }) => id)));
  const notices = alerts.flatMap((alert) => {
    const named = namedBy(alert, due, service);
    return named.length === 0 ? [] : [noticeOf(alert, named)];
  });
  return tell(system, notices);
}

/** The sessions whose people are asked now: not those that were asked out of turn since the stage began. */
function namedBy(
  { stage, day, zone, sessions }: DueAlert,
  due: ReadonlySet<SessionKey>,
  service: ServiceRecord,
): readonly SessionKey[] {
  const asked = new Set(
    service.notices
      .filter((queued) => queued.queuedAt >= stage.dueAt)
      .flatMap(({ notice }) => (notice.kind === 'sign-in-needed' ? [notice.session] : [])),
  );
  const ladder = sessions.map(({ key, alertAt, required }) => ({
    key,
    alertAt,
    required,
    needsSignIn: due.has(key) && !asked.has(key),
  }));
  return sessionsForStage(stage, ladder, { day, zone, told: toldOn(service, day.date) });
}

function noticeOf(
  { id, stage, opensAt, closesAt }: DueAlert,
  sessions: readonly SessionKey[],
): NewNotice {
  return { id, notice: { kind: 'sign-in-due', stage: stage.kind, sessions, opensAt, closesAt } };
}
