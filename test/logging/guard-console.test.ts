import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { guardConsole } from '../../functions/logging/guard-console.ts';
import { createJsonLog } from '../../functions/logging/json-log.ts';
import { createLogLines, type LogLines } from '../fixtures/log-lines.ts';

let lines: LogLines;
let giveBack: () => void;
const { console } = globalThis;

beforeEach(() => {
  lines = createLogLines();
  giveBack = guardConsole(createJsonLog({ ...lines, level: 'debug' }));
});
afterEach(() => giveBack());

describe('what others print', () => {
  test.each([
    ['log', 'INFO'],
    ['info', 'INFO'],
    ['debug', 'DEBUG'],
    ['trace', 'DEBUG'],
    ['dir', 'INFO'],
    ['table', 'INFO'],
    ['group', 'INFO'],
    ['warn', 'WARNING'],
    ['error', 'ERROR'],
  ] as const)('console.%s becomes one line of severity %s', (method, severity) => {
    console[method]('Serving function...\nFunction: keep-alive');
    expect(lines.entries()).toMatchObject([
      { severity, event: 'console', message: 'Serving function...' },
    ]);
  });

  test('a warning of Node is no alarm, and is named without its words', () => {
    console.error(
      '(node:7) [DEP0169] DeprecationWarning: `url.parse()` was asked for https://canary/bot1:x',
    );
    console.error('(node:7) ExperimentalWarning: canary');
    expect(lines.entries()).toMatchObject([
      { severity: 'DEBUG', event: 'node-warning', fields: { code: 'DEP0169' } },
      { severity: 'DEBUG', event: 'node-warning', fields: { name: 'ExperimentalWarning' } },
    ]);
    expect(JSON.stringify(lines.entries())).not.toContain('canary');
  });

  test('a printed stack keeps its place and its plain words', () => {
    console.error(new TypeError("Cannot read properties of undefined (reading 'pin')").stack);
    const [entry] = lines.entries();
    expect(entry).toMatchObject({
      severity: 'ERROR',
      error: { name: 'TypeError', message: "Cannot read properties of undefined (reading 'pin')" },
    });
    expect(entry?.['stack_trace']).toContain('guard-console.test.ts');
  });

  test('a module that cannot be loaded keeps the place of the mistake', () => {
    console.error(
      "Provided module can't be loaded.\nIs there a syntax error in your code?\nDetailed stack trace: Error: x\n    at run (/srv/dist/keep-alive.js:10:5)",
    );
    expect(lines.entries()).toMatchObject([
      {
        message: "Provided module can't be loaded.",
        stack_trace:
          "Error: Provided module can't be loaded.\n    at run (/srv/dist/keep-alive.js:10:5)",
      },
    ]);
  });

  test('an assertion that holds prints nothing', () => {
    console.assert(true, 'fine');
    expect(lines.text()).toBe('');
    console.assert(false, 'broken');
    expect(lines.entries()).toMatchObject([{ severity: 'ERROR', message: 'broken' }]);
  });

  test('nothing printable is still one line', () => {
    console.log({ a: 1 }, 5);
    expect(lines.entries()).toMatchObject([{ severity: 'INFO', message: '' }]);
  });
});

describe('a printed error', () => {
  test('of a refused request is a warning with name, type and status', () => {
    console.error(
      Object.assign(new SyntaxError('Unexpected token C'), {
        status: 400,
        type: 'entity.parse.failed',
        body: 'CANARY',
      }),
    );
    expect(lines.entries()).toEqual([
      {
        severity: 'WARNING',
        time: expect.any(String),
        event: 'request-refused',
        message: 'A request was refused before it reached the function',
        fields: { name: 'SyntaxError', type: 'entity.parse.failed', status: 400 },
        'logging.googleapis.com/labels': { event: 'request-refused' },
      },
    ]);
  });

  test.each([
    ['without a status', {}],
    ['with a status of ours', { status: 500 }],
    ['with a status that is none', { status: '400' }],
  ])('%s is an error with its place and no message', (_name, properties) => {
    console.error(Object.assign(new RangeError('CANARY'), properties));
    const [entry] = lines.entries();
    expect(entry).toMatchObject({ severity: 'ERROR', error: { name: 'RangeError', message: '' } });
    expect(entry?.['stack_trace']).toContain('guard-console.test.ts');
    expect(lines.text()).not.toContain('CANARY');
  });
});

test('a log that prints does not call itself for ever', () => {
  giveBack();
  let calls = 0;
  const log = createJsonLog({
    clock: () => 0,
    write: () => {
      calls += 1;
      console.log('again');
    },
  });
  giveBack = guardConsole(log);
  console.log('once');
  expect(calls).toBe(1);
});

test('the console is given back', () => {
  const guarded = console.log;
  giveBack();
  expect(console.log).not.toBe(guarded);
});
