/**
 * The log of the deployed functions: one JSON object a line, in the shape that Cloud Logging lifts.
 *
 * Synchronous, since the CPU is throttled once a request is answered. Never throws, never shows a property
 * of an error but its name, code and message. Made by `compose.ts`; `write` is handed in.
 * @see https://docs.cloud.google.com/logging/docs/structured-logging
 */

import { type Logger, pino } from 'pino';
import { describeError } from './describe-error.ts';
import type { Log, LogFields, LogLevel, LogOptions } from './log.ts';
import { plainFields } from './plain-fields.ts';

const SEVERITIES: Readonly<Record<string, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
};

/** Labels with a place of their own in an entry of a known project. */
const TRACE_LABELS: ReadonlySet<string> = new Set(['trace', 'spanId', 'traceSampled']);

export function createJsonLog(options: LogOptions): Log {
  const { clock, write } = options;
  const logger = pino(
    {
      level: options.level ?? 'info',
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(clock()).toISOString()}"`,
      formatters: { level: (label) => ({ severity: SEVERITIES[label] ?? 'DEFAULT' }) },
    },
    {
      write: (line: string) => {
        try {
          write(line);
        } catch {
          // A full disk or a closed pipe must not stop a sign-in.
        }
      },
    },
  );
  return createLabelled(logger, options.project ?? null, options.labels ?? {});
}

function createLabelled(logger: Logger, project: string | null, labels: LogFields): Log {
  const trace = traceFields(labels, project);

  function line(
    level: LogLevel,
    event: string,
    message: string,
    fields: LogFields,
    problem: object,
  ): void {
    const plain = plainFields(fields);
    logger[level](
      {
        event,
        ...problem,
        ...(Object.keys(plain).length === 0 ? {} : { fields: plain }),
        'logging.googleapis.com/labels': { ...labelTexts(labels, project), event },
        ...trace,
      },
      message,
    );
  }

  return {
    debug: (event, message, fields = {}) => line('debug', event, message, fields, {}),
    info: (event, message, fields = {}) => line('info', event, message, fields, {}),
    warn: (event, message, fields = {}) => line('warn', event, message, fields, {}),
    error: (event, message, error, fields = {}) => {
      const { stack, ...described } = describeError(error);
      line('error', event, message, fields, {
        error: described,
        // This name makes Error Reporting group what nobody planned for.
        ...(stack === null ? {} : { stack_trace: stack }),
      });
    },
    with: (more) => createLabelled(logger, project, { ...labels, ...more }),
  };
}

function labelTexts(labels: LogFields, project: string | null): Record<string, string> {
  return Object.fromEntries(
    Object.entries(plainFields(labels))
      .filter(([name, value]) => value !== null && (project === null || !TRACE_LABELS.has(name)))
      .map(([name, value]) => [name, String(value)]),
  );
}

/** Only the full name joins a line to its request; without a project the id stays a plain label. */
function traceFields(labels: LogFields, project: string | null): object {
  const { trace, spanId, traceSampled } = plainFields(labels);
  if (project === null || typeof trace !== 'string') return {};
  return {
    'logging.googleapis.com/trace': `projects/${project}/traces/${trace}`,
    ...(typeof spanId === 'string' ? { 'logging.googleapis.com/spanId': spanId } : {}),
    ...(typeof traceSampled === 'boolean'
      ? { 'logging.googleapis.com/trace_sampled': traceSampled }
      : {}),
  };
}
