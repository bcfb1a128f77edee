/**
 * A session: one account's access token with its times and state, as a record without secrets.
 *
 * Pure: no I/O, no clock, no environment. The record is what storage keeps beside the token; `stateOf`
 * says what it means at a moment. Used by every operation.
 */

import type { TokenRenewed } from './events.ts';
import type { BrokerRules } from './rules.ts';

/** `<broker>-<sandbox|prod>[-<account>]`, e.g. `etrade-prod`, `etrade-prod-ira`. */
export type SessionKey = string & { readonly __sessionKey: true };

export type Environment = 'sandbox' | 'prod';

export type SessionName = {
  readonly key: SessionKey;
  readonly broker: string;
  readonly environment: Environment;
  /** The account part, when one broker environment has several sign-ins. */
  readonly account: string | null;
};

const SESSION_KEY = /^([a-z0-9]+)-(sandbox|prod)(?:-([a-z0-9]+))?$/;

/** The parts of a session key, or `null` when the text is none. */
export function parseSessionKey(text: string): SessionName | null {
  const match = SESSION_KEY.exec(text);
  const broker = match?.[1];
  if (match === null || broker === undefined) return null;
  return {
    key: text as SessionKey,
    broker,
    environment: match[2] === 'prod' ? 'prod' : 'sandbox',
    account: match[3] ?? null,
  };
}

/**
 * `none` nobody has signed in (or signed out) · `unknown` a token whose worth nobody has proven yet ·
 * `active` proven and within every limit · `inactive` idle too long, renew helps · `expired` only a
 * sign-in helps.
 */
export type SessionState = 'none' | 'unknown' | 'active' | 'inactive' | 'expired';

/** What the broker last said about the current token. */
export type Proof = 'unproven' | 'proven' | 'inactive' | 'rejected';

/** A PIN (or code) that is being exchanged right now. */
export type PendingSignIn = {
  /** Hash of request token and PIN: a second post of the same PIN finds itself here. */
  readonly id: string;
  readonly startedAt: number;
};

export type SignInOutcome =
  | 'stored'
  | 'pin-rejected'
  | 'foreign-account'
  | 'broker-failed'
  | 'store-failed'
  | 'lost';

/** A request to sign in that the broker was asked to put on the person's phone. */
export type Approval =
  /** On its way to the broker. */
  | { readonly state: 'asking'; readonly requestedAt: number }
  /** The broker has taken it; the person may approve it until `expiresAt`. */
  | { readonly state: 'open'; readonly requestedAt: number; readonly expiresAt: number }
  /** The broker did not take it, or did not say. `problem` is safe to show. */
  | { readonly state: 'failed'; readonly requestedAt: number; readonly problem: string };

/** The last report of one process of a worker. */
export type WorkerReport = {
  readonly generation: number;
  readonly lastUsedAt: number | null;
  readonly at: number;
  /** It has said goodbye. */
  readonly stopped: boolean;
};

/** Everything known of a session that is no secret. Moments are epoch milliseconds. */
export type SessionRecord = {
  /** +1 with every new token and with nothing else; 0 before the first. */
  readonly generation: number;
  /** Number of the secret version that holds the current token; `null` when there is none. */
  readonly version: number | null;
  /** The broker's accounts as `account.ts` writes them, set at the first sign-in. */
  readonly account: readonly string[] | null;
  readonly signedInAt: number | null;
  readonly issuedAt: number | null;
  readonly accessExpiresAt: number | null;
  readonly hardEndsAt: number | null;
  readonly proof: Proof;
  /** Last successful call with the token, by us or reported by a worker: the idle clock. */
  readonly lastUsedAt: number | null;
  readonly lastRenewedAt: number | null;
  /** Last probe that proved the token. */
  readonly lastSuccessAt: number | null;
  readonly counts: {
    readonly unauthorized: number;
    readonly renewals: number;
    /** Transient failures in a row. */
    readonly failuresInARow: number;
  };
  /** Moments of PIN attempts of the last hour; emptied by a success. */
  readonly attempts: readonly number[];
  readonly pending: PendingSignIn | null;
  readonly lastSignIn: {
    readonly id: string;
    readonly outcome: SignInOutcome;
    readonly at: number;
  } | null;
  /** The last request that was put on the person's phone, where the broker can do that. */
  readonly approval: Approval | null;
  readonly lease: {
    readonly owner: string;
    readonly until: number;
    readonly generation: number;
  } | null;
  /** Events that are saved and not yet known to be published. */
  readonly undelivered: readonly TokenRenewed[];
  /** By worker and instance: `orb-bot/host-1`. */
  readonly workers: Readonly<Record<string, WorkerReport>>;
  /** When a worker last had keep-alive ask the broker. */
  readonly keepAliveAskedAt: number | null;
  /** The last sign-ins, newest last. */
  readonly history: readonly { readonly generation: number; readonly at: number }[];
  /** When the pointer last moved: superseded versions are destroyed an hour later. */
  readonly pointerMovedAt: number | null;
};

export const NEW_RECORD: SessionRecord = {
  generation: 0,
  version: null,
  account: null,
  signedInAt: null,
  issuedAt: null,
  accessExpiresAt: null,
  hardEndsAt: null,
  proof: 'unproven',
  lastUsedAt: null,
  lastRenewedAt: null,
  lastSuccessAt: null,
  counts: { unauthorized: 0, renewals: 0, failuresInARow: 0 },
  attempts: [],
  pending: null,
  lastSignIn: null,
  approval: null,
  lease: null,
  undelivered: [],
  workers: {},
  keepAliveAskedAt: null,
  history: [],
  pointerMovedAt: null,
};

/** When the token goes inactive if nobody uses it; `null` when idling does no harm or nothing is known. */
export function idleAt(
  record: SessionRecord,
  rules: Pick<BrokerRules, 'idleLimitMs'>,
): number | null {
  if (rules.idleLimitMs === null) return null;
  // Issue and renewal start the broker's idle clock just as a call does.
  const starts = [record.issuedAt, record.lastUsedAt, record.lastRenewedAt].filter(
    (at) => at !== null,
  );
  return starts.length === 0 ? null : Math.max(...starts) + rules.idleLimitMs;
}

/**
 * The end that no renewal can move: the hard end, or an earlier end of the access token where nothing
 * brings a new one. `null` when nothing is known.
 */
export function endsAt(record: SessionRecord, rules: Pick<BrokerRules, 'renewal'>): number | null {
  const { accessExpiresAt, hardEndsAt } = record;
  if (rules.renewal === 'refresh' || accessExpiresAt === null) return hardEndsAt;
  return firstOf(accessExpiresAt, hardEndsAt);
}

/** What the record means at a moment. Fails closed: what is not known to be good is not `active`. */
export function stateOf(record: SessionRecord, rules: BrokerRules, now: number): SessionState {
  if (record.generation === 0 || record.version === null) return 'none';
  if (record.proof === 'rejected' || isOver(endsAt(record, rules), now)) return 'expired';
  const idleEndsAt = idleAt(record, rules);
  if (
    record.proof === 'inactive' ||
    isOver(record.accessExpiresAt, now) ||
    isOver(idleEndsAt, now)
  ) {
    return 'inactive';
  }
  const everyClockIsKnown =
    (record.hardEndsAt !== null || rules.hardEnd.kind === 'age-when-rotating') &&
    record.accessExpiresAt !== null &&
    (rules.idleLimitMs === null || idleEndsAt !== null);
  return record.proof === 'proven' && everyClockIsKnown ? 'active' : 'unknown';
}

/** Whether a probe proved the current token and nothing, no clock either, has spoken against it since. */
export function isValidated(record: SessionRecord, rules: BrokerRules, now: number): boolean {
  return stateOf(record, rules, now) === 'active';
}

/**
 * Whether a refreshed token descends from a sign-in that the record has left behind: however late it was
 * issued, a later sign-in replaced it, or a person signed out.
 */
export function isOfEarlierSignIn(
  { signedInAt, generation, version }: SessionRecord,
  token: { readonly signedInAt: number; readonly issuedAt: number },
): boolean {
  if (!isRefreshed(token)) return false;
  const isSignedOut = version === null && generation > 0;
  return isSignedOut || (signedInAt !== null && token.signedInAt < signedInAt);
}

/** Whether a token came from a refresh and not from a person's sign-in. */
export function isRefreshed(token: {
  readonly signedInAt: number;
  readonly issuedAt: number;
}): boolean {
  return token.signedInAt < token.issuedAt;
}

/** The first of the ends that are known; `null` when none is. */
export function firstOf(...ends: readonly (number | null)[]): number | null {
  const known = ends.filter((end) => end !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Whether an end has come; an end that is unknown or does not exist has not. */
export function isOver(end: number | null, now: number): boolean {
  return end !== null && now >= end;
}
