/**
 * What can break: few classes over one base, each with a `code`, whether a later call may succeed
 * (`retryable`), and the `cause`.
 *
 * Expected outcomes (a wrong PIN, a lost compare-and-set) are never errors, they are values with a
 * `reason`. Messages say what happened and what to do, and never hold a token, PIN, secret, link or a
 * broker's raw answer. Thrown by adapters and config, turned into answers by `http/reply.ts`.
 */

export type ErrorCode =
  /** A variable or mounted secret is missing or malformed; the message lists every problem by name. */
  | 'CONFIG_INVALID'
  /** The store did not answer, or not in time. */
  | 'STORE_UNAVAILABLE'
  /** The store refuses this caller. */
  | 'STORE_DENIED'
  /** A place to store in does not exist: never set up, or deleted by hand. */
  | 'STORE_MISSING'
  /** A saved document does not read: written by hand, torn, or by a newer release. */
  | 'STORE_RECORD_INVALID'
  /** A record would outgrow the store's limit even after history was dropped. */
  | 'STORE_RECORD_TOO_LARGE'
  /** Other writers won every try of a compare-and-set. */
  | 'STORE_CONTENDED'
  /** The event service did not answer, or not in time. */
  | 'EVENTS_UNAVAILABLE'
  /** The event service refuses: topic missing, permission denied, a schema that asks for something else. */
  | 'EVENTS_REFUSED'
  /** The messenger did not answer, or not in time, or asks for patience. */
  | 'NOTIFICATION_UNAVAILABLE'
  /** The messenger said no, for good: blocked bot, moved chat, wrong token. */
  | 'NOTIFICATION_REFUSED'
  /** The broker could not be reached; outcomes with an answer are values, not errors. */
  | 'BROKER_UNAVAILABLE'
  /** The broker answered something that cannot be read as its protocol. */
  | 'BROKER_ANSWER_UNREADABLE';

export type ErrorOptions = {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly cause?: unknown;
};

export class CadenceError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(message: string, options: ErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.retryable = options.retryable;
  }
}

/** A missing or malformed setting. `problems` lists all of them, by name, without their values. */
export class ConfigError extends CadenceError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : 'problems'}: ${problems.join('; ')}`,
      {
        code: 'CONFIG_INVALID',
        retryable: false,
      },
    );
    this.problems = problems;
  }
}

export class BrokerError extends CadenceError {}

export class StoreError extends CadenceError {}

export class EventError extends CadenceError {}

export class NotificationError extends CadenceError {
  /** How long the messenger asks us to wait, when it does. */
  readonly retryAfterMs: number | null;

  constructor(message: string, options: ErrorOptions & { readonly retryAfterMs?: number }) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
