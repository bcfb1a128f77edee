/**
 * How Secret Manager says no: a status by name, its HTTP number, and the body that Google's clients parse.
 *
 * Thrown by the stand-in's parts, turned into an answer in one place (`stand-in.ts`).
 *
 * @see https://cloud.google.com/apis/design/errors
 */

const HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const;

export type RefusalStatus = keyof typeof HTTP_STATUS;

/** Why, for machines: Google sends it with refused permissions and spent quotas. */
export type Reason = {
  readonly reason: 'IAM_PERMISSION_DENIED' | 'RATE_LIMIT_EXCEEDED';
  readonly metadata: Readonly<Record<string, string>>;
};

export class Refusal extends Error {
  readonly status: RefusalStatus;
  readonly reason: Reason | null;

  constructor(status: RefusalStatus, message: string, reason: Reason | null = null) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.reason = reason;
  }
}

export function httpStatusOf(status: RefusalStatus): number {
  return HTTP_STATUS[status];
}

export function errorBody(
  status: RefusalStatus,
  message: string,
  reason: Reason | null = null,
): unknown {
  const details = reason === null ? {} : { details: [errorInfo(reason)] };
  return { error: { code: HTTP_STATUS[status], message, status, ...details } };
}

/** @see https://cloud.google.com/apis/design/errors#error_info */
function errorInfo({ reason, metadata }: Reason): unknown {
  const domain = reason === 'IAM_PERMISSION_DENIED' ? 'iam.googleapis.com' : 'googleapis.com';
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain, metadata };
}

/** The canonical status for an HTTP number set as a fault; an unknown one is INTERNAL or a bad request. */
export function statusFor(http: number): RefusalStatus {
  const known = Object.entries(HTTP_STATUS).find(([, number]) => number === http)?.[0];
  if (known !== undefined) return known as RefusalStatus;
  return http >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT';
}
