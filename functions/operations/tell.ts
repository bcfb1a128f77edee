/**
 * Tells people: saves a notice first, then claims it, sends it and marks it sent.
 *
 * A notice has a deterministic id, so the same fact is told once whoever finds it; a claim whose sender
 * died lapses and is sent again. Never fails its caller: a sign-in does not fail because a message did.
 * Called by every operation that has something to say.
 */

import { NotificationError, StoreError } from '../errors.ts';
import { isBehind } from '../lifecycle/adoption.ts';
import { NOTICE_RETRY_AFTER_MS } from '../lifecycle/limits.ts';
import { byOpening, opensNextAt, phaseOf } from '../lifecycle/market-phase.ts';
import {
  type Notice,
  type QueuedNotice,
  type ServiceRecord,
  sessionsOf,
} from '../lifecycle/notices.ts';
import {
  claim,
  claimable,
  enqueue,
  isWaiting,
  markFailed,
  markRefused,
  markSent,
  prune,
  withdrawOvertaken,
} from '../lifecycle/service.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import { approvalFacts } from './approval-facts.ts';
import { dueAlerts } from './due-alerts.ts';
import { sessionOf } from './find-session.ts';
import { zoneOf } from './markets.ts';
import { sessionsDue } from './sessions-due.ts';
import type { ConfiguredSession, System } from './system.ts';
import { updateService } from './update-record.ts';
import { stillAhead } from './warn-ahead.ts';

export type NewNotice = { readonly id: string; readonly notice: Notice };

export type Telling = {
  /** Whether the notices are saved; a caller keeps what it could not save, so that the next run tells it. */
  readonly saved: boolean;
  /** Notices this call delivered. */
  readonly sent: number;
  /** Notices that nobody has sent yet, those included that another sender holds. */
  readonly waiting: number;
};

/** A requested link is worth nothing to a person who has waited longer. */
const LINK_STALE_AFTER_MS = 10 * 60_000;

/** Whether a scheduled function must be called again soon: a stage of the ladder may end in 15 minutes. */
export function isUntold({ saved, waiting }: Telling): boolean {
  return !saved || waiting > 0;
}

/** Saves and sends `notices` together with whatever else is due. `alter` changes the record in the same write. */
export async function tell(
  system: System,
  notices: readonly NewNotice[],
  alter: (record: ServiceRecord) => ServiceRecord = (record) => record,
): Promise<Telling> {
  let claimed: readonly QueuedNotice[] = [];
  let service: ServiceRecord;
  try {
    const updated = await updateService(system, (before) => {
      const now = system.clock();
      let next = prune(alter(before), now);
      for (const { id, notice } of notices) next = enqueue(next, notice, id, now);
      next = withdrawOvertaken(next, now, new Set(dueAlerts(system, now).map(({ id }) => id)));
      claimed = claimable(next, now);
      for (const { id } of claimed) next = claim(next, id, now) ?? next;
      return { next };
    });
    if (!updated.ok) return updated.stopped;
    service = updated.record;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    system.log.error('notice-not-saved', 'What should be told could not be saved.', error, {
      notices: notices.map((notice) => notice.id),
    });
    return { saved: false, sent: 0, waiting: notices.length };
  }
  // What another sender holds waits, too: it may have died with the message unsent.
  const laterOn = service.notices.filter(isWaiting).length - claimed.length;
  let due: Promise<readonly SessionKey[]> | null = null;
  const dueNow: DueNow = () => {
    due ??= sessionsDue(system);
    return due;
  };
  let sent = 0;
  for (const [index, queued] of claimed.entries()) {
    const outcome = await send(system, service, queued, dueNow);
    if (outcome === 'sent') sent += 1;
    if (typeof outcome === 'object') {
      const unsent = claimed.slice(index);
      await postpone(system, unsent, outcome);
      return { saved: true, sent, waiting: laterOn + unsent.length };
    }
  }
  return { saved: true, sent, waiting: laterOn };
}

/** The sessions that wait for a sign-in, looked up once a call. */
type DueNow = () => Promise<readonly SessionKey[]>;

/** What became of one notice; a `problem` means that the messenger, or the store, is not to be had now. */
type Sending =
  | 'sent'
  | 'overtaken'
  | 'refused'
  | { readonly problem: string; readonly retryAt: number };

async function send(
  system: System,
  service: ServiceRecord,
  queued: QueuedNotice,
  dueNow: DueNow,
): Promise<Sending> {
  const log = system.log.with({ notice: queued.id });
  const { id } = queued;
  try {
    const notice = await stillTrue(system, service, queued, dueNow);
    if (notice === null) {
      log.info('notice-overtaken', 'A waiting message is no longer true and was dropped.');
      await mark(system, (record) => markSent(record, id, system.clock()));
      return 'overtaken';
    }
    await system.notifier.deliver(notice, {
      now: system.clock(),
      link: system.signInLink,
      title: (key) => sessionOf(system, key)?.title ?? key,
      approvals: await approvalFacts(system, askedIn(notice)),
      zone: zoneOf(system, sessionsOf(notice)),
    });
    log.info('notice-sent', 'A message was delivered.', { kind: notice.kind });
    await mark(system, (record) => markSent(record, id, system.clock()));
    return 'sent';
  } catch (error) {
    if (!(error instanceof NotificationError || error instanceof StoreError)) throw error;
    log.error('notice-not-sent', 'A message could not be delivered.', error, {
      kind: queued.notice.kind,
    });
    const now = system.clock();
    if (error instanceof NotificationError && !error.retryable) {
      await mark(system, (record) => markRefused(record, id, error.message, now));
      return 'refused';
    }
    const askedMs = error instanceof NotificationError ? error.retryAfterMs : null;
    const retryAt = now + Math.max(askedMs ?? 0, NOTICE_RETRY_AFTER_MS);
    return { problem: error.message, retryAt };
  }
}

/** The sessions that a message asks for. */
function askedIn(notice: Notice): readonly SessionKey[] {
  if (notice.kind === 'signed-in') return notice.stillDue;
  return notice.kind === 'sign-in-due' ? notice.sessions : [];
}

/** Gives claims back untried: with the messenger down each try would cost a caller its whole timeout. */
async function postpone(
  system: System,
  unsent: readonly QueuedNotice[],
  { problem, retryAt }: { readonly problem: string; readonly retryAt: number },
): Promise<void> {
  await mark(system, (record) =>
    unsent.reduce((next, { id }) => markFailed(next, id, problem, retryAt), record),
  );
}

async function mark(
  system: System,
  alter: (record: ServiceRecord) => ServiceRecord,
): Promise<void> {
  try {
    await updateService(system, (record) => ({ next: alter(record) }));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    system.log.error(
      'notice-not-marked',
      'A message may be sent twice: its mark was not saved.',
      error,
    );
  }
}

/** The notice as it is true now, or `null` when it has been overtaken while it waited. */
async function stillTrue(
  system: System,
  service: ServiceRecord,
  queued: QueuedNotice,
  dueNow: DueNow,
): Promise<Notice | null> {
  const { notice } = queued;
  if (notice.kind === 'link') {
    return system.clock() - queued.queuedAt > LINK_STALE_AFTER_MS ? null : notice;
  }
  if (notice.kind === 'failing') {
    return service.warnings.some((warning) => warning.session === notice.session) ? notice : null;
  }
  if (notice.kind === 'signed-in') {
    // Once the broker has taken the token, that is told by itself.
    if (!notice.proven && (await isJudged(system, notice))) return null;
    const due = await dueNow();
    const stillDue = due.filter((key) => isStillToDo(system, key, notice.session));
    return { ...notice, stillDue: inOrder(system, stillDue) };
  }
  if (notice.kind === 'ends-ahead') return stillAhead(system, notice);
  if (notice.kind === 'worker-behind') {
    const { record } = await system.store.load(notice.session);
    return isBehind(record, notice.worker) ? notice : null;
  }
  if (notice.kind === 'sign-in-needed' && notice.trouble === 'token-rejected') {
    const { record } = await system.store.load(notice.session);
    return (record.signedInAt ?? 0) > queued.queuedAt ? null : notice;
  }
  if (notice.kind !== 'sign-in-due') return notice;
  if (system.clock() >= notice.closesAt) return null;
  const due = await dueNow();
  const sessions = notice.sessions.filter((key) => due.includes(key));
  return sessions.length === 0 ? null : { ...notice, sessions };
}

/** A required session of the same market, or of one that trades today: elsewhere nobody needs it yet. */
function isStillToDo(system: System, key: SessionKey, signedIn: SessionKey): boolean {
  const session = sessionOf(system, key);
  if (session?.required !== true) return false;
  const { market } = session.broker.rules;
  if (market === sessionOf(system, signedIn)?.broker.rules.market) return true;
  const now = system.clock();
  return phaseOf(system.calendar(market).dayOf(now), now) !== 'over';
}

/** What is open first, then what opens soonest: as the pages list them. */
function inOrder(system: System, keys: readonly SessionKey[]): readonly SessionKey[] {
  const opensAt = (key: SessionKey): number | null => {
    const session = sessionOf(system, key);
    if (session === null) return null;
    return opensNextAt(system.calendar(session.broker.rules.market), system.clock());
  };
  return keys.toSorted((a, b) => byOpening(opensAt(a), opensAt(b)));
}

type SignedIn = Extract<Notice, { kind: 'signed-in' }>;

/** Whether the broker has said yes or no to a token that was saved without its word. */
async function isJudged(system: System, { session, generation }: SignedIn): Promise<boolean> {
  const { record } = await system.store.load(session);
  if (record.generation !== generation) return record.generation > generation;
  return record.proof === 'proven' || record.proof === 'rejected';
}

/** A PIN was spent and nothing saved: told once per attempt, by the sign-in itself or by the sweep. */
export async function tellSpent(
  system: System,
  { key }: ConfiguredSession,
  attempt: string,
): Promise<Telling> {
  return tell(system, [
    {
      id: `${key}/spent/${attempt}`,
      notice: { kind: 'sign-in-needed', session: key, trouble: 'pin-spent-nothing-saved' },
    },
  ]);
}
