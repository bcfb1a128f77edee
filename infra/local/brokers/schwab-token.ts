/**
 * The token endpoint of the simulated Schwab: code or refresh token in, tokens out.
 *
 * What it changes is in the book. Called by `schwab.ts`.
 */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Code, Grant, GrantBook, Token } from './grant-book.ts';
import type { Answer } from './http-answer.ts';
import type { Switches } from './schwab-switches.ts';
import type { Consumer } from './simulator.ts';
import { basicCredentials, json, oauthError, sameText } from './token-endpoint.ts';

export const ACCESS_LIFE_MS = 30 * 60_000;
const CODE_LIFE_MS = 30_000;
const HOUR_MS = 3_600_000;

/** What every part of the simulator works with. */
export type Counter = {
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly book: GrantBook;
  readonly switches: Switches;
  readonly now: number;
};

export function consumerOf(key: string, { consumers, switches }: Counter): Consumer | null {
  return switches.consumerKeyRejected ? null : (consumers.get(key) ?? null);
}

/** `POST /v1/oauth/token`, with key and secret in the header and nowhere else. */
export function exchange(req: IncomingMessage, form: URLSearchParams, counter: Counter): Answer {
  const { book, switches, now } = counter;
  const given = basicCredentials(req);
  const consumer = given === null ? null : consumerOf(given.id, counter);
  if (given === null || consumer === null || !sameText(given.secret, consumer.secret)) {
    return oauthError(401, 'invalid_client', 'Unauthorized');
  }
  const field = (name: string): string => form.get(name) ?? '';
  switch (field('grant_type')) {
    case 'authorization_code': {
      const code = book.spend(field('code'), CODE_LIFE_MS, now);
      if (code === null || !isFor(code, consumer, field('redirect_uri'))) {
        return oauthError(400, 'invalid_grant', 'Bad authorization code.');
      }
      if (switches.newLoginEnds) endEarlier(code.grant, book);
      return tokensAnswer(code.grant, book.issueRefreshToken(code.grant, now), counter);
    }
    case 'refresh_token': {
      const token = book.refreshToken(field('refresh_token'));
      if (token?.grant.consumerKey !== consumer.key || !isGood(token, counter)) {
        return deadRefreshToken(switches.deadToken);
      }
      if (!switches.rotation) return tokensAnswer(token.grant, token, counter);
      book.endRefreshTokens(({ token: text }) => text === token.token);
      return tokensAnswer(token.grant, book.issueRefreshToken(token.grant, now), counter);
    }
    default:
      return oauthError(400, 'unsupported_grant_type', 'Unsupported grant type.');
  }
}

function isFor(code: Code, consumer: Consumer, redirectUrl: string): boolean {
  return code.grant.consumerKey === consumer.key && code.redirectUrl === redirectUrl;
}

function endEarlier(grant: Grant, book: GrantBook): void {
  book.endRefreshTokens(
    (token) =>
      token.grant.consumerKey === grant.consumerKey &&
      token.grant.person === grant.person &&
      token.grant.id !== grant.id,
  );
}

function isGood(token: Token, { switches, now }: Counter): boolean {
  return !token.isDead && now - token.grant.loggedInAt < switches.refreshHours * HOUR_MS;
}

/** The first has quotation marks that nobody escaped, as it was published. */
function deadRefreshToken(form: Switches['deadToken']): Answer {
  switch (form) {
    case 'unsupported_token_type': {
      const digest = randomUUID();
      const inner = `Exception while authenticating refresh token [tokenDigest=${digest}, Exception=Failed refresh token authentication [tokenDigest=${digest}]]`;
      return {
        status: 400,
        type: 'application/json',
        body: `{"error":"unsupported_token_type","error_description":"400 Bad Request: \\"{"error_description":"${inner}","error":"refresh_token_authentication_error"}\\""}`,
      };
    }
    case 'invalid_client':
      return oauthError(400, 'invalid_client', 'refresh token invalid');
    case 'invalid_grant':
      return oauthError(400, 'invalid_grant', 'Invalid refresh token: null');
  }
}

function tokensAnswer(grant: Grant, refreshToken: Token, { book, now }: Counter): Answer {
  return json(200, {
    expires_in: ACCESS_LIFE_MS / 1_000,
    token_type: 'Bearer',
    scope: 'api',
    refresh_token: refreshToken.token,
    access_token: book.issueAccessToken(grant, now).token,
    id_token: 'header.claims.signature',
  });
}
