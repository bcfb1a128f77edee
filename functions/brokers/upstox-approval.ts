/**
 * Upstox's approval push: asks for the prompt in the person's app, reads the notice that brings the token.
 *
 * The notice carries no signature: it is checked for what it says, and believed by nobody here. A reading
 * keeps nothing and sends nothing. Made by `upstox.ts`.
 * @see https://upstox.com/developer/api-documentation/access-token-request
 */

import * as z from 'zod';
import type { Clock } from '../clock.ts';
import { Secret } from '../secret.ts';
import { accountId } from './account-ids.ts';
import type { ApprovalNotice, ApprovalPush, BrokerOptions } from './broker.ts';
import type { Caller } from './calls.ts';
import { parseJson } from './judged.ts';
import { tokenText } from './oauth2-answers.ts';
import type { OutgoingRequest } from './send.ts';
import { judgeUpstoxRequest, upstoxEndAfter, upstoxMoment } from './upstox-answers.ts';

/** How far Upstox's clock may be ahead of ours. */
const MAX_AHEAD_MS = 5 * 60_000;

export function createUpstoxApproval(options: BrokerOptions, caller: Caller): ApprovalPush {
  return {
    request: () => caller.againUnlessSeen(approvalRequest(options), judgeUpstoxRequest),
    readNotice: (body) => readNotice(body, options.consumerKey, options.clock),
  };
}

function approvalRequest({
  oauthUrl,
  consumerKey,
  consumerSecret,
}: BrokerOptions): OutgoingRequest {
  return {
    method: 'POST',
    url: `${oauthUrl}/v3/login/auth/token/request/${encodeURIComponent(consumerKey.reveal())}`,
    headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
    body: JSON.stringify({ client_secret: consumerSecret.reveal() }),
  };
}

function readNotice(body: string, consumerKey: Secret, clock: Clock): ApprovalNotice {
  const json = parseJson(body);
  const kind = kindSchema.safeParse(json);
  if (!kind.success) return { ok: false, reason: 'unreadable' };
  if (kind.data.message_type !== 'access_token') return { ok: false, reason: 'other-message' };
  const parsed = noticeSchema.safeParse(json);
  if (!parsed.success) return { ok: false, reason: 'unreadable' };
  const { client_id, user_id, access_token, issued_at, expires_at } = parsed.data;
  if (client_id !== consumerKey.reveal()) return { ok: false, reason: 'foreign-client' };
  const now = clock();
  const issuedAt = issued_at ?? now;
  if (issuedAt > now + MAX_AHEAD_MS) return { ok: false, reason: 'not-yet' };
  const latest = upstoxEndAfter(issuedAt);
  const expiresAt = Math.min(expires_at ?? latest, latest);
  if (expiresAt <= now) return { ok: false, reason: 'expired' };
  return {
    ok: true,
    token: { accessToken: new Secret(access_token), tokenSecret: null, refreshToken: null },
    issuedAt,
    expiresAt,
    clientId: client_id,
    userId: user_id,
  };
}

const kindSchema = z.object({ message_type: z.string() });

/** The person has said yes: a user or a moment that cannot be read counts as not given. */
const noticeSchema = z.object({
  client_id: z.string().min(1),
  user_id: accountId.nullable().catch(null),
  access_token: tokenText,
  issued_at: upstoxMoment.nullable().catch(null),
  expires_at: upstoxMoment.nullable().catch(null),
});
