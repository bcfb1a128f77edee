import { describe, expect, test } from 'vitest';
import { StoreError } from '../../functions/errors.ts';
import { createJsonLog } from '../../functions/logging/json-log.ts';
import { createLogLines } from '../fixtures/log-lines.ts';

const TRACE = '105445aa7843bc8bf206b12000100000';

test('writes one JSON object a line, in Cloud Logging’s shape', () => {
  const lines = createLogLines();
  const log = createJsonLog({
    ...lines,
    project: 'my-project',
    labels: { function: 'keep-alive' },
  });
  log
    .with({ session: 'etrade-prod', trace: TRACE, spanId: '0000000000000001', traceSampled: true })
    .info('session-renewed', 'Renewed the token', { generation: 3, proven: true, reason: null });
  expect(lines.text().endsWith('}\n')).toBe(true);
  expect(lines.entries()).toEqual([
    {
      severity: 'INFO',
      time: '2026-03-09T13:00:00.250Z',
      message: 'Renewed the token',
      event: 'session-renewed',
      fields: { generation: 3, proven: true, reason: null },
      'logging.googleapis.com/labels': {
        function: 'keep-alive',
        session: 'etrade-prod',
        event: 'session-renewed',
      },
      'logging.googleapis.com/trace': `projects/my-project/traces/${TRACE}`,
      'logging.googleapis.com/spanId': '0000000000000001',
      'logging.googleapis.com/trace_sampled': true,
    },
  ]);
});

test.each([
  ['debug', 'DEBUG'],
  ['info', 'INFO'],
  ['warn', 'WARNING'],
  ['error', 'ERROR'],
] as const)('%s has the severity %s', (level, severity) => {
  const lines = createLogLines();
  const log = createJsonLog({ ...lines, level: 'debug' });
  if (level === 'error') log.error('event', 'message', new Error('x'));
  else log[level]('event', 'message');
  expect(lines.entries()).toMatchObject([{ severity }]);
});

test('leaves out what is below its level, debug by default', () => {
  const lines = createLogLines();
  createJsonLog(lines).debug('event', 'message');
  const quiet = createJsonLog({ ...lines, level: 'error' });
  quiet.warn('event', 'message');
  quiet.with({ session: 'x' }).info('event', 'message');
  expect(lines.text()).toBe('');
});

test('labels are texts, and a label does not leak into the log it came from', () => {
  const lines = createLogLines();
  const log = createJsonLog(lines);
  log.with({ generation: 3, account: undefined, worker: null }).info('a', 'message');
  log.info('b', 'message');
  const labels = lines.entries().map((entry) => entry['logging.googleapis.com/labels']);
  expect(labels).toEqual([{ generation: '3', event: 'a' }, { event: 'b' }]);
});

test('without a project the trace is a plain label', () => {
  const lines = createLogLines();
  createJsonLog(lines).with({ trace: TRACE }).info('event', 'message');
  const [entry] = lines.entries();
  expect(entry).not.toHaveProperty('logging.googleapis.com/trace');
  expect(entry?.['logging.googleapis.com/labels']).toEqual({ trace: TRACE, event: 'event' });
});

test('fields cannot take the place of what the log writes itself', () => {
  const lines = createLogLines();
  createJsonLog(lines).info('event', 'message', {
    severity: 'EMERGENCY',
    message: 'forged',
    time: 'never',
  });
  expect(lines.entries()).toMatchObject([
    { severity: 'INFO', message: 'message', time: '2026-03-09T13:00:00.250Z' },
  ]);
});

test('data cannot begin a line of its own', () => {
  const lines = createLogLines();
  createJsonLog(lines).info('event', 'message\n{"severity":"ERROR"}', {
    text: 'a\nb',
    percent: '%s',
  });
  expect(lines.text().trimEnd().split('\n')).toHaveLength(1);
});

test('a broken pipe does not stop the caller', () => {
  const log = createJsonLog({
    clock: () => 0,
    write: () => {
      throw new Error('EPIPE');
    },
  });
  expect(() => log.info('event', 'message')).not.toThrow();
});

describe('an error', () => {
  test('we planned for is written by name, code, message, retryable and causes', () => {
    const lines = createLogLines();
    const cause = new Error('connect', {
      cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }),
    });
    createJsonLog(lines).error(
      'store-failed',
      'The record could not be read',
      new StoreError('The store did not answer in 5 s', {
        code: 'STORE_UNAVAILABLE',
        retryable: true,
        cause,
      }),
      { session: 'etrade-prod' },
    );
    expect(lines.entries()).toMatchObject([
      {
        error: {
          name: 'StoreError',
          code: 'STORE_UNAVAILABLE',
          message: 'The store did not answer in 5 s',
          retryable: true,
          causes: ['Error', 'Error ECONNRESET'],
        },
        fields: { session: 'etrade-prod' },
      },
    ]);
    expect(lines.entries()[0]).not.toHaveProperty('stack_trace');
  });

  test('nobody planned for has the frames of our own code', () => {
    const lines = createLogLines();
    createJsonLog(lines).error('bug', 'Something broke', new TypeError('x is not a function'));
    const [entry] = lines.entries();
    expect(entry).toMatchObject({ error: { name: 'TypeError', message: 'x is not a function' } });
    const [first, ...frames] = String(entry?.['stack_trace']).split('\n');
    expect(first).toBe('TypeError: x is not a function');
    expect(frames.join()).toContain('json-log.test.ts');
    expect(frames.join()).not.toMatch(/node_modules|node:/);
  });

  test.each([
    ['text', 'plain words', { name: 'string', message: 'plain words' }],
    ['nothing', undefined, { name: 'undefined', message: '' }],
    ['an object', { name: 'a b', message: 5 }, { name: 'object', message: '' }],
    ['a cycle', cycle(), { name: 'Error', causes: ['Error', 'Error', 'Error', 'Error', 'Error'] }],
    ['a trap', trap(), { name: 'Error', message: '' }],
  ])('may be %s', (_name, error, described) => {
    const lines = createLogLines();
    createJsonLog(lines).error('event', 'message', error);
    expect(lines.entries()).toMatchObject([{ error: described }]);
  });
});

function cycle(): Error {
  const error = new Error('round');
  error.cause = error;
  return error;
}

function trap(): Error {
  return Object.defineProperty(new Error('x'), 'message', {
    get: () => {
      throw new Error('gotcha');
    },
  });
}
