/**
 * Decides whether a request is who it says it is: parameters, consumer, timestamp, signature, nonce, token.
 *
 * Says nothing about whether the token is still good for the call; that is each endpoint's matter. Called
 * by the /oauth and /v1 halves of the E*TRADE simulator.
 *
 * @see https://apisb.etrade.com/docs/api/authorization/request_token.html
 */

import { type Problem, problem } from './etrade-errors.ts';
import type { Switches } from './etrade-switches.ts';
import {
  type AccessToken,
  accessStateAt,
  type RequestToken,
  type TokenBook,
} from './etrade-tokens.ts';
import {
  hmacSha1,
  type Pair,
  readSignedRequest,
  signatureMatches,
  type WireRequest,
} from './oauth1-verifier.ts';
import type { Consumer } from './simulator.ts';

/** What every part of the simulator works with. */
export type Counter = {
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly tokens: TokenBook;
  readonly switches: Switches;
  readonly now: number;
};

/** What a call must carry: no token, a request token with its verifier, or an access token. */
export type Needs = 'callback' | 'verifier' | 'access-token';

export type Verified<T> = {
  readonly ok: true;
  readonly consumer: Consumer;
  readonly token: T;
  /** The protocol parameters. */
  readonly oauth: ReadonlyMap<string, string>;
  readonly others: readonly Pair[];
};

const ALWAYS = [
  'oauth_consumer_key',
  'oauth_timestamp',
  'oauth_nonce',
  'oauth_signature_method',
  'oauth_signature',
] as const;

const REQUIRED: Readonly<Record<Needs, readonly string[]>> = {
  callback: [...ALWAYS, 'oauth_callback'],
  verifier: [...ALWAYS, 'oauth_token', 'oauth_verifier'],
  'access-token': [...ALWAYS, 'oauth_token'],
};

export function isRejected(consumer: Consumer, switches: Switches): boolean {
  const { consumerKeyRejected } = switches;
  return consumerKeyRejected === true || consumerKeyRejected === consumer.environment;
}

export function verify(
  request: WireRequest,
  needs: 'callback',
  counter: Counter,
): Verified<null> | Problem;
export function verify(
  request: WireRequest,
  needs: 'verifier',
  counter: Counter,
): Verified<RequestToken> | Problem;
export function verify(
  request: WireRequest,
  needs: 'access-token',
  counter: Counter,
): Verified<AccessToken> | Problem;
export function verify(
  request: WireRequest,
  needs: Needs,
  counter: Counter,
): Verified<RequestToken | AccessToken | null> | Problem {
  const { consumers, tokens, switches } = counter;
  const read = readSignedRequest(request, switches.paramLocation);
  if (!read.ok) {
    const advice = read.reason === 'duplicate' ? `oauth_parameters_rejected=${read.name}` : null;
    return problem('parameter_rejected', advice);
  }
  const { oauth } = read;
  const value = (name: string): string => oauth.get(name) ?? '';

  const absent = REQUIRED[needs].filter((name) => value(name) === '');
  if (absent.length > 0) {
    return problem('parameter_absent', `oauth_parameters_absent=${absent.join('&')}`);
  }
  if ((oauth.get('oauth_version') ?? '1.0') !== '1.0') {
    return problem('version_rejected', 'oauth_acceptable_versions=1.0-1.0');
  }
  if (value('oauth_signature_method') !== 'HMAC-SHA1') {
    return problem('signature_method_rejected', 'oauth_acceptable_signature_methods=HMAC-SHA1');
  }
  const consumer = consumers.get(value('oauth_consumer_key'));
  if (consumer === undefined || isRejected(consumer, switches)) {
    return problem('consumer_key_rejected');
  }
  const timestamp = Number(value('oauth_timestamp'));
  if (!/^\d{1,12}$/.test(value('oauth_timestamp'))) {
    return problem('parameter_rejected', 'oauth_parameters_rejected=oauth_timestamp');
  }
  const seconds = Math.floor((counter.now + switches.clockSkewMs) / 1000);
  const earliest = seconds - switches.timestampWindow;
  const latest = seconds + switches.timestampWindow;
  if (timestamp < earliest || timestamp > latest) {
    return problem('timestamp_refused', `oauth_acceptable_timestamps=${earliest}-${latest}`);
  }

  const token = findToken(needs, value('oauth_token'), tokens);
  if (needs !== 'callback' && token?.consumerKey !== consumer.key) return problem('token_rejected');
  const expected = hmacSha1(read.base, consumer.secret, token?.secret ?? '');
  if (!signatureMatches(value('oauth_signature'), expected)) return problem('signature_invalid');
  if (!tokens.useNonce(consumer.key, timestamp, value('oauth_nonce'))) return problem('nonce_used');
  return { ok: true, consumer, token, oauth, others: read.others };
}

function findToken(
  needs: Needs,
  token: string,
  tokens: TokenBook,
): RequestToken | AccessToken | null {
  switch (needs) {
    case 'callback':
      return null;
    case 'verifier':
      return tokens.request(token);
    case 'access-token':
      return tokens.access(token);
  }
}

/** Why an access token is refused at this moment, or `null` when it is active. */
export function tokenProblem(access: AccessToken, counter: Counter): Problem | null {
  const { switches, now } = counter;
  switch (accessStateAt(access, now)) {
    case 'active':
      return null;
    case 'revoked':
      return problem(switches.revokedProblem);
    case 'expired':
      return problem('token_expired');
    case 'inactive':
      return problem(switches.idleProblem);
  }
}
