/**
 * Tells people that a sign-in is saved: with a ✅ once the broker has taken the token, before that without.
 *
 * Each is a notice named after its generation, so it is told once, whichever run finds it. Never fails a sign-in.
 */

import { StoreError } from '../errors.ts';
import { accountEndings } from '../lifecycle/account.ts';
import { coverage } from '../lifecycle/coverage.ts';
import type { ServiceRecord } from '../lifecycle/notices.ts';
import { closeWarning, firstAskedAt } from '../lifecycle/service.ts';
import type { SessionKey, SessionRecord } from '../lifecycle/session.ts';
import type { ConfiguredSession, System } from './system.ts';
import { type NewNotice, type Telling, tell } from './tell.ts';

/** Of the message that a sign-in is saved and not confirmed yet. */
function savedId(key: SessionKey, generation: number): string {
  return `${key}/saved/${generation}`;
}

/** A sign-in that is saved, and not in use before the broker has said whose it is. */
export async function tellSaved(
  system: System,
  { key }: ConfiguredSession,
  { generation, hardEndsAt }: { readonly generation: number; readonly hardEndsAt: number | null },
): Promise<Telling> {
  const notice = {
    kind: 'signed-in',
    session: key,
    generation,
    hardEndsAt,
    coversClose: null,
    proven: false,
    boundTo: [],
    // Looked up when it is sent.
    stillDue: [],
  } as const;
  return tell(system, [{ id: savedId(key, generation), notice }]);
}

/** The ✅ that was owed since a sign-in was saved without the broker's word. */
export async function tellConfirmed(
  system: System,
  session: ConfiguredSession,
  { notices }: ServiceRecord,
  { generation }: SessionRecord,
): Promise<void> {
  const isKnown = (id: string): boolean => notices.some((queued) => queued.id === id);
  const isOwed = isKnown(savedId(session.key, generation));
  if (!isOwed || isKnown(`${session.key}/signed-in/${generation}`)) return;
  await tellSignedIn(system, session, { isFirst: false });
}

/**
 * The ✅ after a sign-in: closes the session's warnings and names what is still to do. Where the broker could not be
 * asked, it says that the sign-in is saved.
 *
 * @param options.isFirst `false` when people know of the sign-in
 */
export async function tellSignedIn(
  system: System,
  session: ConfiguredSession,
  options: { readonly isFirst: boolean } = { isFirst: true },
): Promise<Telling> {
  const { rules } = session.broker;
  let notice: NewNotice;
  let signedInAt: number | null;
  try {
    const { record } = await system.store.load(session.key);
    signedInAt = record.signedInAt;
    const now = system.clock();
    const covered = coverage(record, rules, system.calendar(rules.market), now);
    // Accounts are known from the broker's own answer to the token, before it was stored.
    const proven = record.proof === 'proven' || record.account !== null;
    notice = {
      id: proven
        ? `${session.key}/signed-in/${record.generation}`
        : savedId(session.key, record.generation),
      notice: {
        kind: 'signed-in',
        session: session.key,
        generation: record.generation,
        hardEndsAt: record.hardEndsAt,
        // What keep-alive can move, or a probe will prove, is nothing to warn of.
        coversClose: covered.untilClose === null ? null : covered.limitedBy !== 'hard-end',
        proven,
        boundTo: isFirstSignIn(session, record) ? accountEndings(record.account ?? []) : [],
        // Looked up when it is sent.
        stillDue: [],
      },
    };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    system.log.error('notice-not-saved', 'The success message could not be prepared.', error);
    return { saved: false, sent: 0, waiting: 1 };
  }
  const seen: { before: ServiceRecord | null } = { before: null };
  const telling = await tell(system, [notice], (record) => {
    seen.before = record.notices.some(({ id }) => id === notice.id) ? null : record;
    return seen.before === null ? record : closeWarning(record, session.key);
  });
  if (options.isFirst && telling.saved && seen.before !== null)
    logSignedIn(system, session, seen.before, signedInAt);
  return telling;
}

/** The first sign-in binds the session to its account, unless a setting names one: people are to see which. */
function isFirstSignIn({ account }: ConfiguredSession, { history }: SessionRecord): boolean {
  return account === null && history.length === 1;
}

/** Once a sign-in: how long people took is counted from this line. */
function logSignedIn(
  system: System,
  { key }: ConfiguredSession,
  before: ServiceRecord,
  signedInAt: number | null,
): void {
  const askedAt = signedInAt === null ? null : firstAskedAt(before, key, signedInAt);
  const minutesSinceAsked =
    signedInAt === null || askedAt === null
      ? null
      : Math.round((signedInAt - askedAt) / 6_000) / 10;
  system.log.with({ session: key }).info('signed-in', 'A sign-in is saved and told.', {
    minutesSinceAsked,
  });
}
