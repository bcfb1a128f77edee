/**
 * Kite's calls as data: the login page's address, the exchange with its checksum, profile and logout.
 *
 * Pure: nothing is sent. Secrets are revealed only into the request that carries them. Called by `kite.ts`.
 * @see https://kite.trade/docs/connect/v3/user/
 */

import { createHash } from 'node:crypto';
import type { Secret } from '../secret.ts';
import type { BrokerOptions } from './broker.ts';
import { authorizeAddress, formPost } from './oauth2.ts';
import type { OutgoingRequest } from './send.ts';

type KiteApp = Pick<BrokerOptions, 'oauthUrl' | 'apiUrl' | 'consumerKey' | 'consumerSecret'>;

/** Without it Kite refuses any call. */
export const KITE_VERSION = { 'X-Kite-Version': '3' } as const;

/**
 * Kite knows no `state` and takes no redirect address (it is fixed per key): what stands in
 * `redirect_params` comes back with the redirect.
 */
export function loginAddress(page: string, consumerKey: Secret, state: string): string {
  return authorizeAddress(page, {
    v: '3',
    api_key: consumerKey.reveal(),
    redirect_params: new URLSearchParams({ state }).toString(),
  });
}

/** Trades the request token for the access token; the secret itself never travels. */
export function sessionCall(app: KiteApp, requestToken: Secret): OutgoingRequest {
  const fields = {
    api_key: app.consumerKey,
    request_token: requestToken,
    checksum: checksum(app.consumerKey, requestToken, app.consumerSecret),
  };
  return formPost(`${app.oauthUrl}/session/token`, fields, KITE_VERSION);
}

/** SHA-256 over the three as they stand one behind the other, in lower-case hex: no HMAC. */
export function checksum(apiKey: Secret, requestToken: Secret, apiSecret: Secret): string {
  const text = `${apiKey.reveal()}${requestToken.reveal()}${apiSecret.reveal()}`;
  return createHash('sha256').update(text).digest('hex');
}

/** The probe. */
export function profileCall(app: KiteApp, accessToken: Secret): OutgoingRequest {
  return {
    method: 'GET',
    url: `${app.apiUrl}/user/profile`,
    headers: {
      Accept: 'application/json',
      ...KITE_VERSION,
      Authorization: kiteAuthorization(accessToken, app.consumerKey),
    },
  };
}

/** Kite wants key and token in the query of this one call; the address is never logged. */
export function logoutCall(app: KiteApp, accessToken: Secret): OutgoingRequest {
  const query = new URLSearchParams({
    api_key: app.consumerKey.reveal(),
    access_token: accessToken.reveal(),
  });
  return {
    method: 'DELETE',
    url: `${app.oauthUrl}/session/token?${query.toString()}`,
    headers: { Accept: 'application/json', ...KITE_VERSION },
  };
}

/** The `Authorization` header's value. */
export function kiteAuthorization(accessToken: Secret, consumerKey: Secret): string {
  return `token ${consumerKey.reveal()}:${accessToken.reveal()}`;
}
