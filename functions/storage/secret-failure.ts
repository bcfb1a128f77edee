/**
 * What a failed call to Secret Manager means: its gRPC code, and whether Secret Manager itself said so.
 *
 * Reads numbers, never message texts, and lets nothing of Google's error out: it may hang on a request,
 * and a parser's message quotes a payload. Used by `secret-calls.ts` and `secret-access.ts`.
 *
 * @see https://grpc.io/docs/guides/status-codes/
 */

import { StoreError } from '../errors.ts';

export const CODE = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export type Failure = {
  readonly code: number;
  /** Secret Manager said so; otherwise nobody knows whether the call was done. */
  readonly answered: boolean;
  /** What the network said: `ECONNREFUSED`. */
  readonly network: string | null;
};

/** Our own deadline passed, before or during the call. */
export const OVERDUE: Failure = {
  code: CODE.deadlineExceeded,
  answered: false,
  network: null,
};

/** Passing troubles: the same call may succeed in a moment. */
const PASSING: readonly number[] = [
  CODE.deadlineExceeded,
  CODE.resourceExhausted,
  CODE.aborted,
  CODE.internal,
  CODE.unavailable,
];

export function isPassing(failure: Failure): boolean {
  return PASSING.includes(failure.code);
}

/** Whether the call was certainly not done; after any other failure nobody knows. */
export function isUndone({ answered, code }: Failure): boolean {
  return answered && (code === CODE.resourceExhausted || code === CODE.aborted);
}

/** Reads an error that the client has thrown. */
export function readFailure(error: unknown): Failure {
  const code = property(error, 'code');
  const cause = property(property(error, 'cause'), 'code');
  const network = typeof cause === 'string' && /^E[A-Z_]{2,30}$/.test(cause) ? cause : null;
  // The client turns HTTP statuses into codes as well. Only a status in Google's own form has "details":
  // a proxy's 404 page must not look like a version that does not exist.
  const answered = Array.isArray(property(error, 'details'));
  const known = typeof code === 'number' && (answered || isRefusal(code) || PASSING.includes(code));
  return { code: known ? code : CODE.unavailable, answered: known && answered, network };
}

/** 401 and 403 mean the same whoever says them. */
function isRefusal(code: number): boolean {
  return code === CODE.permissionDenied || code === CODE.unauthenticated;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** The calls this service makes, each with the IAM permission it needs. */
const PERMISSIONS = {
  createSecret: 'secretmanager.secrets.create',
  getSecret: 'secretmanager.secrets.get',
  listSecrets: 'secretmanager.secrets.list',
  updateSecret: 'secretmanager.secrets.update',
  addSecretVersion: 'secretmanager.versions.add',
  accessSecretVersion: 'secretmanager.versions.access',
  listSecretVersions: 'secretmanager.versions.list',
  destroySecretVersion: 'secretmanager.versions.destroy',
} as const;
export type SecretMethod = keyof typeof PERMISSIONS;

/** The error for a call that failed for good, in our words. */
export function storeErrorFor(failure: Failure, method: SecretMethod, secret: string): StoreError {
  const { code } = failure;
  const cause = causeOf(failure);
  if (code === CODE.permissionDenied) {
    const place = method === 'listSecrets' ? 'the project' : `secret "${secret}"`;
    return new StoreError(
      `Secret Manager refuses "${method}" on ${place}: grant "${PERMISSIONS[method]}" on it to this function's service account`,
      { code: 'STORE_DENIED', retryable: false, cause },
    );
  }
  if (code === CODE.unauthenticated) {
    return new StoreError(
      `Secret Manager does not accept this caller's credentials for "${method}" on secret "${secret}"`,
      { code: 'STORE_DENIED', retryable: false, cause },
    );
  }
  if (code === CODE.invalidArgument) {
    return new StoreError(
      `Secret Manager takes what "${method}" brings to secret "${secret}" for invalid`,
      { code: 'STORE_RECORD_INVALID', retryable: false, cause },
    );
  }
  const trouble =
    code === CODE.resourceExhausted
      ? `has no quota left for "${method}" on`
      : `did not do "${method}" on`;
  return new StoreError(`Secret Manager ${trouble} secret "${secret}" (${nameOf(code)})`, {
    code: 'STORE_UNAVAILABLE',
    retryable: true,
    cause,
  });
}

/** The error for a secret that should be there. */
export function missingSecret(secret: string): StoreError {
  return new StoreError(
    `The secret "${secret}" does not exist: create it by applying infra/gcp, without any version`,
    { code: 'STORE_MISSING', retryable: false },
  );
}

/** A clean cause: the code, and what the network said. */
function causeOf({ code, network }: Failure): Error {
  const inner = network === null ? undefined : Object.assign(new Error(network), { code: network });
  return Object.assign(new Error(nameOf(code), inner && { cause: inner }), { code });
}

function nameOf(code: number): string {
  const name = Object.entries(CODE).find(([, number]) => number === code)?.[0] ?? `code ${code}`;
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
