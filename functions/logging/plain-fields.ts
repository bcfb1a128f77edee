/**
 * Fields and labels reduced to what a log may hold, whatever the types said at the call.
 *
 * A `Secret` prints redacted, anything that is no plain value is named, not shown. Pure; used by this room.
 */

import { Secret } from '../secret.ts';
import type { LogFields } from './log.ts';

export type PlainField = string | number | boolean | null | readonly string[];

const MAX_LENGTH = 1_000;

export function plainFields(fields: LogFields): Record<string, PlainField> {
  const plain: Record<string, PlainField> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) plain[name] = plainField(value);
  }
  return plain;
}

function plainField(value: unknown): PlainField {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string') return shorten(value);
  if (value instanceof Secret) return value.toString();
  if (Array.isArray(value)) return value.map((item) => String(plainField(item)));
  return '[not loggable]';
}

function shorten(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
