/**
 * The morning's ladder: sends the alert stage that is due and was not sent, whichever function runs first.
 *
 * A stage is a notice with a fixed id, so the same call twice, or two functions at once, tell it once. Where a
 * broker can ask the person in its own app, a session's first alert of the day has it do so.
 * Ends that come anyway are announced ahead in the same run. Called by every scheduled function.
 */

import { StoreError } from '../errors.ts';
import { sessionsForStage } from '../lifecycle/alert-ladder.ts';
import type { ServiceRecord } from '../lifecycle/notices.ts';
import { toldOn, withdrawOvertaken } from '../lifecycle/service.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import { type DueAlert, dueAlerts } from './due-alerts.ts';
import { requestApproval } from './request-approval.ts';
import { type DueSession, lookForDue } from './sessions-due.ts';
import type { System } from './system.ts';
import { type NewNotice, type Telling, tell } from './tell.ts';
import { warningsAhead } from './warn-ahead.ts';

/** Also delivers every other notice that waits. @throws StoreError when a record cannot be read */
export async function sendAlerts(system: System): Promise<Telling> {
  const now = system.clock();
  const alerts = dueAlerts(system, now);
  // At night and on holidays nobody is asked, and every look for a newer token costs money.
  const due = alerts.length === 0 ? [] : await lookForDue(system);
  const { record } = await system.store.loadService();
  const service = withdrawOvertaken(record, now, new Set(alerts.map(({ id }) => id)));
  const named = alerts.map((alert) => ({ alert, keys: namedBy(alert, due, service) }));
  await Promise.all(named.map(({ alert, keys }) => askOnPhones(system, alert, keys, service)));
  const notices = named.flatMap(({ alert, keys }) =>
    keys.length === 0 ? [] : [noticeOf(alert, keys)],
  );
  return tell(system, [...notices, ...(await warningsAhead(system))]);
}

/** With a session's first alert of the day, and before it: the message says what is on the phone. */
async function askOnPhones(
  system: System,
  { day, sessions }: DueAlert,
  keys: readonly SessionKey[],
  service: ServiceRecord,
): Promise<void> {
  const told = toldOn(service, day.date);
  const first = sessions.filter(({ key }) => keys.includes(key) && !told.includes(key));
  await Promise.all(
    first.map(async (session) => {
      try {
        await requestApproval(system, session, 'alert');
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        const labels = { session: session.key };
        system.log.error('approval-not-requested', 'Nobody was asked on a phone.', error, labels);
      }
    }),
  );
}

/** The sessions whose people are asked now: not those that were asked out of turn since the stage began. */
function namedBy(
  { stage, day, zone, sessions }: DueAlert,
  due: readonly DueSession[],
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
    needsSignIn: due.some((each) => each.key === key) && !asked.has(key),
    worksStill: due.some((each) => each.key === key && each.worksStill),
  }));
  return sessionsForStage(stage, ladder, { day, zone, told: toldOn(service, day.date) });
}

function noticeOf(
  { id, stage, opensAt, closesAt }: DueAlert,
  sessions: readonly SessionKey[],
): NewNotice {
  return { id, notice: { kind: 'sign-in-due', stage: stage.kind, sessions, opensAt, closesAt } };
}
