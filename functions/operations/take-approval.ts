/**
 * Takes the token that a broker posts after the person approved on their phone.
 *
 * Anybody can post: nothing is believed before the broker has confirmed the token and whose it is, and nothing
 * is written before that. One notice gives one token however often it comes. Called by the webhook.
 */

import { createHmac } from 'node:crypto';
import type { ApprovalNotice, BrokerToken } from '../brokers/broker.ts';
import { StoreError } from '../errors.ts';
import { compareAccounts } from '../lifecycle/account.ts';
import { canBeAnswered } from '../lifecycle/approval.ts';
import type { SessionKey, SessionRecord } from '../lifecycle/session.ts';
import { type AccountCheck, checkAccount } from './check-account.ts';
import { followSignIn } from './follow-sign-in.ts';
import { lastGeneration } from './last-generation.ts';
import { discardToken } from './revoke-token.ts';
import { settleSession } from './settle-session.ts';
import { awaitFirst, type Claim, claimAttempt, noteFailure } from './sign-in-attempt.ts';
import { storeToken } from './store-token.ts';
import type { ConfiguredSession, System } from './system.ts';
import { tell, tellSpent } from './tell.ts';

export type TakeResult =
  | { readonly ok: true; readonly type: 'taken' | 'duplicate' }
  /** No notice for us, or one that nobody should believe; `not-asked` no request waits for it. */
  | {
      readonly ok: false;
      readonly reason:
        | Extract<ApprovalNotice, { ok: false }>['reason']
        | 'not-asked'
        | 'overtaken'
        | 'token-refused'
        | 'foreign-user'
        | 'foreign-account';
      readonly again: false;
    }
  /** Good perhaps, and not to be had now: whoever sent it should send it again. */
  | {
      readonly ok: false;
      readonly reason: 'in-progress' | 'not-verified' | 'store-unavailable';
      readonly again: true;
    };

type Believable = Extract<ApprovalNotice, { ok: true }>;
type Refusal = Extract<TakeResult, { again: false }>['reason'];

const SECOND_LOOK_AFTER_MS = 1_000;

/** How long a notice waits for a sign-in that is being finished on the page. */
const WAIT_FOR_OTHER_MS = 10_000;
const LOOK_EVERY_MS = 400;

/** @param body of the broker's post */
export async function takeApproval(
  system: System,
  session: ConfiguredSession,
  body: string,
): Promise<TakeResult> {
  const notice = session.approval?.readNotice(body) ?? { ok: false, reason: 'unreadable' };
  const result = notice.ok ? await takeNotice(system, session, notice) : refused(notice.reason);
  if (!result.ok) {
    system.log.warn('approval-not-taken', 'A posted approval was not taken.', {
      session: session.key,
      reason: result.reason,
    });
  }
  return result;
}

async function takeNotice(
  system: System,
  session: ConfiguredSession,
  notice: Believable,
): Promise<TakeResult> {
  const id = noticeId(session.key, notice.token);
  try {
    const before = await judge(system, session, notice, id);
    if (!('record' in before)) return before;
    const checked = await checkToken(system, session, notice, before.record);
    if (checked.type === 'foreign') return await discard(system, session, notice, id);
    if (checked.type === 'refused') return refused('token-refused');
    const { account } = checked;
    if (!checked.proven || account === null)
      return { ok: false, reason: 'not-verified', again: true };
    if (!isOfUser(session, notice, account, before.record)) return refused('foreign-user');

    const claim = await claimNotice(system, session, notice, id);
    if (claim.type === 'first-is-at-work') return await asFirst(system, session, id);
    if (claim.type === 'refused' && claim.result.ok) return { ok: true, type: 'duplicate' };
    if (claim.type !== 'claimed') return { ok: false, reason: 'in-progress', again: true };
    return await store(system, session, notice, { id, account, record: claim.record });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    system.log.error('approval-not-claimed', 'The store does not answer: not taken yet.', error, {
      session: session.key,
    });
    return { ok: false, reason: 'store-unavailable', again: true };
  }
}

/** The record it is for, or why it is for none. An old record must not refuse a person: it is looked at twice. */
async function judge(
  system: System,
  { key }: ConfiguredSession,
  notice: Believable,
  id: string,
): Promise<TakeResult | { readonly record: SessionRecord }> {
  const seen = judgeRecord((await system.store.load(key)).record, notice, id, system.clock());
  if ('record' in seen || seen.ok) return seen;
  return judgeRecord((await system.store.loadFresh(key)).record, notice, id, system.clock());
}

function judgeRecord(
  record: SessionRecord,
  { issuedAt }: Believable,
  id: string,
  now: number,
): TakeResult | { readonly record: SessionRecord } {
  const { lastSignIn, approval, version } = record;
  if (lastSignIn?.id === id && lastSignIn.outcome === 'stored')
    return { ok: true, type: 'duplicate' };
  if (!canBeAnswered(approval, now)) return refused('not-asked');
  // Somebody signed in after the person approved this.
  if (version !== null && record.issuedAt !== null && record.issuedAt > issuedAt) {
    return refused('overtaken');
  }
  return { record };
}

/** A token that is seconds old may not be known to every server of the broker yet. */
async function checkToken(
  system: System,
  session: ConfiguredSession,
  { token }: Believable,
  record: SessionRecord,
): Promise<AccountCheck> {
  const first = await checkAccount(system, session, token, record);
  if (first.type !== 'refused') return first;
  await system.wait(SECOND_LOOK_AFTER_MS);
  return checkAccount(system, session, token, record, 'glance');
}

/** A notice that names nobody must not bind the session: its token opens an account that is expected already. */
function isOfUser(
  session: ConfiguredSession,
  { userId }: Believable,
  account: readonly string[],
  record: SessionRecord,
): boolean {
  if (userId !== null) return account.includes(session.hashAccount(userId));
  return compareAccounts(session.account ?? record.account, account) === 'same';
}

/** Told once, however often it comes. */
async function discard(
  system: System,
  session: ConfiguredSession,
  { token }: Believable,
  id: string,
): Promise<TakeResult> {
  await discardToken(session, token);
  await tell(system, [
    {
      id: `${session.key}/foreign-account/${id}`,
      notice: { kind: 'sign-in-needed', session: session.key, trouble: 'foreign-account' },
    },
  ]);
  return refused('foreign-account');
}

/** The right to store it. A sign-in that is being finished on the page has a few seconds to end. */
async function claimNotice(
  system: System,
  session: ConfiguredSession,
  { expiresAt }: Believable,
  id: string,
): Promise<Claim> {
  const giveUpAt = system.clock() + WAIT_FOR_OTHER_MS;
  for (let settled = false; ; ) {
    const options = { exempt: true, settled, repeatable: true };
    const claim = await claimAttempt(system, session, id, { expiresAt }, options);
    const isBusy =
      claim.type === 'refused' && !claim.result.ok && claim.result.reason === 'in-progress';
    if (claim.type === 'another-died' && !settled) {
      // What it left is adopted first, or two tokens would share a generation.
      await settleSession(system, session, { prune: false, reportLost: false });
      settled = true;
    } else if (isBusy && system.clock() < giveUpAt) {
      await system.wait(LOOK_EVERY_MS);
    } else {
      return claim;
    }
  }
}

async function asFirst(
  system: System,
  session: ConfiguredSession,
  id: string,
): Promise<TakeResult> {
  const first = await awaitFirst(system, session, id);
  return first.ok
    ? { ok: true, type: 'duplicate' }
    : { ok: false, reason: 'in-progress', again: true };
}

async function store(
  system: System,
  session: ConfiguredSession,
  { token, expiresAt }: Believable,
  claimed: {
    readonly id: string;
    readonly account: readonly string[];
    readonly record: SessionRecord;
  },
): Promise<TakeResult> {
  const { id, account, record } = claimed;
  // By our clock, and after the claim began: as of any other sign-in. No end lies between issue and arrival.
  const issuedAt = system.clock();
  const stored = await storeToken(system, session, {
    token,
    generation: (await lastGeneration(system, session, record, issuedAt)) + 1,
    signedInAt: issuedAt,
    issuedAt,
    accessLifeMs: expiresAt - issuedAt,
    account,
    proven: true,
    adoptNow: true,
    reason: 'sign-in',
    attempt: id,
  });
  if (!stored.ok) {
    if ((await tellSpent(system, session, id)).saved) {
      await noteFailure(system, session, id, 'store-failed');
    }
    return { ok: false, reason: 'store-unavailable', again: true };
  }
  const followed = await followSignIn(system, session, stored);
  return followed === 'foreign-account' ? refused(followed) : { ok: true, type: 'taken' };
}

function refused(reason: Refusal): TakeResult {
  return { ok: false, reason, again: false };
}

/** Names a notice without giving its token away: keyed with the token, which is random enough to be a key. */
function noticeId(session: SessionKey, { accessToken }: BrokerToken): string {
  return createHmac('sha256', accessToken.reveal())
    .update(`approval\n${session}`)
    .digest('base64url')
    .slice(0, 22);
}
