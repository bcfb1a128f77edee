/**
 * The part of Google's list filters that people use on secrets: `name:etrade state:enabled labels.env=prod`.
 *
 * Terms side by side or with AND must all hold, OR binds tighter, NOT and "-" negate. Parentheses are
 * refused, not misread. Used by the stand-in's two list methods.
 *
 * @see https://docs.cloud.google.com/secret-manager/docs/filtering
 */

import { Refusal } from './refusal.ts';

/** What a filter may ask about. */
export type Filterable = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string | null;
  readonly createdAt: number;
};

type Test = (item: Filterable) => boolean;

const TERM = /^(name|state|create_time|(?:labels|annotations)\.[^:=<>!]+)(:|=|!=|<=|>=|<|>)(.*)$/s;

function invalid(text: string): Refusal {
  return new Refusal('INVALID_ARGUMENT', `The filter cannot be read at "${text}".`);
}

/** @throws {Refusal} INVALID_ARGUMENT */
export function parseFilter(filter: string): Test {
  const clauses: Test[][] = [];
  let joined = false;
  let negated = false;
  for (const word of filter.match(/(?:[^\s"]|"[^"]*")+/g) ?? []) {
    if (word === 'AND') continue;
    if (word === 'OR') joined = true;
    else if (word === 'NOT') negated = !negated;
    else {
      const test = parseTerm(word.replace(/^-/, ''));
      const not = negated !== word.startsWith('-');
      const term: Test = not ? (item) => !test(item) : test;
      if (joined && clauses.length > 0) clauses[clauses.length - 1]?.push(term);
      else clauses.push([term]);
      joined = false;
      negated = false;
    }
  }
  return (item) => clauses.every((alternatives) => alternatives.some((term) => term(item)));
}

function parseTerm(word: string): Test {
  const [, field = '', operator = '', quoted = ''] = TERM.exec(word) ?? [];
  const value = quoted.replace(/^"(.*)"$/s, '$1');
  if (field === '' || value === '' || /[()]/.test(word)) throw invalid(word);
  if (field === 'create_time') {
    const at = Date.parse(value);
    if (Number.isNaN(at)) throw invalid(word);
    return ({ createdAt }) => compare(createdAt - at, operator);
  }
  const has = wordTest(operator, value);
  if (has === null) throw invalid(word);
  return (item) => has(textOf(item, field));
}

function textOf(item: Filterable, field: string): string | null {
  if (field === 'name') return item.name;
  if (field === 'state') return item.state;
  const [map, ...key] = field.split('.');
  return (map === 'labels' ? item.labels : item.annotations)[key.join('.')] ?? null;
}

function wordTest(operator: string, value: string): ((text: string | null) => boolean) | null {
  const wanted = value.toLowerCase();
  if (operator === '=') return (text) => text?.toLowerCase() === wanted;
  if (operator === '!=') return (text) => text?.toLowerCase() !== wanted;
  if (operator !== ':') return null;
  if (value === '*') return (text) => text !== null;
  return (text) => text?.toLowerCase().includes(wanted.replaceAll('*', '')) ?? false;
}

function compare(difference: number, operator: string): boolean {
  switch (operator) {
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
    case '!=':
      return difference !== 0;
    default:
      return difference === 0;
  }
}
