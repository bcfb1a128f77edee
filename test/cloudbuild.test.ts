/**
 * `cloudbuild.yaml` against the messages that Cloud Build itself takes, and against what the project knows:
 * images, modes, and the places that `infra/setup` uses. Nothing is sent anywhere.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const ROOT = join(import.meta.dirname, '..');
const text = readFileSync(join(ROOT, 'cloudbuild.yaml'), 'utf8');

const definitions = z
  .record(z.string(), z.unknown())
  .parse(createRequire(import.meta.url)('@google-cloud/cloudbuild/build/protos/protos.json'));
const buildType = protobuf.Root.fromJSON(definitions as protobuf.INamespace).lookupType(
  'google.devtools.cloudbuild.v1.Build',
);

/** Paths in `value` that the message does not have. Leaves of unknown form are not looked at. */
function unknownFields(type: protobuf.Type, value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const field = type.fields[name] ?? type.fields[camelCase(name)];
    if (field === undefined) return [at];
    const { resolvedType } = field.resolve();
    if (resolvedType instanceof protobuf.Enum) {
      return typeof inner === 'string' && inner in resolvedType.values
        ? []
        : [`${at}=${String(inner)}`];
    }
    if (!(resolvedType instanceof protobuf.Type)) return [];
    const items: unknown[] = field.repeated && Array.isArray(inner) ? inner : [inner];
    return items.flatMap((item, index) =>
      unknownFields(resolvedType, item, field.repeated ? `${at}[${index}]` : at),
    );
  });
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

const buildSchema = z.object({
  steps: z.array(
    z.object({ id: z.string(), name: z.string(), dir: z.string().optional(), script: z.string() }),
  ),
  serviceAccount: z.string(),
  options: z.object({ logging: z.string() }),
  substitutions: z.record(z.string(), z.string()),
});
const build = buildSchema.parse(parse(text));

describe('cloudbuild.yaml', () => {
  it('has only fields and choices that Cloud Build knows', () => {
    expect(unknownFields(buildType, parse(text))).toEqual([]);
  });

  it.each([
    ['a step’s field', "name: node:24.21.0\n    entrypont: 'npm'", 'steps[1].entrypont'],
    ['an option', 'logging: CLOUD_LOGGING_ONLY\n  machinType: E2', 'options.machinType'],
    ['a choice', 'logging: CLOUD_LOGS_ONLY', 'options.logging=CLOUD_LOGS_ONLY'],
    ['a field at the top', 'timeout: 3600s\ntimeOut: 1s', 'timeOut'],
  ])('would not get past this test with %s misspelt', (_what, planted, found) => {
    const original = planted.startsWith('logging: CLOUD_LOGS')
      ? 'logging: CLOUD_LOGGING_ONLY'
      : (planted.split('\n')[0] ?? '');
    expect(text).toContain(original);
    expect(unknownFields(buildType, parse(text.replace(original, planted)))).toEqual([found]);
  });

  it('names each step once, in the order in which it is read', () => {
    expect(build.steps.map(({ id }) => id)).toEqual([
      'settings',
      'install',
      'lint',
      'types',
      'test',
      'build',
      'terraform-init',
      'terraform-check',
      'terraform-plan',
      'terraform-apply',
      'outputs',
      'publish',
      'smoke',
    ]);
  });

  it('runs on the Node of package.json and on pinned images', () => {
    const manifest = z
      .object({ devDependencies: z.object({ node: z.string() }) })
      .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
    const images = new Set(build.steps.map(({ name }) => name));
    expect([...images].toSorted()).toEqual([
      'gcr.io/cloud-builders/gcloud',
      expect.stringMatching(/^hashicorp\/terraform:\d+\.\d+\.\d+$/),
      `node:${manifest.devDependencies.node}`,
    ]);
  });

  it('runs as the build account, with logs where such an account may write them', () => {
    expect(build.serviceAccount).toContain('tc-build@$PROJECT_ID.');
    expect(build.options.logging).toBe('CLOUD_LOGGING_ONLY');
  });

  it('gives every variable that a script reads a value, and reads the values it asks for', () => {
    const read = build.steps.flatMap(({ script }) =>
      [...script.matchAll(/\$\{?(_[A-Z_]+)/g)].map((match) => match[1] ?? ''),
    );
    const given = Object.keys(build.substitutions);
    expect([...new Set(read)].filter((name) => !given.includes(name))).toEqual([]);
    const labels = ['_SETTINGS', '_COMMIT', '_RELEASE'];
    expect(given.filter((name) => !read.includes(name))).toEqual(labels);
  });

  it('takes no secret into a build', () => {
    expect(text).not.toMatch(/secretEnv|availableSecrets|secrets versions access/);
  });
});
