/**
 * What a failed call of Pub/Sub means: what to tell the operator, and whether a later one may succeed.
 *
 * Pure: a thrown value in, a clean error out. Reads codes, never texts: Google's errors may hang on
 * requests with access tokens, so nothing of them passes but the code. Called by the `pubsub-` files.
 *
 * @see https://grpc.io/docs/guides/status-codes/
 */

import { EventError } from '../errors.ts';

/** The topic as an operator knows it. */
export type TopicName = { readonly project: string; readonly topic: string };

/** A subscription as an operator knows it. */
export type SubscriptionName = { readonly project: string; readonly subscription: string };

/** What is published, and who needs the right to. */
export type Publishing = { readonly message: string; readonly caller: string };

const TOKEN_RENEWED: Publishing = {
  message: 'a "token-renewed" event',
  caller: "the function's service account",
};

const STATUS_NAMES: Readonly<Record<number, string>> = {
  1: 'CANCELLED',
  2: 'UNKNOWN',
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  6: 'ALREADY_EXISTS',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  10: 'ABORTED',
  11: 'OUT_OF_RANGE',
  12: 'UNIMPLEMENTED',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
  15: 'DATA_LOSS',
  16: 'UNAUTHENTICATED',
};

const NO_ANSWER = new Set(['CANCELLED', 'DEADLINE_EXCEEDED', 'UNAVAILABLE']);

/** Our own deadline passed. */
export const OVERDUE: unknown = { code: 4 };

/** An error that Pub/Sub's client has thrown at a publish, or `OVERDUE`, in our words. */
export function publishError(
  thrown: unknown,
  name: TopicName,
  timeoutMs: number,
  publishing: Publishing = TOKEN_RENEWED,
): EventError {
  const status = statusOf(thrown);
  return (
    refused(publishRefusal(status, name, publishing), thrown) ??
    unavailable(thrown, publishing.message, timeoutMs)
  );
}

/** An error at making a subscription or listening to it. `timeoutMs` is what the call was given. */
export function followError(
  thrown: unknown,
  name: TopicName & SubscriptionName,
  timeoutMs: number,
): EventError {
  if (thrown instanceof EventError) return thrown;
  const status = statusOf(thrown);
  return (
    refused(followRefusal(status, name), thrown) ?? unavailable(thrown, 'a subscriber', timeoutMs)
  );
}

/** An error at pulling from a subscription, or at acknowledging. */
export function collectError(
  thrown: unknown,
  name: SubscriptionName,
  timeoutMs: number,
): EventError {
  if (thrown instanceof EventError) return thrown;
  const status = statusOf(thrown);
  return (
    refused(collectRefusal(status, name), thrown) ??
    unavailable(thrown, "the collection of workers' reports", timeoutMs)
  );
}

/** The error for a machine or function that has no Google credentials, or cannot fetch them now. */
export function credentialsError(thrown: unknown): EventError {
  return new EventError(
    'The event service was not asked, for want of Google credentials: attach a service account to the function, or run "gcloud auth application-default login" on a machine of your own',
    { code: 'EVENTS_UNAVAILABLE', retryable: true, cause: causeOf(thrown, statusOf(thrown)) },
  );
}

/** Whether no answer came at all: the line is broken, whatever stands behind it. */
export function isNoAnswer(thrown: unknown): boolean {
  const status = statusOf(thrown);
  return status === null || NO_ANSWER.has(status);
}

function refused(refusal: string | null, thrown: unknown): EventError | null {
  if (refusal === null) return null;
  const cause = causeOf(thrown, statusOf(thrown));
  return new EventError(refusal, { code: 'EVENTS_REFUSED', retryable: false, cause });
}

function unavailable(thrown: unknown, to: string, timeoutMs: number): EventError {
  const status = statusOf(thrown);
  const answered = status !== null && !NO_ANSWER.has(status);
  return new EventError(
    answered
      ? `The event service answered ${status} to ${to}`
      : `The event service could not be reached, or did not answer within ${timeoutMs} ms`,
    { code: 'EVENTS_UNAVAILABLE', retryable: true, cause: causeOf(thrown, status) },
  );
}

/** The operator's next step, or `null` when waiting may be enough. */
function publishRefusal(
  status: string | null,
  { project, topic }: TopicName,
  { message, caller }: Publishing,
): string | null {
  switch (status) {
    case 'NOT_FOUND':
      return `The topic "${topic}" is missing in project "${project}": create it by applying infra/gcp`;
    case 'PERMISSION_DENIED':
      return `The topic "${topic}" in project "${project}" refuses this caller: grant "roles/pubsub.publisher" on it to ${caller}`;
    case 'INVALID_ARGUMENT':
      return `The topic "${topic}" in project "${project}" does not take ${message.replace(/^a /, 'this ')}: check its name, and that no schema is attached to it`;
    default:
      return null;
  }
}

function followRefusal(
  status: string | null,
  { project, topic, subscription }: TopicName & SubscriptionName,
): string | null {
  switch (status) {
    case 'NOT_FOUND':
      return `The topic "${topic}" is missing in project "${project}", or the subscription "${subscription}" was deleted: create the topic by applying infra/gcp`;
    case 'INVALID_ARGUMENT':
      return `The subscription "${subscription}" cannot be made in project "${project}": check the names of project and topic`;
    default:
      return null;
  }
}

function collectRefusal(
  status: string | null,
  { project, subscription }: SubscriptionName,
): string | null {
  switch (status) {
    case 'NOT_FOUND':
      return `The subscription "${subscription}" is missing in project "${project}": create it by applying infra/gcp`;
    case 'PERMISSION_DENIED':
      return `The subscription "${subscription}" in project "${project}" refuses this caller: grant "roles/pubsub.subscriber" on it to the function's service account`;
    case 'INVALID_ARGUMENT':
      return `The subscription "${subscription}" cannot be read in project "${project}": check its name`;
    default:
      return null;
  }
}

/** gRPC's name of the status that a thrown value carries: `PERMISSION_DENIED`. */
export function statusOf(thrown: unknown): string | null {
  const code = property(thrown, 'code');
  return typeof code === 'number' ? (STATUS_NAMES[code] ?? null) : null;
}

/** A cause without texts: gRPC's status, or the network's code such as `ENOTFOUND`. */
export function causeOf(thrown: unknown, status: string | null): Error {
  const code = property(thrown, 'code');
  const network = typeof code === 'string' && /^[A-Z][A-Z_]{2,40}$/.test(code) ? code : null;
  const cause = new Error(status ?? network ?? 'no usable answer from Pub/Sub');
  return status === null && network === null
    ? cause
    : Object.assign(cause, { code: status === null ? network : code });
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
