import { describe, expect, test } from 'vitest';
import {
  parseCloudTraceContext,
  parseTraceparent,
  traceOf,
} from '../../functions/logging/trace.ts';

const TRACE = '105445aa7843bc8bf206b12000100000';
const SPAN = '00f067aa0ba902b7';

describe('traceparent', () => {
  test.each([
    [`00-${TRACE}-${SPAN}-01`, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [`00-${TRACE}-${SPAN}-00`, { traceId: TRACE, spanId: SPAN, sampled: false }],
    [
      `cc-${TRACE}-${SPAN}-01-later-versions-add-more`,
      { traceId: TRACE, spanId: SPAN, sampled: true },
    ],
  ])('%s', (header, trace) => {
    expect(parseTraceparent(header)).toEqual(trace);
  });

  test.each([
    null,
    '',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}x-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\n{"severity":"ERROR"}`,
  ])('ignores %j', (header) => {
    expect(parseTraceparent(header)).toBeNull();
  });
});

describe('X-Cloud-Trace-Context', () => {
  test.each([
    [`${TRACE}/1;o=1`, { traceId: TRACE, spanId: '0000000000000001', sampled: true }],
    [
      `${TRACE}/18446744073709551615;o=0`,
      { traceId: TRACE, spanId: 'ffffffffffffffff', sampled: false },
    ],
    [`${TRACE}/18446744073709551616;o=1`, { traceId: TRACE, spanId: null, sampled: true }],
    [`${TRACE}/0`, { traceId: TRACE, spanId: null, sampled: false }],
    [TRACE.toUpperCase(), { traceId: TRACE, spanId: null, sampled: false }],
  ])('%s', (header, trace) => {
    expect(parseCloudTraceContext(header)).toEqual(trace);
  });

  test.each([null, '', 'trace/1;o=1', `${TRACE}/1;o=1;x`, `${TRACE}/-1`, '0'.repeat(32)])(
    'ignores %j',
    (header) => {
      expect(parseCloudTraceContext(header)).toBeNull();
    },
  );
});

describe('a request', () => {
  const other = '205445aa7843bc8bf206b12000100000';

  test('belongs to the trace of traceparent first', () => {
    const headers = new Headers({
      traceparent: `00-${TRACE}-${SPAN}-01`,
      'x-cloud-trace-context': `${other}/1;o=1`,
    });
    expect(traceOf(headers)?.traceId).toBe(TRACE);
  });

  test('falls back to Google’s header', () => {
    const headers = new Headers({ traceparent: 'nonsense', 'x-cloud-trace-context': `${other}/1` });
    expect(traceOf(headers)?.traceId).toBe(other);
  });

  test('may have none', () => {
    expect(traceOf(new Headers())).toBeNull();
  });
});
