/** The room's README knows every broker, and every file it points to is there. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BROKERS } from '../../functions/brokers/registry.ts';

const ROOM = join(import.meta.dirname, '../../functions/brokers');
const readme = readFileSync(join(ROOM, 'README.md'), 'utf8');

test.each(Object.keys(BROKERS))('%s has its row', (name) => {
  expect(readme).toContain(`\n| \`${name}\` | `);
});

test('links lead to files', () => {
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] ?? '');
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => !existsSync(join(ROOM, link)))).toEqual([]);
});
