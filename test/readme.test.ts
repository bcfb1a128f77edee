/** The README names every setting that exists, and no other. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const config = ['config.ts', 'config-services.ts']
  .map((file) => readFileSync(join(ROOT, 'functions', file), 'utf8'))
  .join('\n');

describe('the README', () => {
  it('has a row for every variable that config reads', () => {
    const read = [...config.matchAll(/(?:text|required|timeOfDay)\('([A-Z_]+)'/g)].map(
      (match) => match[1] ?? '',
    );
    expect(read.length).toBeGreaterThan(5);
    const missing = read.filter((name) => !readme.includes(`\`${name}\``));
    expect([...new Set(missing)]).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)|src="([^"]+)"/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    );
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) expect(() => readFileSync(join(ROOT, link))).not.toThrow();
  });
});
