/**
 * Takes over the console: what the framework and libraries print becomes one structured line without data.
 *
 * The functions-framework parses bodies before our code runs; for a malformed one Express prints the parser's
 * error with the raw body on it, and answers with its text. Nothing of either gets out once this is
 * installed. Call it at import, before the framework starts to listen: the first request may be the bad one.
 */

import { env } from 'node:process';
import { nameOf, readProperty } from './describe-error.ts';
import type { Log, LogFields } from './log.ts';
import { safeText } from './safe-text.ts';

const EVENT = 'console';

/** How the first line of a printed stack begins: `TypeError: …`. */
const NAMED = /^([A-Z]?[A-Za-z]*Error)(?::\s*(.*))?$/;

/** `(node:1) [DEP0169] DeprecationWarning: …` */
const NODE_WARNING = /^\(node:\d+\) (?:\[([A-Z]+\d+)\] )?(\w{0,40}Warning): /;

/** Everything by which a library may print. */
const LEVEL_OF = {
  trace: 'debug',
  debug: 'debug',
  log: 'info',
  info: 'info',
  dir: 'info',
  dirxml: 'info',
  table: 'info',
  group: 'info',
  groupCollapsed: 'info',
  count: 'info',
  timeEnd: 'info',
  timeLog: 'info',
  warn: 'warn',
  assert: 'error',
  error: 'error',
} as const;

/**
 * Sends everything printed by others to `log`, and keeps error texts out of the framework's answers.
 *
 * @returns what gives the console back, for tests
 */
export function guardConsole(log: Log): () => void {
  hideErrorTextsInAnswers();
  let isWriting = false;
  const replacements = Object.entries(LEVEL_OF).map(([method, level]) => [
    method,
    (...values: unknown[]): void => {
      if (method === 'assert' && values.shift()) return;
      // A log that itself prints would call us for ever.
      if (isWriting) return;
      isWriting = true;
      try {
        tell(log, level, values);
      } finally {
        isWriting = false;
      }
    },
  ]);
  const originals = Object.fromEntries(
    Object.keys(LEVEL_OF).map((method) => [method, Reflect.get(globalThis.console, method)]),
  );
  Object.assign(globalThis.console, Object.fromEntries(replacements));
  return () => {
    Object.assign(globalThis.console, originals);
  };
}

/**
 * Express and the framework send an error's stack to the caller unless `NODE_ENV` is `production`, and read
 * it when the server is made. No caller of ours should see one, on a developer's machine neither.
 */
function hideErrorTextsInAnswers(): void {
  env['NODE_ENV'] = 'production';
}

function tell(
  log: Log,
  level: (typeof LEVEL_OF)[keyof typeof LEVEL_OF],
  values: readonly unknown[],
): void {
  const error = values.find((value) => value instanceof Error);
  if (error !== undefined) {
    tellError(log, error);
    return;
  }
  const text = values.find((value) => typeof value === 'string') ?? '';
  const warning = NODE_WARNING.exec(text);
  if (warning !== null) {
    // Node prints them as errors; a library's old habit is no alarm, and its words may quote an address.
    const code = warning[1] === undefined ? {} : { code: warning[1] };
    log.debug('node-warning', 'Node warns of what a library does', {
      name: warning[2] ?? '',
      ...code,
    });
    return;
  }
  const message = safeText(text);
  if (level === 'error') log.error(EVENT, message, printedError(message, text));
  else log[level](EVENT, message);
}

/** By name, type and status only: message and properties may quote a body. */
function tellError(log: Log, error: Error): void {
  const fields = { ...wordOf(error, 'type'), ...statusOf(error) };
  const status = fields.status ?? 500;
  if (status >= 400 && status < 500) {
    log.warn('request-refused', 'A request was refused before it reached the function', {
      name: nameOf(error),
      ...fields,
    });
    return;
  }
  const stack = readProperty(error, 'stack');
  const place = printedError(nameOf(error), typeof stack === 'string' ? stack : '');
  log.error(EVENT, 'A library reported an error', place, fields);
}

/** Carries name and place of what was printed to the log, and no more. `firstLine` is safe text. */
function printedError(firstLine: string, stack: string): Error {
  const [, name = 'Error', message = ''] = NAMED.exec(firstLine) ?? [undefined, 'Error', firstLine];
  const error = new Error(message);
  error.name = name;
  error.stack = stack;
  return error;
}

function wordOf(error: Error, property: string): LogFields {
  const word: unknown = readProperty(error, property);
  return typeof word === 'string' && /^[a-z][a-z0-9._-]{1,40}$/.test(word) ? { type: word } : {};
}

function statusOf(error: Error): { readonly status?: number } {
  const status: unknown = readProperty(error, 'status') ?? readProperty(error, 'statusCode');
  return typeof status === 'number' && Number.isInteger(status) ? { status } : {};
}
