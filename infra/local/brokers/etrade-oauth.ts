/**
 * The four token endpoints of E*TRADE: request, access, renew, revoke.
 *
 * Each takes a request that is not yet believed and gives an answer in the broker's form; what they change
 * is in the book of tokens. Called by `etrade.ts`.
 *
 * @see https://apisb.etrade.com/docs/api/authorization/request_token.html
 */

import { timingSafeEqual } from 'node:crypto';
import { oauthRefusal, type Problem, problem } from './etrade-errors.ts';
import { type Counter, tokenProblem, verify } from './etrade-signed.ts';
import { accessStateAt, type Host, isOpenAt, type RequestToken } from './etrade-tokens.ts';
import type { Answer } from './http-answer.ts';
import { percentEncode, type WireRequest } from './oauth1-verifier.ts';

export type TokenEndpoint =
  | 'request_token'
  | 'access_token'
  | 'renew_access_token'
  | 'revoke_access_token';

export function isTokenEndpoint(name: string): name is TokenEndpoint {
  return /^(?:request_token|(?:renew_|revoke_)?access_token)$/.test(name);
}

export function answerTokenEndpoint(
  endpoint: TokenEndpoint,
  host: Host,
  request: WireRequest,
  counter: Counter,
): Answer {
  const endpoints = {
    request_token: requestToken,
    access_token: accessToken,
    renew_access_token: renew,
    revoke_access_token: revoke,
  };
  const answer = endpoints[endpoint](request, counter, host);
  return 'ok' in answer ? oauthRefusal(answer, counter.switches) : answer;
}

function requestToken(request: WireRequest, counter: Counter, host: Host): Answer | Problem {
  const { tokens, switches, now } = counter;
  const verified = verify(request, 'callback', counter);
  if (!verified.ok) return verified;
  const { consumer, oauth } = verified;
  if (isWrongHost(consumer.environment, host, counter)) return problem('consumer_key_rejected');
  if (oauth.get('oauth_callback') !== 'oob') {
    return problem('callback_rejected', 'oauth_acceptable_callback=oob');
  }
  const { token, secret } = tokens.open(consumer.key, host, now);
  return tokenReply(counter, [
    ['oauth_token', token],
    ['oauth_token_secret', secret],
    ['oauth_callback_confirmed', String(switches.callbackConfirmed)],
  ]);
}

function accessToken(request: WireRequest, counter: Counter, host: Host): Answer | Problem {
  const { tokens, switches, now } = counter;
  const verified = verify(request, 'verifier', counter);
  if (!verified.ok) return verified;
  const { consumer, token: pending, oauth } = verified;
  if (isWrongHost(consumer.environment, host, counter)) return problem('consumer_key_rejected');
  if (!isOpenAt(pending, now)) return problem('token_rejected');
  if (!verifierMatches(pending, oauth.get('oauth_verifier') ?? '', switches.pinCaseMatters)) {
    if (switches.wrongPinBurns) tokens.end(pending);
    return problem('token_rejected');
  }
  if (switches.secondLoginRevokes) {
    for (const earlier of tokens.accessTokens()) {
      if (earlier.consumerKey === consumer.key && earlier.login === pending.login) {
        tokens.revoke(earlier);
      }
    }
  }
  const { token, secret } = tokens.issue(pending, consumer.environment, now);
  return tokenReply(counter, [
    ['oauth_token', token],
    ['oauth_token_secret', secret],
  ]);
}

function renew(request: WireRequest, counter: Counter, host: Host): Answer | Problem {
  const { tokens, switches, now } = counter;
  const verified = verify(request, 'access-token', counter);
  if (!verified.ok) return verified;
  const { consumer, token } = verified;
  if (isWrongHost(consumer.environment, host, counter)) return problem('consumer_key_rejected');
  const wakes = accessStateAt(token, now) === 'inactive' && switches.renewAfterIdle === 200;
  const refusal = wakes ? null : tokenProblem(token, counter);
  if (refusal !== null) return refusal;
  tokens.touch(token, now);
  return plainText('Access Token has been renewed');
}

function revoke(request: WireRequest, counter: Counter, host: Host): Answer | Problem {
  const { tokens, now } = counter;
  const verified = verify(request, 'access-token', counter);
  if (!verified.ok) return verified;
  const { consumer, token } = verified;
  if (isWrongHost(consumer.environment, host, counter)) return problem('consumer_key_rejected');
  // A token that merely idles can still be given back: nobody is asked to wake it up first.
  const refusal = accessStateAt(token, now) === 'inactive' ? null : tokenProblem(token, counter);
  if (refusal !== null) return refusal;
  tokens.revoke(token);
  return plainText('Revoked Access Token');
}

function isWrongHost(environment: 'sandbox' | 'prod', host: Host, { switches }: Counter): boolean {
  return (
    switches.hostRole === 'by-environment' && (host === 'apisb') !== (environment === 'sandbox')
  );
}

function verifierMatches(pending: RequestToken, given: string, caseMatters: boolean): boolean {
  if (pending.verifier === null) return false;
  const expected = Buffer.from(pending.verifier);
  const typed = Buffer.from(caseMatters ? given : given.toUpperCase());
  return typed.length === expected.length && timingSafeEqual(typed, expected);
}

function tokenReply(counter: Counter, fields: readonly (readonly [string, string])[]): Answer {
  return {
    status: 200,
    type: counter.switches.tokenReplyType,
    body: fields.map(([name, value]) => `${name}=${percentEncode(value)}`).join('&'),
  };
}

function plainText(body: string): Answer {
  return { status: 200, type: 'text/plain;charset=utf-8', body };
}
