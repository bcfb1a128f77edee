/**
 * What the system asks of a broker, and every way a broker can answer.
 *
 * Outcomes are values: a refusal carries its class, so that only `sign-in-needed` ever asks a human.
 * No method throws for an answer or for a missing one. Implemented by one file per broker, called by
 * operations and by workers.
 */

import type { Clock, Random, Wait } from '../clock.ts';
import type { BrokerRules } from '../lifecycle/rules.ts';
import type { Environment } from '../lifecycle/session.ts';
import type { VerifierShape } from '../lifecycle/verifier.ts';
import type { Secret } from '../secret.ts';

/**
 * `sign-in-needed` only a human helps · `renewable` one renewal may help · `configuration` consumer key,
 * secret, host or callback is wrong · `clock` our clock (or theirs) is off · `transient` try again later.
 */
export type FailureClass = 'sign-in-needed' | 'renewable' | 'configuration' | 'clock' | 'transient';

export type BrokerFailure = {
  readonly ok: false;
  readonly reason: FailureClass;
  /** The broker's own word for it (`token_rejected`, `http-500`, `timeout`), safe to show and log. */
  readonly problem: string;
  /** Whether the broker answered at all; without an answer nobody knows what it did. */
  readonly answered: boolean;
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  /** Broker's `Date` header minus our clock, when there was one. */
  readonly skewMs: number | null;
};

/** Access token as a broker issued it; which fields are set depends on the broker's protocol. */
export type BrokerToken = {
  readonly accessToken: Secret;
  /** OAuth 1.0a: the second half of the pair. */
  readonly tokenSecret: Secret | null;
  /** OAuth 2: what renews the access token. */
  readonly refreshToken: Secret | null;
};

/** An opened sign-in. It stays in the person's encrypted cookie until the verifier comes. */
export type OpenSignIn = {
  /** What the broker's redirect names it by: the request token (OAuth 1.0a), `state` (OAuth 2). */
  readonly id: string;
  /** The request token's secret (OAuth 1.0a), the PKCE verifier (OAuth 2); random where neither exists. */
  readonly secret: Secret;
  readonly startedAt: number;
  readonly expiresAt: number;
};

/**
 * How the person's yes comes back, as a verifier: `pin` is read from the broker's page and typed,
 * `redirect` is brought by the broker's redirect and copied by nobody.
 */
export type VerifierKind = 'pin' | 'redirect';

/** What the broker's redirect to our callback said. */
export type CallbackAnswer =
  | {
      readonly ok: true;
      /** `null` where the broker does not name the sign-in. */
      readonly signInId: string | null;
      readonly verifier: Secret;
    }
  | {
      readonly ok: false;
      /** `declined` the person said no · `refused` the broker did · `unreadable` it is no such redirect. */
      readonly reason: 'declined' | 'refused' | 'unreadable';
      /** A safe word (`access_denied`). */
      readonly problem: string;
      readonly signInId: string | null;
    };

export type BeginAnswer =
  | {
      readonly ok: true;
      readonly authorizeUrl: string;
      readonly signIn: OpenSignIn;
      /** As in a failure. */
      readonly skewMs: number | null;
    }
  | BrokerFailure;

export type CompleteAnswer =
  | {
      readonly ok: true;
      readonly token: BrokerToken;
      readonly issuedAt: number;
      readonly accessLifeMs: number | null;
    }
  | BrokerFailure;

export type RenewAnswer =
  /** `token` is the new one for a refresh, `null` when the same token was woken up. */
  | { readonly ok: true; readonly token: BrokerToken | null; readonly accessLifeMs: number | null }
  | BrokerFailure;

export type ProbeAnswer =
  | {
      readonly ok: true;
      /** `null`: the token works, but the list of accounts could not be read. Empty: there are none. */
      readonly accountIds: readonly string[] | null;
      readonly skewMs: number | null;
    }
  | BrokerFailure;

export type RevokeAnswer = { readonly ok: true } | BrokerFailure;

/** What asking for an approval came to; `expiresAt`: until when the person can give it. */
export type ApprovalRequest = { readonly ok: true; readonly expiresAt: number } | BrokerFailure;

/** What a posted notice says. None of it is proven. */
export type ApprovalNotice =
  | {
      readonly ok: true;
      readonly token: BrokerToken;
      readonly issuedAt: number;
      /** Never later than the rules allow. */
      readonly expiresAt: number;
      /** The consumer key: ours, or the notice is no answer to us. */
      readonly clientId: string;
      /** Among the account ids that a probe with this token finds; `null` where the notice names nobody. */
      readonly userId: string | null;
    }
  | {
      readonly ok: false;
      /**
       * `unreadable` no such notice · `other-message` about something else · `foreign-client` for another
       * consumer key · `expired` its token is over · `not-yet` it says it was issued in the future.
       */
      readonly reason: 'unreadable' | 'other-message' | 'foreign-client' | 'expired' | 'not-yet';
    };

/** A sign-in without our page: the person says yes in the broker's app, the broker posts the token to us. */
export interface ApprovalPush {
  /**
   * Asks the broker to prompt the person. Each request is a prompt: sent again only while the broker cannot have
   * seen it.
   */
  request(): Promise<ApprovalRequest>;
  /**
   * Reads the body of the broker's post. Anybody can send one: the token counts only once a probe with it
   * finds `userId`, or the account that is expected where it names nobody.
   */
  readNotice(body: string): ApprovalNotice;
}

export interface Broker {
  /** `etrade`, as in session keys. */
  readonly name: string;
  /** The name people read: "E*TRADE". */
  readonly title: string;
  readonly rules: BrokerRules;
  /** Origin of the login page; where a PIN is shown there, it goes into the CSP of ours. */
  readonly authorizeOrigin: string;
  readonly verifierKind: VerifierKind;
  /** What a verifier can be; nothing else is ever sent. */
  readonly verifierShape: VerifierShape;
  /** Opens a sign-in. */
  begin(): Promise<BeginAnswer>;
  /** Reads the redirect's query. Consumes nothing and sends nothing. */
  readCallback(query: URLSearchParams): CallbackAnswer;
  /** Spends the verifier (PIN or code): sent again only while the broker cannot have seen it. */
  complete(signIn: OpenSignIn, verifier: Secret): Promise<CompleteAnswer>;
  renew(token: BrokerToken): Promise<RenewAnswer>;
  /** A cheap call that works only with a good token. */
  probe(token: BrokerToken): Promise<ProbeAnswer>;
  /** The same, tried once and for a few seconds: while a token waits to be stored. */
  glance(token: BrokerToken): Promise<ProbeAnswer>;
  /** Ends the token at the broker, as far as `rules.revocation` says. */
  revoke(token: BrokerToken): Promise<RevokeAnswer>;
  /** Only at brokers that can ask the person by themselves. */
  readonly approval?: ApprovalPush;
}

/** Everything an adapter is made of: credentials and addresses from configuration, the doors handed in. */
export type BrokerOptions = {
  readonly environment: Environment;
  readonly consumerKey: Secret;
  readonly consumerSecret: Secret;
  /** What comes before the broker's authorization paths, e.g. `https://api.etrade.com`. */
  readonly oauthUrl: string;
  /** What comes before the broker's data paths, e.g. `https://apisb.etrade.com`. */
  readonly apiUrl: string;
  /** The whole address of the broker's login page, without its parameters. */
  readonly authorizeUrl: string;
  /**
   * Where the broker's redirect leads, exactly as registered there; `null` where none is used.
   * @default null
   */
  readonly redirectUrl?: string | null;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly wait: Wait;
  /**
   * Longest wait for one attempt, answer included.
   * @default 10000
   */
  readonly timeoutMs?: number;
};
