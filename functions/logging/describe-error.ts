/**
 * An error as a log may show it: name, code, message, whether a retry helps, names of its causes.
 *
 * No other property of an error is read, since libraries hang requests, responses and bodies on theirs. Our
 * own messages are written as they are, foreign ones through `safeText`. Never throws. Used by this room.
 */

import { CadenceError } from '../errors.ts';
import { safeText } from './safe-text.ts';

export type DescribedError = {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  readonly retryable: boolean | null;
  /** Outermost first: `TypeError`, `Error ECONNREFUSED`. */
  readonly causes: readonly string[];
  /** For errors nobody planned for; in the form that Error Reporting groups by. */
  readonly stack: string | null;
};

const MAX_CAUSES = 5;
const MAX_FRAMES = 12;
const FRAME = /^\s+at (?:[\w$.<>[\] ]+ \()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)[^()\s]*:\d+:\d+\)?$/;

export function describeError(error: unknown): DescribedError {
  const planned = error instanceof CadenceError;
  const name = nameOf(error);
  const message = planned ? error.message : safeText(textOf(error));
  return {
    name,
    code: codeOf(error),
    message,
    retryable: planned ? error.retryable : null,
    causes: causesOf(error),
    stack: planned ? null : stackOf(error, `${name}: ${message}`),
  };
}

/** Only the frames of our own code, from the text of a stack; the rest is libraries and data. */
export function ownFrames(stack: string): readonly string[] {
  const frames = stack.split('\n').filter((line) => FRAME.test(line));
  const own = frames.filter((line) => !/node_modules|\bnode:/.test(line));
  return (own.length > 0 ? own : frames.slice(0, 1)).slice(0, MAX_FRAMES);
}

/** `TypeError`; never text that someone else chose freely. */
export function nameOf(error: unknown): string {
  const name = readProperty(error, 'name');
  if (typeof name === 'string' && /^[A-Za-z]{1,60}$/.test(name)) return name;
  return error instanceof Error ? 'Error' : typeof error;
}

function textOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error instanceof SyntaxError) return '';
  const message = readProperty(error, 'message');
  return typeof message === 'string' ? message : '';
}

function codeOf(error: unknown): string | null {
  const code = readProperty(error, 'code');
  if (typeof code === 'number' && Number.isInteger(code)) return String(code);
  return typeof code === 'string' && /^[A-Za-z][A-Za-z0-9_]{1,60}$/.test(code) ? code : null;
}

function causesOf(error: unknown): readonly string[] {
  const causes: string[] = [];
  let cause = readProperty(error, 'cause');
  while (cause instanceof Error && causes.length < MAX_CAUSES) {
    const code = codeOf(cause);
    causes.push(code === null ? nameOf(cause) : `${nameOf(cause)} ${code}`);
    cause = readProperty(cause, 'cause');
  }
  return causes;
}

function stackOf(error: unknown, firstLine: string): string | null {
  const stack = readProperty(error, 'stack');
  return typeof stack === 'string' ? [firstLine, ...ownFrames(stack)].join('\n') : null;
}

/** A property of anything; a getter that throws counts as absent. */
export function readProperty(value: unknown, property: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return Reflect.get(value, property);
  } catch {
    return undefined;
  }
}
