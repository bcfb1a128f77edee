/**
 * A worker's `fetch`: signs each attempt anew, waits out passing trouble, and renews a refused token once.
 *
 * Only GET and HEAD are ever repeated after a failure. Anything else is sent a second time in one case
 * alone: the broker refused it at the door and did nothing. Never follows a redirect. Made by `connect.ts`.
 */

import type { DataCalls, Refusal } from '../brokers/data-calls.ts';
import { pauseBeforeRetry, type RetryLimits } from '../brokers/retry.ts';
import { wordFor } from '../brokers/send.ts';
import type { Clock, Random, Wait } from '../clock.ts';
import { receiveHead } from './answer-head.ts';
import { heeding } from './bounded.ts';
import type { Brake, Cause } from './brake.ts';
import type { Failures } from './failures.ts';
import type { Ledger } from './ledger.ts';
import type { LineKeeper } from './line.ts';
import { type OutgoingCall, readCall, type Target } from './outgoing-call.ts';
import type { Recovery, Using } from './recovery.ts';
import type { WorkerSession } from './worker-session.ts';

export type CallOptions = {
  readonly target: Target;
  readonly ledger: Ledger;
  readonly recovery: Recovery;
  readonly failures: Failures;
  readonly line: LineKeeper;
  readonly brake: Brake;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly wait: Wait;
  readonly timeoutMs: number;
  /** Aborted when the connection is closed. */
  readonly closing: AbortSignal;
};

/** A program waits, no person: one more attempt than the service's own calls get, and longer pauses. */
const LIMITS: RetryLimits = { retries: 3, longestPauseMs: 15_000 };

/** No connection was made, so nothing was sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'econnrefused',
  'enotfound',
  'eai_again',
  'enetunreach',
  'ehostunreach',
  'und_err_connect_timeout',
]);

const NOT_MODIFIED = 304;

type Outcome =
  | { readonly type: 'answered'; readonly response: Response; readonly refusal: Refusal | null }
  | { readonly type: 'unanswered'; readonly problem: string };

export function createCalls(options: CallOptions): WorkerSession['fetch'] {
  const { ledger, recovery, failures, brake, clock, wait, closing } = options;

  return async (url, init = {}) => {
    const read = readCall(url, init, options.target);
    if (!read.ok) throw failures.configuration(read.problem);
    const { call } = read;
    const signal = init.signal ?? null;
    let failed = 0;
    let isRecovered = false;
    signal?.throwIfAborted();
    recovery.usable();
    brake.check('configuration', 'clock', oneCall(call));
    for (;;) {
      signal?.throwIfAborted();
      const using = await heeding(signal, recovery.current());
      brake.peek('token');
      const outcome = await attempt(call, init, using);
      if (outcome.type === 'unanswered') {
        failed += 1;
        if (await mayRepeat(call, unanswered(outcome.problem), failed, signal)) continue;
        throw notServed(outcome.problem);
      }
      const { response, refusal } = outcome;
      if (refusal === null) {
        brake.passed('configuration', 'clock', oneCall(call));
        if (response.ok) proven(using);
        else ledger.noteBroker(null);
        return response;
      }
      switch (refusal.reason) {
        case 'transient': {
          failed += 1;
          if (await mayRepeat(call, refusal, failed, signal)) break;
          const error = failures.ofBroker(refusal, refusal.undone);
          ledger.noteBroker(error.message);
          // The broker looked at our nonce only: that says nothing a caller could act on.
          if (refusal.status === 401) throw error;
          return response;
        }
        case 'configuration':
        case 'clock': {
          discard(response);
          if (refusal.reason === 'configuration') options.line.doubt();
          const error = failures.ofBroker(refusal, refusal.undone);
          ledger.noteBroker(error.message);
          throw brake.failed(causeOf(refusal, call), error);
        }
        case 'renewable':
        case 'sign-in-needed': {
          brake.passed('configuration', 'clock', oneCall(call));
          // Without a word of OAuth it may be this one endpoint that refuses.
          const doubt = refusal.undone ? 'renew' : 'ask';
          const recovered = heeding(signal, recovery.recover(using, refusal, doubt));
          if ((await recovered.catch(discardFor(response))) === 'works') {
            ledger.noteBroker(null);
            return response;
          }
          const maySend = call.repeatable || (refusal.undone && call.resendable);
          if (isRecovered || !maySend) {
            discard(response);
            throw sendAgain(refusal);
          }
          isRecovered = true;
          break;
        }
      }
      discard(response);
    }
  };

  function proven(using: Using): void {
    ledger.prove(using.token, clock());
    brake.passed('token');
  }

  /** Where the same key and secret have worked already, it is this one call that cannot be signed so. */
  function causeOf({ reason, problem }: Refusal, call: OutgoingCall): Cause {
    if (reason === 'clock') return 'clock';
    // An app may have one of the broker's products and lack another.
    if (problem === 'NoApiProductMatchFound') return oneCall(call);
    const isKey = problem.startsWith('consumer_key');
    return isKey || ledger.facts().lastUsedAt === null ? 'configuration' : oneCall(call);
  }

  async function attempt(call: OutgoingCall, init: RequestInit, using: Using): Promise<Outcome> {
    const { signer } = await heeding(init.signal ?? null, options.line.open());
    const headers = new Headers(call.headers);
    headers.set('authorization', sign(signer, call, using));
    for (const [name, value] of Object.entries(signer.headers ?? {})) {
      if (!headers.has(name)) headers.set(name, value);
    }
    const timeUp = AbortSignal.timeout(options.timeoutMs);
    const signal = init.signal ? AbortSignal.any([timeUp, init.signal]) : timeUp;
    let response: Response;
    try {
      response = await options.fetch(call.sentUrl, {
        ...init,
        method: call.method,
        headers,
        body: call.body,
        redirect: 'manual',
        signal,
      });
    } catch (error) {
      init.signal?.throwIfAborted();
      // What `fetch` refuses to send is the caller's mistake, not the network's.
      if (error instanceof TypeError && error.cause === undefined) throw error;
      return { type: 'unanswered', problem: wordFor(error) };
    }
    const judged = heeding(init.signal ?? null, judge(signer, response));
    return { type: 'answered', response, refusal: await judged.catch(discardFor(response)) };
  }

  function sign(signer: DataCalls, call: OutgoingCall, using: Using): string {
    try {
      return signer.authorize(call, using.token);
    } catch (error) {
      throw failures.configuration(error instanceof TypeError ? error.message : 'Cannot sign');
    }
  }

  /** A good answer may be long or endless: of the others the beginning is read here, from a copy. */
  async function judge(signer: DataCalls, response: Response): Promise<Refusal | null> {
    if (response.ok || response.status === NOT_MODIFIED) return null;
    return signer.judge(await receiveHead(response, { clock, wait }));
  }

  /** Waits before the next attempt; `false` when there is none. */
  async function mayRepeat(
    call: OutgoingCall,
    failure: Refusal,
    failed: number,
    signal: AbortSignal | null,
  ): Promise<boolean> {
    if (!call.repeatable) return false;
    const pauseMs = pauseBeforeRetry(failure, failed, options.random, LIMITS);
    if (pauseMs === null) return false;
    await wait(pauseMs, signal === null ? closing : AbortSignal.any([closing, signal]));
    signal?.throwIfAborted();
    return true;
  }

  function notServed(problem: string): Error {
    const undone = NEVER_SENT.has(problem);
    const known = undone ? 'nothing was sent' : 'nobody knows whether it arrived';
    const error =
      problem === 'timeout'
        ? failures.timeout(`The broker did not answer within ${options.timeoutMs} ms: ${known}`)
        : failures.unavailable(`The broker could not be reached (${problem}): ${known}`, {
            undone,
          });
    ledger.noteBroker(error.message);
    return error;
  }

  function sendAgain({ status, undone }: Refusal): Error {
    const known = undone ? 'the broker did nothing, send it again' : 'nobody knows what it did';
    return failures.unavailable(`The token was replaced or renewed during the call: ${known}`, {
      status,
      undone,
    });
  }
}

function oneCall({ method, url }: OutgoingCall): Cause {
  return `${method} ${url}`;
}

/** Lets the connection go. */
function discard(response: Response): void {
  void response.body?.cancel().catch(() => {});
}

function discardFor(response: Response): (error: unknown) => never {
  return (error) => {
    discard(response);
    throw error;
  };
}

function unanswered(problem: string): Refusal {
  return {
    ok: false,
    reason: 'transient',
    problem,
    answered: false,
    status: null,
    retryAfterMs: null,
    skewMs: null,
    undone: false,
  };
}
