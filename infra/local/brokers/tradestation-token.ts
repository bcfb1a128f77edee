/**
 * The two token endpoints of the simulated TradeStation: exchange (code or refresh token) and revoke.
 *
 * Auth0 is what answers there. What they change is in the book. Called by `tradestation.ts`.
 * @see https://api.tradestation.com/docs/fundamentals/authentication/refresh-tokens/
 */

import { z } from 'zod';
import type { Grant, GrantBook, Token } from './grant-book.ts';
import type { Answer } from './http-answer.ts';
import type { Consumer } from './simulator.ts';
import { json, oauthError, provesChallenge, sameText } from './token-endpoint.ts';
import type { Switches } from './tradestation-switches.ts';

export const ACCESS_LIFE_MS = 20 * 60_000;
const CODE_LIFE_MS = 10 * 60_000;
const ROTATING_LIFE_MS = 24 * 3_600_000;

/** What every part of the simulator works with. */
export type Counter = {
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly book: GrantBook;
  readonly switches: Switches;
  readonly now: number;
};

export function consumerOf(key: string, { consumers, switches }: Counter): Consumer | null {
  const consumer = consumers.get(key) ?? null;
  const { consumerKeyRejected: rejected } = switches;
  const isOff = rejected === true || rejected === consumer?.environment;
  return isOff ? null : consumer;
}

/** `POST /oauth/token` */
export function exchange(form: URLSearchParams, counter: Counter): Answer {
  const { book, now } = counter;
  const consumer = clientOf(form, counter);
  if (consumer === null) return oauthError(401, 'access_denied', 'Unauthorized');
  const field = (name: string): string => form.get(name) ?? '';
  switch (field('grant_type')) {
    case 'authorization_code': {
      const code = book.spend(field('code'), CODE_LIFE_MS, now);
      if (code?.grant.consumerKey !== consumer.key) {
        return oauthError(403, 'invalid_grant', 'Invalid authorization code');
      }
      if (field('redirect_uri') !== code.redirectUrl) {
        return oauthError(403, 'unauthorized_client', 'The redirect URI is wrong.');
      }
      if (!provesChallenge(code.challenge, form.get('code_verifier'))) {
        return oauthError(403, 'invalid_grant', 'Failed to verify code verifier');
      }
      const refreshToken = code.grant.scope.includes('offline_access')
        ? book.issueRefreshToken(code.grant, now)
        : null;
      return tokensAnswer(code.grant, refreshToken, counter);
    }
    case 'refresh_token':
      return refresh(field('refresh_token'), consumer, counter);
    default:
      return oauthError(403, 'unsupported_grant_type', 'Unsupported grant type');
  }
}

/** `POST /oauth/revoke`: ends all refresh tokens of the key, whichever is named. */
export function revoke(fields: URLSearchParams, { book }: Counter, client: Consumer): Answer {
  if ((fields.get('token') ?? fields.get('refresh_token') ?? '') === '') {
    return oauthError(400, 'invalid_request', 'Missing required parameter: token');
  }
  book.endRefreshTokens(({ grant }) => grant.consumerKey === client.key);
  return { status: 200, type: '', body: '' };
}

/** Revoking takes JSON, the exchange takes a form; both are read as fields. */
export function fieldsOf(contentType: string, body: string): URLSearchParams {
  if (!/\bjson\b/i.test(contentType)) return new URLSearchParams(body);
  try {
    return new URLSearchParams(z.record(z.string(), z.string()).parse(JSON.parse(body)));
  } catch {
    return new URLSearchParams();
  }
}

/** The client that a request proves to be, by id and secret among its fields. */
export function clientOf(fields: URLSearchParams, counter: Counter): Consumer | null {
  const consumer = consumerOf(fields.get('client_id') ?? '', counter);
  if (consumer === null) return null;
  return sameText(fields.get('client_secret') ?? '', consumer.secret) ? consumer : null;
}

function refresh(text: string, consumer: Consumer, counter: Counter): Answer {
  const { book, switches, now } = counter;
  const token = book.refreshToken(text);
  const isOurs = token !== null && token.grant.consumerKey === consumer.key;
  if (isOurs && token.isDead && switches.rotation && switches.reusedToken === 'ends-all') {
    book.endRefreshTokens(({ grant }) => grant.id === token.grant.id);
  }
  if (!isOurs || !isGood(token, counter)) {
    return oauthError(
      switches.deadTokenStatus,
      'invalid_grant',
      'Unknown or invalid refresh token.',
    );
  }
  if (switches.refreshAsks !== 'off') {
    return oauthError(403, switches.refreshAsks, 'The person must log in again.');
  }
  if (!switches.rotation) return tokensAnswer(token.grant, null, counter);
  book.endRefreshTokens(({ token: other }) => other === token.token);
  return tokensAnswer(token.grant, book.issueRefreshToken(token.grant, now), counter);
}

function isGood(token: Token, { switches, now }: Counter): boolean {
  if (token.isDead) return false;
  if (!switches.rotation) return true;
  const isIdle = now - token.issuedAt >= switches.rotationMinutes * 60_000;
  return !isIdle && now - token.grant.loggedInAt < ROTATING_LIFE_MS;
}

function tokensAnswer(grant: Grant, refreshToken: Token | null, { book, now }: Counter): Answer {
  const access = book.issueAccessToken(grant, now);
  return json(200, {
    access_token: access.token,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken.token }),
    id_token: 'header.claims.signature',
    scope: grant.scope.join(' '),
    expires_in: ACCESS_LIFE_MS / 1_000,
    token_type: 'Bearer',
  });
}
