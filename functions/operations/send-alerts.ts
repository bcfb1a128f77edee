/**
 * The morning's ladder: sends the alert stage that is due and was not sent, whichever function runs first.
 *
 * A stage is a notice with a fixed id, so the same call twice, or two functions at once, tell it once.
 * Called by every scheduled function.
 */

import {
  dueStage,
  type LadderSession,
  sessionsForStage,
  stagesOf,
} from '../lifecycle/alert-ladder.ts';
import type { Market } from '../lifecycle/rules.ts';
import { toldOn } from '../lifecycle/service.ts';
import { sessionsDue } from './sessions-due.ts';
import type { System } from './system.ts';
import { type NewNotice, type Telling, tell } from './tell.ts';

/** Also delivers every other notice that waits. @throws StoreError when a record cannot be read */
export async function sendAlerts(system: System): Promise<Telling> {
  const due = new Set(await sessionsDue(system));
  const { record: service } = await system.store.loadService();
  const now = system.clock();
  const notices: NewNotice[] = [];
  const markets = new Set(system.sessions.map((session) => session.broker.rules.market));
  for (const market of markets) {
    const day = system.calendar(market).dayOf(now);
    const { zone } = system.calendar(market);
    const sessions = ladderOf(system, market, due);
    const alertTimes = sessions.map((session) => session.alertAt);
    const stage = dueStage(stagesOf(day, zone, alertTimes), now);
    if (stage === null || day.opensAt === null || day.closesAt === null) continue;
    const asked = new Set(
      service.notices
        .filter((queued) => queued.queuedAt >= stage.dueAt)
        .flatMap(({ notice }) => (notice.kind === 'sign-in-needed' ? [notice.session] : [])),
    );
    const facts = { day, zone, told: toldOn(service, day.date) };
    const named = sessionsForStage(stage, sessions, facts).filter((key) => !asked.has(key));
    if (named.length === 0) continue;
    notices.push({
      id: `${day.date}/${market}/${stage.id}`,
      notice: {
        kind: 'sign-in-due',
        stage: stage.kind,
        sessions: named,
        opensAt: day.opensAt,
        closesAt: day.closesAt,
      },
    });
  }
  return tell(system, notices);
}

function ladderOf(system: System, market: Market, due: ReadonlySet<string>): LadderSession[] {
  return system.sessions
    .filter((session) => session.broker.rules.market === market)
    .map(({ key, alertAt, required }) => ({ key, alertAt, required, needsSignIn: due.has(key) }));
}
