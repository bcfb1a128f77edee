/**
 * E*TRADE's calls as data: which address, which token, which protocol parameters.
 *
 * Pure: nothing is sent, time and nonce are handed in. Every call is a GET, as documented. Called by
 * `etrade.ts`, once per attempt.
 * @see https://apisb.etrade.com/docs/api/authorization/request_token.html
 */

import { Secret } from '../secret.ts';
import type { OpenSignIn } from './broker.ts';
import type { EtradeUrls } from './etrade-rules.ts';
import { authorizeRequest, type Oauth1Pair, type Oauth1Request, percentEncode } from './oauth1.ts';
import type { OutgoingRequest } from './send.ts';

/** A call before it is signed. */
export type EtradeCall = {
  readonly url: string;
  readonly token: Oauth1Pair | null;
  readonly extra?: NonNullable<Oauth1Request['extra']>;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Fetches a request token. The callback is always `oob`, also where one is registered. */
export function requestTokenCall(urls: EtradeUrls): EtradeCall {
  return {
    url: `${urls.oauthUrl}/oauth/request_token`,
    token: null,
    extra: { oauth_callback: 'oob' },
  };
}

/** Trades request token and verifier (the PIN, as typed) for the access token. */
export function accessTokenCall(
  urls: EtradeUrls,
  signIn: OpenSignIn,
  verifier: Secret,
): EtradeCall {
  return {
    url: `${urls.oauthUrl}/oauth/access_token`,
    token: { key: new Secret(signIn.id), secret: signIn.secret },
    extra: { oauth_verifier: verifier },
  };
}

/** Wakes up an inactive token; it stays the same token. */
export function renewCall(urls: EtradeUrls, token: Oauth1Pair): EtradeCall {
  return { url: `${urls.oauthUrl}/oauth/renew_access_token`, token };
}

export function revokeCall(urls: EtradeUrls, token: Oauth1Pair): EtradeCall {
  return { url: `${urls.oauthUrl}/oauth/revoke_access_token`, token };
}

/** The probe: quotes would not do, they answer without a user's token. */
export function accountListCall(urls: EtradeUrls, token: Oauth1Pair): EtradeCall {
  return {
    url: `${urls.apiUrl}/v1/accounts/list.json`,
    token,
    headers: { Accept: 'application/json' },
  };
}

/**
 * Signs a call for one attempt.
 *
 * @throws TypeError when the signer refuses: an empty consumer key, half a token, …
 */
export function signCall(
  call: EtradeCall,
  consumer: Oauth1Pair,
  once: { readonly timestamp: number; readonly nonce: string },
): OutgoingRequest {
  const signed = authorizeRequest({
    method: 'GET',
    url: call.url,
    consumer,
    token: call.token,
    ...(call.extra === undefined ? {} : { extra: call.extra }),
    ...once,
  });
  return { ...signed, headers: { ...call.headers, ...signed.headers } };
}

/**
 * The address of E*TRADE's login page for a request token. Holds the consumer key, no secret.
 *
 * The token is base64: unencoded, its `+` would arrive as a space.
 * @see https://apisb.etrade.com/docs/api/authorization/authorize.html
 */
export function authorizeAddress(
  urls: EtradeUrls,
  consumerKey: Secret,
  requestToken: string,
): string {
  const key = percentEncode(consumerKey.reveal());
  const { authorizeUrl } = urls;
  const joint = authorizeUrl.includes('?') ? '&' : '?';
  return `${authorizeUrl}${joint}key=${key}&token=${percentEncode(requestToken)}`;
}
