/** The provider that deploys: one exact version, and nothing of what its major version changed. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '..', '..', 'infra', 'gcp');
const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
const source = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.tf'))
  .map((name) => readFileSync(join(FOLDER, name), 'utf8'))
  .join('\n');

describe('the provider', () => {
  it('is one exact version of 7, the one that the README names', () => {
    const pinned = /source += "hashicorp\/google"[^}]*version += "([^"]+)"/.exec(source)?.[1];
    expect(pinned).toMatch(/^7\.\d+\.\d+$/);
    expect(readme).toContain(`provider \`hashicorp/google\` [${pinned}]`);
    expect([...source.matchAll(/source += "hashicorp\//g)]).toHaveLength(1);
  });

  it.each([
    'event_trigger',
    'event_type',
    'retention_policy',
    'retention_period',
    'public_repository',
    'credit_types',
    'subaccounts',
    'service_config\\s*{[^}]*?\\n\\s+service',
  ])('changed %s, which is not set', (attribute) => {
    expect(source).not.toMatch(new RegExp(`(^|\\n)\\s*${attribute}\\s*(=|{)`));
  });

  it('no longer has APIs switched off by default, which is written all the same', () => {
    const services = [...source.matchAll(/resource "google_project_service"[\s\S]*?\n}/g)];
    expect(services.length).toBeGreaterThan(0);
    for (const [service] of services) expect(service).toMatch(/disable_on_destroy += false/);
  });
});
