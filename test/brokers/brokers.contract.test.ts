/**
 * The broker contract on every broker of the registry. `BROKER_TABLE=1` prints it as a table besides.
 */

import { afterAll, describe, expect, test } from 'vitest';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { describeBroker } from '../contracts/broker.contract.ts';
import { PERSONS } from './persons.ts';

const results = new Map<string, Map<string, boolean>>();

function note(broker: string, check: string, passed: boolean): void {
  const row = results.get(check) ?? new Map<string, boolean>();
  results.set(check, row.set(broker, passed));
}

for (const person of PERSONS) {
  describe(BROKERS[person.name]?.title ?? person.name, () => describeBroker(person, note));
}

test('no registered broker is left out', () => {
  expect(PERSONS.map(({ name }) => name).sort()).toEqual(Object.keys(BROKERS).sort());
});

afterAll(() => {
  if (process.env['BROKER_TABLE'] === undefined) return;
  const brokers = PERSONS.map(({ name }) => name);
  const width = Math.max(...[...results.keys()].map((check) => check.length));
  const head = ['check'.padEnd(width), ...brokers].join('  ');
  const lines = [...results].map(([check, row]) =>
    [
      check.padEnd(width),
      ...brokers.map((name) => {
        const passed = row.get(name);
        return (passed === undefined ? '-' : passed ? 'ok' : 'FAILED').padEnd(name.length);
      }),
    ].join('  '),
  );
  process.stdout.write(`${[head, ...lines].join('\n')}\n`);
});
