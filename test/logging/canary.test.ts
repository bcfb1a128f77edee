/** Secrets and payloads logged in every way the interface allows, and in some that it does not. */

import { describe, expect, test } from 'vitest';
import { BrokerError } from '../../functions/errors.ts';
import { guardConsole } from '../../functions/logging/guard-console.ts';
import { createJsonLog } from '../../functions/logging/json-log.ts';
import type { Log, LogFields } from '../../functions/logging/log.ts';
import { createTerminalLog } from '../../functions/logging/terminal-log.ts';
import { Secret } from '../../functions/secret.ts';
import { createLogLines } from '../fixtures/log-lines.ts';

const { console } = globalThis;
const CANARY = 'CANARY987654';
const secret = new Secret(CANARY);

/** As telegraf, fetch and body parsers make them: payloads on properties, URLs and bodies in messages. */
const errors: readonly unknown[] = [
  Object.assign(new Error('refused'), { payload: CANARY, on: { payload: { text: CANARY } } }),
  Object.assign(new BrokerError('refused', { code: 'BROKER_UNAVAILABLE', retryable: true }), {
    response: { body: CANARY },
  }),
  new Error(`request to https://api.telegram.org/bot1:${CANARY}/sendMessage failed`),
  new Error('outer', {
    cause: Object.assign(new Error(CANARY), { code: 'ECONNRESET', body: CANARY }),
  }),
  new BrokerError('refused', {
    code: 'BROKER_UNAVAILABLE',
    retryable: true,
    cause: new Error(CANARY),
  }),
  new AggregateError([new Error(CANARY)], 'several'),
  syntaxError(),
  Object.assign(new Error('x'), { name: `${CANARY}`, code: `${CANARY} ` }),
  `{"pin":"${CANARY}"}`,
  { pin: CANARY },
  secret,
];

/** What the types forbid may still arrive. */
const fields = {
  secret,
  list: [secret, CANARY.slice(0, 0)],
  error: Object.assign(new Error('x'), { payload: CANARY }),
  object: { pin: CANARY },
  call: () => CANARY,
  symbol: Symbol(CANARY),
} as unknown as LogFields;

describe.each([
  ['JSON', createJsonLog],
  ['terminal', createTerminalLog],
])('the %s log', (_name, create) => {
  function used(use: (log: Log) => void): string {
    const lines = createLogLines();
    use(create({ ...lines, level: 'debug', labels: fields }));
    return lines.text();
  }

  test('shows no secret through any method', () => {
    const text = used((log) => {
      for (const each of [log, log.with(fields)]) {
        each.debug('debug', `message ${secret}`, fields);
        each.info('info', `message ${secret}`, fields);
        each.warn('warn', `message ${secret}`, fields);
        each.error('error', `message ${secret}`, secret, fields);
      }
    });
    expect(text.match(/message \[redacted\]/g)).toHaveLength(8);
    expect(text).not.toContain(CANARY);
  });

  test.each(errors.map((error, index) => ({ error, index })))(
    'shows no payload of error $index',
    ({ error }) => {
      const text = used((log) => log.error('event', 'message', error, fields));
      expect(text).toContain('message');
      expect(text).not.toContain(CANARY);
    },
  );

  test('shows nothing that others print', () => {
    const text = used((log) => {
      const giveBack = guardConsole(log);
      try {
        for (const method of [
          'log',
          'info',
          'warn',
          'error',
          'debug',
          'trace',
          'dir',
          'table',
          'group',
        ] as const) {
          const print = console[method].bind(console);
          for (const error of errors) print(error);
          print(`PIN ${CANARY}`, { pin: CANARY }, [CANARY]);
          print('got %s', CANARY);
          print(`pin=${CANARY}`);
        }
        console.assert(false, `PIN ${CANARY}`);
      } finally {
        giveBack();
      }
    });
    expect(text).not.toBe('');
    expect(text).not.toContain(CANARY);
  });
});

function syntaxError(): unknown {
  try {
    return JSON.parse(`{"pin":"${CANARY}",bad`);
  } catch (error) {
    return Object.assign(error instanceof Error ? error : new Error(), { body: CANARY });
  }
}
