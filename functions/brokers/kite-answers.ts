/**
 * What Kite's answers mean, one judge per call, and its redirect.
 *
 * Pure: takes a received answer, returns a value, never throws. Called by `kite.ts`.
 */

import * as z from 'zod';
import { hardEndAt } from '../lifecycle/hard-end.ts';
import { readVerifier } from '../lifecycle/verifier.ts';
import { Secret } from '../secret.ts';
import type { BrokerFailure, CallbackAnswer, ProbeAnswer, RevokeAnswer } from './broker.ts';
import { doneSchema, readProfile } from './envelope.ts';
import { parseJson, safeWord } from './judged.ts';
import { judgeKiteRefusal } from './kite-failures.ts';
import { KITE_RULES, KITE_VERIFIER } from './kite-rules.ts';
import { readTokens } from './oauth2-answers.ts';
import type { Received } from './send.ts';

const DAY_MS = 86_400_000;

export type KiteSession = {
  readonly ok: true;
  readonly accessToken: Secret;
  /** Of the login, epoch ms; `null` when the answer does not say it readably. */
  readonly loggedInAt: number | null;
};

/** @see https://kite.trade/docs/connect/v3/user/#response-attributes */
export function judgeKiteSession(answer: Received): KiteSession | BrokerFailure {
  const issued = readTokens(answer);
  if (issued === null) return judgeKiteRefusal('complete', answer);
  const said = saidSchema.safeParse(parseJson(answer.body));
  const loginTime = said.success ? said.data.data.login_time : undefined;
  return { ok: true, accessToken: issued.accessToken, loggedInAt: readLoginTime(loginTime) };
}

/**
 * When a token counts as issued: at the exchange, unless 06:00 passed between login and exchange. Nobody
 * tells which of the two days such a token belongs to, and the earlier end is the safe one. A login longer
 * ago than a day has tokens that ended before this one was given: its time is read wrongly.
 */
export function issuedAtOf({ loggedInAt }: KiteSession, sentAt: number): number {
  if (loggedInAt === null || loggedInAt > sentAt || sentAt - loggedInAt > DAY_MS) return sentAt;
  return endOf(loggedInAt) === endOf(sentAt) ? sentAt : loggedInAt;
}

/** The user, who is the account. */
export function judgeKiteProfile(answer: Received): ProbeAnswer {
  const accountIds = readProfile(parseJson(answer.body));
  if (answer.status !== 200 || !answer.complete || accountIds === undefined) {
    return judgeKiteRefusal('probe', answer);
  }
  return { ok: true, accountIds, skewMs: answer.skewMs };
}

export function judgeKiteLogout(answer: Received): RevokeAnswer {
  const parsed = doneSchema.safeParse(parseJson(answer.body));
  if (answer.status !== 200 || !answer.complete || !parsed.success) {
    return judgeKiteRefusal('revoke', answer);
  }
  return { ok: true };
}

/**
 * Kite's redirect: `request_token`, `status=success` and what we had put into `redirect_params`.
 *
 * One that does not name its sign-in is none of ours: anybody can make a browser open such an address.
 */
export function readKiteCallback(query: URLSearchParams): CallbackAnswer {
  const states = query.getAll('state');
  const [signInId = ''] = states;
  if (states.length !== 1 || signInId === '') {
    return { ok: false, reason: 'unreadable', problem: 'no-state', signInId: null };
  }
  const status = query.get('status');
  if (status !== null && status !== 'success') {
    const isDeclined = /cancel|declin|denied/i.test(status);
    return {
      ok: false,
      reason: isDeclined ? 'declined' : 'refused',
      problem: safeWord(status) ?? 'status-unreadable',
      signInId,
    };
  }
  const tokens = query.getAll('request_token');
  const read = readVerifier(tokens[0] ?? '', KITE_VERIFIER);
  if (tokens.length !== 1 || !read.ok) {
    return { ok: false, reason: 'unreadable', problem: 'no-request-token', signInId };
  }
  return { ok: true, signInId, verifier: new Secret(read.verifier) };
}

/** `2021-01-01 16:15:14`, in India's time though it does not say so; India's clocks never change. */
function readLoginTime(text: string | undefined): number | null {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return null;
  const at = Date.parse(`${text.replace(' ', 'T')}+05:30`);
  return Number.isNaN(at) ? null : at;
}

function endOf(issuedAt: number): number | null {
  return hardEndAt(KITE_RULES, { issuedAt, signedInAt: issuedAt });
}

const saidSchema = z.object({ data: z.object({ login_time: z.string() }) });
