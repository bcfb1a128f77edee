/**
 * What happens to the record of what people were told: notices queued, claimed, settled, forgotten;
 * warnings opened and closed.
 *
 * Pure. A function that changes nothing returns the same object, so that callers write nothing. Called
 * by operations between reading the service record and replacing it.
 */

import {
  ASKED_WITHIN_MS,
  LINK_WAITS_MS,
  MANUAL_ACTION_EVERY_MS,
  NOTICE_CLAIM_MS,
  NOTICE_KEPT_MS,
  NOTICES_KEPT,
} from './limits.ts';
import type { Notice, OpenWarning, QueuedNotice, ServiceRecord } from './notices.ts';
import type { SessionKey } from './session.ts';

/**
 * Adds a notice, to be sent at once. Idempotent: the same object when the id is known, whatever became
 * of it.
 *
 * @param id the fact, not the call: `2026-03-09/first-08:30`, `etrade-prod/signed-in/17`
 */
export function enqueue(
  record: ServiceRecord,
  notice: Notice,
  id: string,
  at: number,
): ServiceRecord {
  if (record.notices.some((queued) => queued.id === id)) return record;
  const queued: QueuedNotice = {
    id,
    notice,
    queuedAt: at,
    tries: 0,
    delivery: { state: 'queued', notBefore: at },
    lastProblem: null,
  };
  return { ...record, notices: [...record.notices, queued] };
}

/** Notices that may be claimed at `now`, oldest first: waiting ones, and those whose sender died. */
export function claimable(record: ServiceRecord, now: number): readonly QueuedNotice[] {
  return record.notices
    .filter((queued) => isClaimable(queued, now))
    .toSorted((a, b) => a.queuedAt - b.queuedAt);
}

/** The record with the notice claimed for `NOTICE_CLAIM_MS`; `null` when it is not for the taking. */
export function claim(record: ServiceRecord, id: string, now: number): ServiceRecord | null {
  const found = record.notices.find((queued) => queued.id === id);
  if (found === undefined || !isClaimable(found, now)) return null;
  return replaceNotice(record, {
    ...found,
    tries: found.tries + 1,
    delivery: { state: 'sending', until: now + NOTICE_CLAIM_MS },
  });
}

/** The messenger has taken it: true whoever holds the claim by now. */
export function markSent(record: ServiceRecord, id: string, at: number): ServiceRecord {
  const found = record.notices.find((queued) => queued.id === id);
  if (found === undefined || settledAt(found) !== null) return record;
  return replaceNotice(record, { ...found, delivery: { state: 'sent', at } });
}

/** The messenger did not take it; it is claimable again at `retryAt`. `problem` is safe to show. */
export function markFailed(
  record: ServiceRecord,
  id: string,
  problem: string,
  retryAt: number,
): ServiceRecord {
  return releaseClaim(record, id, (queued) => ({
    ...queued,
    delivery: { state: 'queued', notBefore: retryAt },
    lastProblem: problem,
  }));
}

/** The messenger said no for good. */
export function markRefused(
  record: ServiceRecord,
  id: string,
  problem: string,
  at: number,
): ServiceRecord {
  return releaseClaim(record, id, (queued) => ({
    ...queued,
    delivery: { state: 'refused', at },
    lastProblem: problem,
  }));
}

/**
 * Forgets notices settled more than `NOTICE_KEPT_MS` ago, and the longest settled while there are more
 * than `NOTICES_KEPT`. What waits to be sent is never forgotten, nor is a warning before its end has come:
 * it would be told again.
 */
export function prune(record: ServiceRecord, now: number): ServiceRecord {
  const isKept = (queued: QueuedNotice): boolean =>
    settledAt(queued) === null || warnsUntil(queued) > now;
  const kept = record.notices.filter(isKept).length;
  const remembered = record.notices
    .filter((queued) => !isKept(queued) && (settledAt(queued) ?? 0) > now - NOTICE_KEPT_MS)
    .toSorted((a, b) => (settledAt(b) ?? 0) - (settledAt(a) ?? 0))
    .slice(0, Math.max(0, NOTICES_KEPT - kept));
  const notices = record.notices.filter((queued) => isKept(queued) || remembered.includes(queued));
  return notices.length === record.notices.length ? record : { ...record, notices };
}

/**
 * Withdraws alerts that wait, or whose sender died, and whose stage is over. So an outage of the messenger
 * ends with one message, not a morning's worth, and whom they named counts as untold.
 *
 * @param due ids of the alerts whose stage is due now
 */
export function withdrawOvertaken(
  record: ServiceRecord,
  now: number,
  due: ReadonlySet<string>,
): ServiceRecord {
  const notices = record.notices.filter(
    (queued) =>
      queued.notice.kind !== 'sign-in-due' || due.has(queued.id) || !isUnsent(queued, now),
  );
  return notices.length === record.notices.length ? record : { ...record, notices };
}

/** Sessions that the alerts of a market day (`2026-03-09`) have named; ids of alerts begin with the date. */
export function toldOn(record: ServiceRecord, date: string): readonly SessionKey[] {
  const named = record.notices.flatMap(({ id, notice, delivery }) =>
    notice.kind === 'sign-in-due' && id.startsWith(`${date}/`) && delivery.state !== 'refused'
      ? notice.sessions
      : [],
  );
  return [...new Set(named)];
}

/**
 * When people were first asked for the sign-in that came at `signedInAt`; `null` when nobody had asked them.
 * What was asked half a day before belongs to another morning.
 */
export function firstAskedAt(
  record: ServiceRecord,
  session: SessionKey,
  signedInAt: number,
): number | null {
  const sent = record.notices.flatMap(({ notice, delivery }) =>
    delivery.state === 'sent' && delivery.at <= signedInAt ? [{ notice, at: delivery.at }] : [],
  );
  const signedIn = sent.filter(
    ({ notice }) => notice.kind === 'signed-in' && notice.session === session,
  );
  const from = Math.max(signedInAt - ASKED_WITHIN_MS, ...signedIn.map(({ at }) => at));
  const asked = sent.filter(({ notice, at }) => at > from && asksFor(notice, session));
  return asked.length === 0 ? null : Math.min(...asked.map(({ at }) => at));
}

function asksFor(notice: Notice, session: SessionKey): boolean {
  if (notice.kind === 'sign-in-due') return notice.sessions.includes(session);
  return notice.kind === 'sign-in-needed' && notice.session === session;
}

/**
 * From when on a link may be asked for; 0: at once. A device that has had one is not held by what others asked
 * for.
 */
export function nextLinkAt(
  { lastLinkAt, lastKnownLinkAt, unopenedLinks }: ServiceRecord,
  asker: LinkAsker,
): number {
  if (asker === 'known') {
    return lastKnownLinkAt === null ? 0 : lastKnownLinkAt + MANUAL_ACTION_EVERY_MS;
  }
  if (lastLinkAt === null) return 0;
  const waits = LINK_WAITS_MS.slice(0, Math.max(1, unopenedLinks));
  return lastLinkAt + Math.max(...waits);
}

/** Whether a device shows that it has had a link, be it long over. */
export type LinkAsker = 'known' | 'anyone';

/** Remembers a warning until its all-clear; the same object when it is open already. */
export function openWarning(record: ServiceRecord, warning: OpenWarning): ServiceRecord {
  const isOpen = record.warnings.some(
    (open) => open.session === warning.session && open.reason === warning.reason,
  );
  return isOpen ? record : { ...record, warnings: [...record.warnings, warning] };
}

/** Closes every warning of the session; the same object when none was open: then there is no all-clear. */
export function closeWarning(record: ServiceRecord, session: SessionKey): ServiceRecord {
  const warnings = record.warnings.filter((open) => open.session !== session);
  return warnings.length === record.warnings.length ? record : { ...record, warnings };
}

/** Neither sent nor refused. */
export function isWaiting({ delivery }: QueuedNotice): boolean {
  return delivery.state === 'queued' || delivery.state === 'sending';
}

function isClaimable({ delivery }: QueuedNotice, now: number): boolean {
  if (delivery.state === 'queued') return delivery.notBefore <= now;
  return delivery.state === 'sending' && delivery.until <= now;
}

/** Nobody has sent it and nobody is about to. */
function isUnsent(queued: QueuedNotice, now: number): boolean {
  return queued.delivery.state === 'queued' || isClaimable(queued, now);
}

/** The end that a warning is about; 0 for what warns of none. */
function warnsUntil({ notice }: QueuedNotice): number {
  return notice.kind === 'ends-ahead' ? notice.endsAt : 0;
}

function settledAt({ delivery }: QueuedNotice): number | null {
  return delivery.state === 'sent' || delivery.state === 'refused' ? delivery.at : null;
}

/** Ends a claim without success. A slow sender's late word does not undo another's success. */
function releaseClaim(
  record: ServiceRecord,
  id: string,
  released: (queued: QueuedNotice) => QueuedNotice,
): ServiceRecord {
  const found = record.notices.find((queued) => queued.id === id);
  return found?.delivery.state === 'sending' ? replaceNotice(record, released(found)) : record;
}

function replaceNotice(record: ServiceRecord, notice: QueuedNotice): ServiceRecord {
  return {
    ...record,
    notices: record.notices.map((queued) => (queued.id === notice.id ? notice : queued)),
  };
}
