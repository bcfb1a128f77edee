/**
 * The words of everything that can go wrong for a worker: what happened, and what to do now.
 *
 * Pure. Never holds a token, a secret or a broker's raw answer. Used by the whole room.
 */

import type { BrokerFailure } from '../brokers/broker.ts';
import { settingAdvice } from '../lifecycle/setting-advice.ts';
import { WorkerError, type WorkerErrorFacts } from './errors.ts';
import type { Limit } from './state.ts';

export type Failures = {
  readonly notSignedIn: () => WorkerError;
  /** @param why `the token ended at …` */
  readonly signInNeeded: (why: string) => WorkerError;
  /** @param worksElsewhere the service has proven the token that is refused to us */
  readonly refused: (problem: string, worksElsewhere: boolean) => WorkerError;
  readonly endsSoon: (limit: Limit, minimumSeconds: number) => WorkerError;
  readonly storeUnavailable: (problem: string) => WorkerError;
  readonly closed: () => WorkerError;
  /** A call ran out of its time. */
  readonly timeout: (message: string) => WorkerError;
  /** `ready` ran out of its time. */
  readonly late: (message: string) => WorkerError;
  readonly configuration: (problem: string) => WorkerError;
  /** What a broker's failure means for the caller; not for those that only a sign-in helps. */
  readonly ofBroker: (failure: BrokerFailure, undone: boolean) => WorkerError;
  readonly unavailable: (
    problem: string,
    facts?: { readonly status?: number | null; readonly undone?: boolean },
  ) => WorkerError;
};

const CLOCK_NAMES = {
  'hard-end': 'its hard end',
  'access-token': "the access token's end",
  idle: 'the idle limit, unless it is used',
} as const;

export function createFailures(options: {
  readonly session: string;
  /** "E*TRADE". */
  readonly title: string;
  readonly signInUrl: string | null;
  /** Where consumer key and secret come from. */
  readonly consumerSource: string;
}): Failures {
  const { session, title, signInUrl, consumerSource } = options;
  const signIn =
    signInUrl === null ? 'sign in on the page of token-cadence' : `sign in at ${signInUrl}`;
  const make = (message: string, facts: Omit<WorkerErrorFacts, 'session'>): WorkerError =>
    new WorkerError(message, { session, ...facts });

  const unavailable: Failures['unavailable'] = (problem, facts = {}) =>
    make(problem, { code: 'BROKER_UNAVAILABLE', retryable: true, ...facts });

  const configuration = (problem: string, status: number | null = null): WorkerError =>
    make(problem, { code: 'CONFIGURATION', retryable: false, status, undone: true });

  const signInNeeded: Failures['signInNeeded'] = (why) =>
    make(`The session "${session}" needs a person: ${why}; ${signIn}`, {
      code: 'SIGN_IN_NEEDED',
      retryable: false,
      signInUrl,
      undone: true,
    });

  return {
    notSignedIn: () =>
      make(`Nobody has signed in to "${session}" yet: ${signIn}`, {
        code: 'NOT_SIGNED_IN',
        retryable: false,
        signInUrl,
        undone: true,
      }),
    signInNeeded,
    refused(problem, worksElsewhere) {
      const hint = worksElsewhere
        ? `, which token-cadence has proven: check first that ${consumerSource} holds the same consumer key`
        : '';
      return signInNeeded(`the broker refuses the token (${problem})${hint}`);
    },
    endsSoon: ({ limitedBy, endsAt }, minimumSeconds) =>
      make(
        `The token of "${session}" does not last ${minimumSeconds} s: ${CLOCK_NAMES[limitedBy]} is at ${new Date(endsAt).toISOString()}`,
        {
          code: 'TOKEN_ENDS_SOON',
          retryable: limitedBy !== 'hard-end',
          signInUrl: limitedBy === 'hard-end' ? signInUrl : null,
          limitedBy,
          endsAt,
        },
      ),
    storeUnavailable: (problem) =>
      make(`The token of "${session}" cannot be read: ${problem}`, {
        code: 'STORE_UNAVAILABLE',
        retryable: true,
        undone: true,
      }),
    closed: () =>
      make(`The connection to "${session}" was closed`, {
        code: 'CLOSED',
        retryable: false,
        undone: true,
      }),
    timeout: (message) => make(message, { code: 'TIMEOUT', retryable: true }),
    late: (message) =>
      make(`${message}; ${signIn}`, { code: 'TIMEOUT', retryable: true, signInUrl }),
    configuration,
    unavailable,
    ofBroker(failure, undone) {
      const { problem, status, skewMs } = failure;
      if (failure.reason === 'clock') {
        return make(`${title} refuses the time of the call (${problem}): ${clockInWords(skewMs)}`, {
          code: 'CLOCK',
          retryable: false,
          status,
          undone,
        });
      }
      if (failure.reason === 'configuration') {
        return configuration(
          `${title} refuses the call of "${session}" (${problem}): ${adviceFor(problem, consumerSource)}`,
          status,
        );
      }
      return unavailable(`${title} did not serve the call (${problem})`, { status, undone });
    },
  };
}

function clockInWords(skewMs: number | null): string {
  const minutes = skewMs === null ? 0 : Math.round(skewMs / 60_000);
  if (minutes === 0) return "this machine's clock or the broker's is wrong";
  const side = minutes > 0 ? 'behind' : 'ahead of';
  return `this machine's clock is ${Math.abs(minutes)} minutes ${side} the broker's; set it`;
}

function adviceFor(problem: string, consumerSource: string): string {
  const known = settingAdvice(problem);
  if (known !== null) return known.advice;
  if (problem.startsWith('consumer_key')) {
    return `check the consumer key in ${consumerSource}, and that it belongs to this environment`;
  }
  if (problem.startsWith('signature')) return `check the consumer secret in ${consumerSource}`;
  return `check ${consumerSource} and the addresses of the broker`;
}
