/**
 * The shape of a broker's lifecycle rules: plain data that each broker adapter declares.
 *
 * Holds no broker's numbers and does no I/O. Read by `decide`, `transition`, `coverage`; written by
 * `brokers/*.ts`.
 */

export type Market = 'NYSE' | 'NSE';

/** The end that no renewal can move. */
export type HardEnd =
  /** The next wall-clock `time` ("00:00") in `zone`, strictly after the token was issued. */
  | { readonly kind: 'wall-clock'; readonly time: string; readonly zone: string }
  /** So many milliseconds after the sign-in, whatever was refreshed since. */
  | { readonly kind: 'age'; readonly ms: number }
  /** The same, but only where the broker gives a new refresh token with each refresh; else there is no end. */
  | { readonly kind: 'age-when-rotating'; readonly ms: number };

/** What makes a token usable again with no human: nothing, the same token woken up, or a new token. */
export type Renewal = 'none' | 'reactivate' | 'refresh';

/**
 * What revoking a token ends: it alone, every token of the same consumer key, or nothing, because the
 * broker has no such call.
 */
export type Revocation = 'token' | 'consumer-key' | 'none';

export type BrokerRules = {
  readonly market: Market;
  readonly hardEnd: HardEnd;
  /** A token unused this long goes inactive; `null` when idling does no harm. */
  readonly idleLimitMs: number | null;
  /** Life of an access token within the session; `null` when it lives until the hard end. */
  readonly accessLifeMs: number | null;
  readonly renewal: Renewal;
  readonly revocation: Revocation;
  /** After this the broker lets a consumer key die; `null` where no such end is known. */
  readonly consumerKeyLifeMs: number | null;
  /** How long a begun sign-in stays open at the broker. */
  readonly signInOpenMs: number;
};
