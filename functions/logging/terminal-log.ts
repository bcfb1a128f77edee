/**
 * The log of a person at a terminal: one readable line an event.
 *
 * Holds the same facts as the JSON log and is as careful with them. Colour only when asked for: the caller
 * knows whether it writes to a terminal. Used by the command line and the local run.
 */

import { describeError } from './describe-error.ts';
import type { Log, LogFields, LogLevel, LogOptions } from './log.ts';
import { type PlainField, plainFields } from './plain-fields.ts';

export type TerminalLogOptions = LogOptions & {
  /** @default false */
  readonly colour?: boolean;
  /**
   * Zone of the times shown.
   * @default 'America/New_York'
   */
  readonly zone?: string;
};

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const WIDEST_LEVEL = 5;
const COLOURS: Readonly<Record<LogLevel | 'dim', string>> = {
  debug: '\u001b[2m',
  info: '\u001b[32m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
  dim: '\u001b[2m',
};
const NO_COLOUR = '\u001b[0m';

/** Labels that would only repeat the same long text on every line. */
const UNSHOWN_LABELS: ReadonlySet<string> = new Set([
  'function',
  'session',
  'trace',
  'spanId',
  'traceSampled',
]);

export function createTerminalLog(options: TerminalLogOptions): Log {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: options.zone ?? 'America/New_York',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  });
  const lowest = LEVELS.indexOf(options.level ?? 'info');
  const paint = (colour: LogLevel | 'dim', text: string): string =>
    options.colour === true ? `${COLOURS[colour]}${text}${NO_COLOUR}` : text;

  function createLabelled(labels: LogFields): Log {
    const { function: functionName, session, ...others } = plainFields(labels);

    function line(level: LogLevel, event: string, message: string, fields: LogFields): void {
      if (LEVELS.indexOf(level) < lowest) return;
      const facts = { ...without(others, UNSHOWN_LABELS), ...plainFields(fields) };
      const told = [functionName, session, message].filter((part) => part != null && part !== '');
      const parts = [
        paint('dim', format.format(options.clock()).replace(',', '')),
        paint(level, level.toUpperCase().padEnd(WIDEST_LEVEL)),
        ...told.map((part) => oneLine(String(part))),
        paint('dim', oneLine([event, ...Object.entries(facts).map(fact)].join(' '))),
      ];
      try {
        options.write(`${parts.join('  ')}\n`);
      } catch {
        // A closed terminal must not stop a sign-in.
      }
    }

    return {
      debug: (event, message, fields = {}) => line('debug', event, message, fields),
      info: (event, message, fields = {}) => line('info', event, message, fields),
      warn: (event, message, fields = {}) => line('warn', event, message, fields),
      error: (event, message, error, fields = {}) => {
        const { name, code, message: problem, retryable, causes, stack } = describeError(error);
        const where = stack?.split('\n')[1]?.trim().replace(/^at /, '');
        line('error', event, message, {
          ...fields,
          error: code === null ? name : `${name} ${code}`,
          problem: problem === '' ? undefined : problem,
          retryable: retryable ?? undefined,
          causes: causes.length === 0 ? undefined : causes,
          where,
        });
      },
      with: (more) => createLabelled({ ...labels, ...more }),
    };
  }

  return createLabelled(options.labels ?? {});
}

function without(
  fields: Record<string, PlainField>,
  names: ReadonlySet<string>,
): Record<string, PlainField> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name)));
}

function fact([name, value]: [string, PlainField]): string {
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return /[\s"]/.test(text) ? `${name}=${JSON.stringify(text)}` : `${name}=${text}`;
}

/** Line breaks and escape sequences in data must not forge lines or colours. */
function oneLine(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
