/**
 * Keeps every session usable until the next run: `decide`, then probe or renew what needs it.
 *
 * Never asks a human for what a later run can mend. Called by keep-alive on its schedule, by a worker
 * for one session, and by "Check now" on the page.
 */

import { decide, nextKeepAliveAt } from '../lifecycle/decide.ts';
import { KEEP_ALIVE_EVERY_MS, MANUAL_ACTION_EVERY_MS } from '../lifecycle/limits.ts';
import { isOver, type SessionKey } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import { collectReports } from './collect-reports.ts';
import { deliverEvents } from './deliver-events.ts';
import { forEachSession } from './for-each-session.ts';
import { proveSession } from './prove-session.ts';
import { settleSession } from './settle-session.ts';
import type { ConfiguredSession, System } from './system.ts';
import { tell } from './tell.ts';
import { tellRejected } from './tell-proof.ts';
import { updateService, updateSession } from './update-record.ts';

export type RenewalOutcome = {
  readonly session: SessionKey;
  readonly action: 'none' | 'probed' | 'renewed' | 'sign-in-needed' | 'failed';
  /** Why: the decision's reason, or the broker's or store's word for what went wrong. */
  readonly reason: string;
  /** Whether every event of the session has reached the event service. */
  readonly delivered: boolean;
  /** The access token ends before the next run and was not refreshed: this run is to be repeated soon. */
  readonly urgent?: true;
};

export type RenewalReport = {
  readonly at: number;
  readonly outcomes: readonly RenewalOutcome[];
  readonly failures: number;
};

/** "Check now" acts once a minute. */
export type ForceResult =
  | { readonly ok: true; readonly report: RenewalReport }
  | { readonly ok: false; readonly reason: 'too-soon'; readonly retryAt: number };

/** `due` does what the next run needs · `now` makes a call with every live token */
type Mode = 'due' | 'now';

const HOUR_MS = 60 * 60_000;

/**
 * @param only one session, or `null` for all
 * @param isLimited for callers that are less trusted than the scheduler: a session's broker is asked once a minute
 */
export async function renewSessions(
  system: System,
  only: SessionKey | null,
  mode: Mode = 'due',
  isLimited = false,
): Promise<RenewalReport> {
  const isScheduled = only === null && mode === 'due' && !isLimited;
  // First, so that no call is made for what a worker has just used. A worker that asks does not wait for it.
  const { collectedAt } = isScheduled ? await collectReports(system) : { collectedAt: null };
  const sessions = system.sessions.filter((session) => only === null || session.key === only);
  await system.store.prefetch(sessions.map(({ key }) => key));
  const done = await forEachSession(sessions, (session) =>
    renewSession(system, session, { mode, isScheduled, isLimited }),
  );
  const outcomes = done.map((item): RenewalOutcome => {
    if (item.ok) return item.value;
    const { key } = item.session;
    system.log.error('session-not-renewed', 'A session could not be looked after.', item.error, {
      session: key,
    });
    return { session: key, action: 'failed', reason: reasonOf(item.error), delivered: false };
  });
  const failures = outcomes.filter((outcome) => outcome.action === 'failed').length;
  const at = system.clock();
  // A run by hand does not hide that the scheduler is late.
  if (isScheduled) {
    await tell(system, [], (service) => ({
      ...service,
      reportsCollectedAt: collectedAt ?? service.reportsCollectedAt,
      keepAlive: {
        ...service.keepAlive,
        lastRunAt: at,
        lastOutcome: failures === 0 ? 'ok' : 'failing',
        consecutiveFailures: failures === 0 ? 0 : service.keepAlive.consecutiveFailures + 1,
      },
    }));
  }
  return { at, outcomes, failures };
}

export async function forceKeepAlive(system: System): Promise<ForceResult> {
  const now = system.clock();
  const claimed = await updateService<number>(system, (service) => {
    const { lastForcedAt } = service.keepAlive;
    if (lastForcedAt !== null && now < lastForcedAt + MANUAL_ACTION_EVERY_MS) {
      return { stop: lastForcedAt + MANUAL_ACTION_EVERY_MS };
    }
    return { next: { ...service, keepAlive: { ...service.keepAlive, lastForcedAt: now } } };
  });
  if (!claimed.ok) return { ok: false, reason: 'too-soon', retryAt: claimed.stopped };
  return { ok: true, report: await renewSessions(system, null, 'now') };
}

async function renewSession(
  system: System,
  session: ConfiguredSession,
  {
    mode,
    isScheduled,
    isLimited,
  }: { readonly mode: Mode; readonly isScheduled: boolean; readonly isLimited: boolean },
): Promise<RenewalOutcome> {
  // A refresh leaves a version behind every quarter of an hour, at night and on weekends too. They are looked
  // through once an hour: the list names every version there ever was.
  const isFirstOfHour = system.clock() % HOUR_MS < KEEP_ALIVE_EVERY_MS;
  const prune = isScheduled && isFirstOfHour && session.broker.rules.renewal === 'refresh';
  await settleSession(system, session, { prune });
  // Before the broker is asked: workers wait for what is stored, not for a slow broker.
  const { delivered } = await deliverEvents(system, session);
  const outcome = (action: RenewalOutcome['action'], reason: string): RenewalOutcome => ({
    session: session.key,
    action,
    reason,
    delivered,
  });
  const { record } = await system.store.load(session.key);
  const now = system.clock();
  const decision = decide(record, session.broker.rules, now, nextKeepAliveAt(now));
  if (decision.type === 'sign-in') {
    // Said already by whoever found it, unless that run died in between.
    if (decision.reason === 'rejected') await tellRejected(system, session, record);
    return outcome('sign-in-needed', decision.reason);
  }
  if (decision.type === 'none' && mode === 'due') return outcome('none', decision.reason);
  if (isLimited && !(await mayAsk(system, session))) {
    return outcome('none', 'asked-a-minute-ago');
  }
  const begin = decision.type === 'renew' ? 'renew' : 'probe';
  const proof = await proveSession(system, session, record, begin);
  switch (proof.outcome) {
    case 'proven': {
      const { record: after } = await system.store.load(session.key);
      const isDelivered = delivered && after.undelivered.length === 0;
      const action = proof.renewed ? 'renewed' : 'probed';
      return { ...outcome(action, decision.reason), delivered: isDelivered };
    }
    case 'busy':
      return outcome('none', 'refresh-in-progress');
    case 'rejected':
      return outcome('sign-in-needed', proof.problem);
    case 'failed': {
      const failed = outcome('failed', proof.failure.problem);
      const isUrgent =
        session.broker.rules.renewal === 'refresh' &&
        proof.failure.reason === 'transient' &&
        isOver(record.accessExpiresAt, nextKeepAliveAt(now));
      return isUrgent ? { ...failed, urgent: true } : failed;
    }
  }
}

/** All limited callers together reach a session's broker once a minute. */
async function mayAsk(system: System, session: ConfiguredSession): Promise<boolean> {
  const now = system.clock();
  const claimed = await updateSession(system, session.key, (record) =>
    record.keepAliveAskedAt !== null && now < record.keepAliveAskedAt + MANUAL_ACTION_EVERY_MS
      ? { stop: 'too-soon' }
      : {
          next: transition(record, { type: 'keep-alive-asked', at: now }, session.broker.rules),
        },
  );
  return claimed.ok;
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'unexpected';
}
