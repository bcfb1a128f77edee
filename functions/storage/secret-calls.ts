/**
 * Makes one call to Secret Manager: with a deadline of ours, tried again while that is safe and in time.
 *
 * The client's own retries are off. Never tries again what cannot be done twice, and never lets Google's
 * errors out. Used by `secret-access.ts`.
 */

import type { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import type { Clock, Random, Wait } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { Log } from '../logging/log.ts';
import { type SecretClientOptions, secretClientOpener } from './secret-client.ts';
import {
  CODE,
  type Failure,
  isPassing,
  isUndone,
  OVERDUE,
  readFailure,
  type SecretMethod,
  storeErrorFor,
} from './secret-failure.ts';

export type SecretCallOptions = SecretClientOptions & {
  readonly clock: Clock;
  readonly wait: Wait;
  /** For pauses that differ between two callers. */
  readonly random: Random;
  readonly log: Log;
  readonly timeouts?: {
    /** One attempt. @default 3000 */
    readonly attemptMs?: number;
    /** Loading the client and finding credentials, once an instance: slow on a small CPU. @default 6000 */
    readonly openMs?: number;
    /** No attempt begins later than this after the first. @default 5000: with a look after a lost answer all ends in 10 s */
    readonly startWithinMs?: number;
  };
  /** Told of every attempt that is made. */
  readonly onCall?: (method: SecretMethod, secret: string) => void;
};

export type Call<T> = {
  readonly method: SecretMethod;
  /** Id of the secret, for errors and logs. */
  readonly secret: string;
  /** How often it may be tried; 1 for what must not be done twice. @default 4 */
  readonly attempts?: number;
  /** Codes that are an answer to the caller, not a failure. */
  readonly expected?: readonly number[];
  readonly send: (client: SecretManagerServiceClient, options: GoogleCallOptions) => Promise<T>;
};

export type GoogleCallOptions = {
  readonly timeout: number;
  readonly retry: null;
  readonly autoPaginate: false;
};

export type CallResult<T> =
  | { readonly ok: true; readonly value: T }
  /** `uncertain`: an earlier attempt may have been done, its answer was lost. */
  | { readonly ok: false; readonly code: number; readonly uncertain: boolean };

/** @throws {StoreError} when it failed with a code that was not expected */
export type MakeCall = <T>(call: Call<T>) => Promise<CallResult<T>>;

const ATTEMPT_MS = 3_000;
const OPEN_MS = 6_000;
const START_WITHIN_MS = 5_000;
const ATTEMPTS = 4;
const PAUSE_MS = 200;
/** Quotas are counted by the second. */
const PAUSE_FOR_QUOTA_MS = 600;
/** What the network library needs to notice its own deadline first, which also closes the connection. */
const GRACE_MS = 200;

export function createSecretCalls(options: SecretCallOptions): MakeCall {
  const { clock, wait, random, onCall } = options;
  const attemptMs = options.timeouts?.attemptMs ?? ATTEMPT_MS;
  const openMs = options.timeouts?.openMs ?? OPEN_MS;
  const startWithinMs = options.timeouts?.startWithinMs ?? START_WITHIN_MS;
  const open = secretClientOpener(options);

  async function openFor({ method, secret }: Call<unknown>): Promise<SecretManagerServiceClient> {
    try {
      return await within(openMs, open());
    } catch (error) {
      throw error instanceof StoreError ? error : storeErrorFor(failureIn(error), method, secret);
    }
  }

  async function attempt<T>(
    client: SecretManagerServiceClient,
    call: Call<T>,
  ): Promise<Attempt<T>> {
    onCall?.(call.method, call.secret);
    try {
      const sent = call.send(client, { timeout: attemptMs, retry: null, autoPaginate: false });
      return { ok: true, value: await within(attemptMs + GRACE_MS, sent) };
    } catch (error) {
      return { ok: false, failure: failureIn(error) };
    }
  }

  function pauseAfter(failure: Failure, attempts: number): number {
    const base = failure.code === CODE.resourceExhausted ? PAUSE_FOR_QUOTA_MS : PAUSE_MS;
    const chance = (random(1)[0] ?? 0) / 255;
    return Math.round(base * 2 ** (attempts - 1) * (0.5 + chance));
  }

  return async (call) => {
    const { method, secret, attempts: allowed = ATTEMPTS } = call;
    const client = await openFor(call);
    const startedAt = clock();
    let uncertain = false;
    for (let attempts = 1; ; attempts += 1) {
      const result = await attempt(client, call);
      if (result.ok) return result;
      const { failure } = result;
      if (failure.answered && call.expected?.includes(failure.code)) {
        return { ok: false, code: failure.code, uncertain };
      }
      if (!isUndone(failure)) uncertain = true;
      const pause = pauseAfter(failure, attempts);
      const inTime = clock() + pause <= startedAt + startWithinMs;
      if (!isPassing(failure) || attempts >= allowed || !inTime) {
        throw storeErrorFor(failure, method, secret);
      }
      options.log.warn('store-call-repeated', 'Secret Manager did not do a call; once more.', {
        method,
        secret,
        code: failure.code,
        attempts,
      });
      await wait(pause);
    }
  };
}

type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

function failureIn(error: unknown): Failure {
  return error === OVERDUE ? OVERDUE : readFailure(error);
}

/** Rejects with `OVERDUE` when `work` is not done in time, whatever it is stuck in. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    AbortSignal.timeout(ms).addEventListener('abort', () => reject(OVERDUE), { once: true });
    work.then(resolve, reject);
  });
}
