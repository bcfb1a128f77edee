import { expect, test } from 'vitest';
import { StoreError } from '../../functions/errors.ts';
import { createTerminalLog } from '../../functions/logging/terminal-log.ts';
import { createLogLines } from '../fixtures/log-lines.ts';

test('writes time, severity, function, session, message and facts on one line', () => {
  const lines = createLogLines();
  createTerminalLog({ ...lines, labels: { function: 'keep-alive' } })
    .with({ session: 'etrade-prod', trace: '105445aa7843bc8bf206b12000100000', worker: 'orb-bot' })
    .info('session-renewed', 'Renewed the token', {
      generation: 3,
      note: 'two words',
      gone: undefined,
    });
  expect(lines.text()).toBe(
    '2026-03-09 09:00:00 EDT  INFO   keep-alive  etrade-prod  Renewed the token  session-renewed worker=orb-bot generation=3 note="two words"\n',
  );
});

test('shows the zone it is asked for', () => {
  const lines = createLogLines();
  createTerminalLog({ ...lines, zone: 'Asia/Kolkata' }).warn('event', 'message');
  expect(lines.text()).toMatch(/^2026-03-09 18:30:00 .+ {2}WARN {3}message {2}event\n$/);
});

test('tells an error by name, code, message and place', () => {
  const lines = createLogLines();
  const log = createTerminalLog(lines);
  log.error(
    'store-failed',
    'Not read',
    new StoreError('No answer', { code: 'STORE_UNAVAILABLE', retryable: true }),
  );
  log.error('bug', 'Broken', new TypeError('x is not a function'));
  const [planned, unplanned] = lines.text().split('\n');
  expect(planned).toContain(
    'store-failed error="StoreError STORE_UNAVAILABLE" problem="No answer" retryable=true',
  );
  expect(unplanned).toMatch(
    /error=TypeError problem="x is not a function" where=.*terminal-log\.test\.ts/,
  );
});

test('colours only when asked', () => {
  const plain = createLogLines();
  createTerminalLog(plain).error('event', 'message', new Error('x'));
  expect(plain.text()).not.toContain('\u001b');
  const coloured = createLogLines();
  createTerminalLog({ ...coloured, colour: true }).error('event', 'message', new Error('x'));
  expect(coloured.text()).toContain('\u001b[31mERROR\u001b[0m');
});

test('data can forge neither lines nor colours', () => {
  const lines = createLogLines();
  createTerminalLog({ ...lines, colour: true })
    .with({ session: 'a\u001b[2J' })
    .info('event', 'one\ntwo', { text: 'three\r\n\u001b]0;title\u0007' });
  expect(lines.text().split('\n')).toHaveLength(2);
  expect(lines.text()).not.toContain('\u001b[2J');
  expect(lines.text()).not.toContain('\u001b]');
  expect(lines.text()).toContain('one\\x0atwo');
});

test('leaves out what is below its level', () => {
  const lines = createLogLines();
  createTerminalLog(lines).debug('event', 'message');
  createTerminalLog({ ...lines, level: 'debug' }).debug('event', 'shown');
  expect(lines.text()).toMatch(/^[^\n]*DEBUG {2}shown {2}event\n$/);
});

test('a closed terminal does not stop the caller', () => {
  const log = createTerminalLog({
    clock: () => 0,
    write: () => {
      throw new Error('EPIPE');
    },
  });
  expect(() => log.info('event', 'message')).not.toThrow();
});
