/**
 * What a simulator's switches are made of: a default, the allowed values, a reason. Also the faults that
 * every simulator has, under the same names.
 *
 * Knows no broker. Each simulator has one table of these; tests and the control API set them.
 */

import { EDGES, type Edge } from './edge.ts';

export type SwitchEntry<T> = {
  readonly default: T;
  /** The allowed values in words, for error messages and documents. */
  readonly allowed: string;
  readonly accepts: (value: unknown) => value is T;
  readonly why: string;
};

export type SwitchTable = Readonly<Record<string, SwitchEntry<unknown>>>;

export type SwitchesOf<Table extends SwitchTable> = {
  readonly [K in keyof Table]: Table[K]['default'];
};

/** A switch that does not exist, or a value it cannot have; the message names what is allowed. */
export class SwitchError extends Error {
  override readonly name = 'SwitchError';
}

/** One of a few values; the first is the default. */
export function oneOf<const T extends readonly [unknown, ...unknown[]]>(
  values: T,
  why: string,
): SwitchEntry<T[number]> {
  return {
    default: values[0],
    allowed: values.map((value) => JSON.stringify(value)).join(', '),
    accepts: (value): value is T[number] => values.includes(value),
    why,
  };
}

/** A whole number in a range, or the default. */
export function wholeNumber<T extends number | null>(
  fallback: T,
  [from, to]: readonly [number, number],
  why: string,
): SwitchEntry<T | number> {
  return {
    default: fallback,
    allowed: `${fallback === null ? 'null, or ' : ''}a whole number from ${from} to ${to}`,
    accepts: (value): value is T | number =>
      value === fallback ||
      (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to),
    why,
  };
}

export function webAddress(why: string): SwitchEntry<string | null> {
  return {
    default: null,
    allowed: 'null, or an http(s) address',
    accepts: (value): value is string | null =>
      value === null ||
      (typeof value === 'string' && URL.canParse(value) && /^https?:/i.test(value)),
    why,
  };
}

/** The faults of every simulator; `endpoints` are the calls they can be narrowed to. */
export function faultSwitches<const E extends readonly string[]>(endpoints: E) {
  return {
    clockSkewMs: wholeNumber(
      0,
      [-86_400_000, 86_400_000],
      "How far the broker's clock is ahead of ours: moves the Date header and what the broker times.",
    ),
    status: wholeNumber(null, [300, 599], 'Fault: every call is answered with this status.'),
    slowMs: wholeNumber(0, [0, 600_000], 'Fault: every answer waits this long in real time.'),
    down: oneOf([false, true], 'Fault: the connection is cut before the request is looked at.'),
    edge: oneOf(
      EDGES,
      'Fault: a firewall, a content network, a gateway, a router or a maintenance page answers in its place.',
    ),
    malformed: oneOf([false, true], 'Fault: every call is answered with 200 and garbage.'),
    loseAnswer: oneOf(
      [false, true],
      'Fault: the broker does what was asked (a PIN or code is spent), then the connection is cut.',
    ),
    faultOn: oneOf(
      ['all', ...endpoints] as readonly ['all', ...E],
      'Which call the faults above apply to.',
    ),
  };
}

/** What the simulators' common front reads of a broker's switches. */
export type FaultSwitches = {
  readonly clockSkewMs: number;
  readonly slowMs: number;
  readonly down: boolean;
  readonly edge: Edge;
  readonly loseAnswer: boolean;
  readonly faultOn: string;
};

export function defaultsOf<Table extends SwitchTable>(table: Table): SwitchesOf<Table> {
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]) => [name, entry.default]),
  ) as SwitchesOf<Table>;
}

/**
 * The switches with one of them changed; `null` puts it back to its default.
 *
 * @throws {SwitchError} for an unknown name or a value that is not allowed
 */
export function changeSwitch<Table extends SwitchTable>(
  table: Table,
  switches: SwitchesOf<Table>,
  name: string,
  value: unknown,
): SwitchesOf<Table> {
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (entry === undefined) {
    const names = Object.keys(table).join(', ');
    throw new SwitchError(`There is no switch "${name}". There are: ${names}.`);
  }
  if (value === null) return { ...switches, [name]: entry.default };
  if (!entry.accepts(value)) {
    throw new SwitchError(
      `Switch "${name}" cannot be ${JSON.stringify(value)}. Allowed: ${entry.allowed}.`,
    );
  }
  return { ...switches, [name]: value };
}
