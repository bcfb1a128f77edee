/**
 * What a trading worker holds in its hands: one session, signed calls, and the news of it.
 *
 * Types only: the public face of `token-cadence/worker`. Implemented by `connect.ts`.
 */

export type WorkerState = {
  /** `waiting` nobody has signed in yet · `ready` a token within all its limits · `failing` the broker or the store does not serve us · `expired` a person must sign in · `closed`. */
  readonly status: 'waiting' | 'ready' | 'failing' | 'expired' | 'closed';
  readonly session: string;
  /** Of the token in use; 0 while there is none. */
  readonly generation: number;
  /** Whether a call of ours, or a probe, has worked with this token. */
  readonly proven: boolean;
  readonly issuedAt: number | null;
  readonly accessExpiresAt: number | null;
  readonly hardEndsAt: number | null;
  readonly lastUsedAt: number | null;
  /** Why it is `failing` or `expired`, safe to show; `null` when it is neither. */
  readonly problem: string | null;
  /** Why events do not arrive (polling goes on); `null` while they do. */
  readonly eventsProblem: string | null;
};

export type WorkerEvents = {
  /** A newer token is in use from now on. */
  readonly renewed: { readonly session: string; readonly generation: number };
  /** Only a sign-in helps. Said once per token, and again if that has `recovered` in between. */
  readonly expired: {
    readonly session: string;
    readonly generation: number;
    readonly signInUrl: string | null;
  };
  /** Store or broker do not serve us. Said once until `recovered`. */
  readonly failing: { readonly session: string; readonly problem: string };
  /** Store and broker serve us again, after `failing`, or the token of `expired` works after all. */
  readonly recovered: { readonly session: string };
};

export type UsableToken = {
  readonly accessToken: string;
  /** OAuth 1.0a only. */
  readonly tokenSecret: string | null;
  readonly generation: number;
  /** Its hard end or the access token's own, whichever is first; epoch ms. Idling ends it only if nobody uses it. */
  readonly endsAt: number;
};

export type WorkerSession = {
  readonly session: string;
  readonly worker: string;
  readonly instance: string;
  /**
   * Waits for a token that a probe has proven, or proves it itself.
   *
   * @throws WorkerError `TIMEOUT` with the sign-in address; `CONFIGURATION`; `CLOCK`; `CLOSED`. The signal's
   *   reason when it is aborted
   */
  ready(options?: {
    readonly timeoutSeconds?: number;
    readonly signal?: AbortSignal;
  }): Promise<void>;
  /**
   * Sends one call, signed. Answers of the broker that are no refusal of the token come back as they are,
   * a 503 after the last attempt as well. Only GET and HEAD are repeated; anything else is sent a second
   * time only where the broker has refused it at the door. Redirects are not followed. The time for an
   * answer covers its body: for endless streams take `authorization` or `token`.
   *
   * @param url absolute, at this session's broker; or a path there, like `/v1/accounts/list.json`
   * @throws WorkerError, and whatever `init.signal` was aborted with
   */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  /**
   * The value of the `Authorization` header for one call by another HTTP client. Good once.
   *
   * @param params form fields; the query is read from `url`
   */
  authorization(
    method: string,
    url: string | URL,
    params?: Readonly<Record<string, string>>,
  ): Promise<string>;
  /**
   * A token good for at least this long.
   *
   * @throws WorkerError `TOKEN_ENDS_SOON` names the clock that ends it
   */
  token(options?: { readonly minimumSeconds?: number }): Promise<UsableToken>;
  readonly state: WorkerState;
  /** @returns a function that takes the listener off again */
  on<E extends keyof WorkerEvents>(event: E, listener: (news: WorkerEvents[E]) => void): () => void;
  /** Stops listening, says goodbye, deletes its subscription. Never throws. */
  close(): Promise<void>;
};
