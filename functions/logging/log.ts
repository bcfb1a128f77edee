/**
 * The log as the rest of the code sees it: named events with plain fields.
 *
 * No sentences are built from data, no bodies, no secrets: fields are numbers, booleans, short words and
 * `Secret`s, which print redacted. Implemented by `json-log.ts`; handed in everywhere.
 */

import type { Clock } from '../clock.ts';

export type LogField = string | number | boolean | null | undefined | readonly string[];
export type LogFields = Readonly<Record<string, LogField>>;

export interface Log {
  debug(event: string, message: string, fields?: LogFields): void;
  info(event: string, message: string, fields?: LogFields): void;
  warn(event: string, message: string, fields?: LogFields): void;
  /** `error` is written by name, code and message only; our error messages hold no secrets. */
  error(event: string, message: string, error: unknown, fields?: LogFields): void;
  /** A log whose every line carries these labels (`session`, `function`, `trace`). */
  with(labels: LogFields): Log;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What every log is made of, whichever way it writes its lines. */
export type LogOptions = {
  /** Receives one line at a time, its line break included. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** Carried by every line, like those given to `with`. */
  readonly labels?: LogFields;
  /**
   * Lines below this level are not written.
   * @default 'info'
   */
  readonly level?: LogLevel;
  /**
   * Google Cloud project that traces belong to.
   * @default null
   */
  readonly project?: string | null;
};
