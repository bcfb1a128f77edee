/**
 * Reads which trace a request belongs to, so that its log lines are shown together.
 *
 * Pure. Headers are written by anyone: whatever is not exactly of the documented form is ignored. Called by
 * `http/serve.ts`; its result becomes labels of the request's log.
 */

export type Trace = {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits, as Cloud Logging wants it. */
  readonly spanId: string | null;
  readonly sampled: boolean;
};

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const CLOUD_TRACE = /^([0-9a-f]{32})(?:\/(\d{1,20}))?(?:;o=(\d+))?$/i;
const ONLY_ZEROS = /^0+$/;

/** The trace of a request: `traceparent` first, else `X-Cloud-Trace-Context`; `null` without either. */
export function traceOf(headers: Pick<Headers, 'get'>): Trace | null {
  return (
    parseTraceparent(headers.get('traceparent')) ??
    parseCloudTraceContext(headers.get('x-cloud-trace-context'))
  );
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
export function parseTraceparent(header: string | null): Trace | null {
  const [, version, traceId, spanId, flags] = TRACEPARENT.exec(header?.trim() ?? '') ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined) return null;
  if (version === 'ff' || ONLY_ZEROS.test(traceId) || ONLY_ZEROS.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags ?? '0', 16) & 1) === 1 };
}

/**
 * `TRACE_ID/SPAN_ID;o=OPTIONS`, the span in decimal.
 *
 * @see https://cloud.google.com/trace/docs/trace-context#legacy-http-header
 */
export function parseCloudTraceContext(header: string | null): Trace | null {
  const [, traceId, span, options] = CLOUD_TRACE.exec(header?.trim() ?? '') ?? [];
  if (traceId === undefined || ONLY_ZEROS.test(traceId)) return null;
  const spanNumber = BigInt(span ?? '0');
  const isSpan = spanNumber > 0n && spanNumber < 2n ** 64n;
  return {
    traceId: traceId.toLowerCase(),
    spanId: isSpan ? spanNumber.toString(16).padStart(16, '0') : null,
    sampled: (Number(options ?? '0') & 1) === 1,
  };
}
