/**
 * The log as the rest of the code sees it: named events with plain fields.
 *
 * No sentences are built from data, no bodies, no secrets: fields are numbers, booleans, short words and
 * `Secret`s, which print redacted. Implemented by `json-log.ts`; handed in everywhere.
 */

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
