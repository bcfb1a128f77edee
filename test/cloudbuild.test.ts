/**
 * The two builds, `cloudbuild.yaml` and `infra/gcp/cloudbuild.yaml`, against the messages that Cloud Build itself takes,
 * and against what the project knows: images, accounts, and the places that `infra/setup` uses. Nothing is sent anywhere.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { placesOf } from '../infra/setup/places.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (config: string): string => readFileSync(join(ROOT, config), 'utf8');
const text = read('cloudbuild.yaml');
const deployText = read('infra/gcp/cloudbuild.yaml');

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
const deployment = buildSchema.parse(parse(deployText));
const both = [...build.steps, ...deployment.steps];

describe('cloudbuild.yaml', () => {
  it('has only fields and choices that Cloud Build knows', () => {
    expect(unknownFields(buildType, parse(text))).toEqual([]);
    expect(unknownFields(buildType, parse(deployText))).toEqual([]);
  });

  it.each([
    [
      'a step’s field',
      "name: mirror.gcr.io/library/node:24.21.0\n    entrypont: 'npm'",
      'steps[0].entrypont',
    ],
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
    const ids = ({ steps }: typeof build): string[] => steps.map(({ id }) => id);
    expect(ids(build)).toEqual(['install', 'lint', 'types', 'test', 'build']);
    expect(ids(deployment)).toEqual([
      'settings',
      'bundles',
      'terraform-init',
      'terraform-check',
      'terraform-plan',
      'terraform-apply',
      'outputs',
      'publish',
    ]);
  });

  it('runs on the Node of package.json and on pinned images, none from Docker Hub itself', () => {
    const manifest = z
      .object({ devDependencies: z.object({ node: z.string() }) })
      .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
    const images = new Set(both.map(({ name }) => name));
    expect([...images].toSorted()).toEqual([
      'gcr.io/cloud-builders/gcloud',
      expect.stringMatching(/^mirror\.gcr\.io\/hashicorp\/terraform:\d+\.\d+\.\d+$/),
      `mirror.gcr.io/library/node:${manifest.devDependencies.node}`,
    ]);
  });

  it('builds as one account and deploys as another, with logs where such accounts may write them', () => {
    expect(build.serviceAccount).toContain('/tc-build@$PROJECT_ID.');
    expect(deployment.serviceAccount).toContain('/tc-deploy@$PROJECT_ID.');
    expect([build, deployment].map(({ options }) => options.logging)).toEqual([
      'CLOUD_LOGGING_ONLY',
      'CLOUD_LOGGING_ONLY',
    ]);
  });

  it('runs npm in the one, Terraform and gcloud in the other, and nothing of npm where rights are', () => {
    expect(new Set(build.steps.map(({ name }) => name.split(':')[0]))).toEqual(
      new Set(['mirror.gcr.io/library/node']),
    );
    expect(deployment.steps.filter(({ name }) => /node/.test(name))).toEqual([]);
    for (const { id, script } of deployment.steps) {
      const run = script.replaceAll(/^ *echo .*$/gm, '');
      expect(run, id).not.toMatch(/\b(npm|node|vitest|biome|tsc|dist\/\S*\.m?js)\b/);
    }
    for (const { id, script } of build.steps) {
      expect(script, id).not.toMatch(/\b(terraform|gcloud|curl)\b/);
    }
  });

  it('runs the install scripts of the packages that need theirs, by name, and no others', () => {
    const install = build.steps.find(({ id }) => id === 'install')?.script ?? '';
    const commands = install.split('\n').filter((line) => line.startsWith('npm '));
    const lock = z
      .object({
        packages: z.record(z.string(), z.looseObject({ hasInstallScript: z.boolean().optional() })),
      })
      .parse(JSON.parse(read('package-lock.json')));
    const having = Object.entries(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([place]) => place.replace(/^.*node_modules\//, ''));
    expect(commands).toEqual([
      'npm ci --ignore-scripts --no-audit --no-fund',
      `npm rebuild ${having.join(' ')}`,
    ]);
  });

  it('hands the bundles on, from the place where the one puts them', () => {
    const { artifacts } = z
      .object({
        artifacts: z.object({
          objects: z.object({ location: z.string(), paths: z.array(z.string()) }),
        }),
      })
      .parse(parse(text));
    expect(artifacts.objects).toEqual({
      location: 'gs://$_BUILDS_BUCKET/bundles/$BUILD_ID/',
      paths: ['dist/*.zip'],
    });
    const taken = deployment.steps.find(({ id }) => id === 'bundles')?.script;
    expect(taken).toContain('gcloud storage cp "gs://$_BUILDS_BUCKET/bundles/$_BUILD/*.zip" dist/');
    expect(placesOf('my-project').buildsBucket).toBe('my-project-terraform-builds');
    for (const { substitutions } of [build, deployment]) {
      expect(substitutions['_BUILDS_BUCKET']).toMatch(/^\$\{PROJECT_ID\}-terraform-builds$/);
    }
  });

  it.each([
    [
      'the build',
      build,
      text.slice(text.indexOf('artifacts:'), text.indexOf('tags:')),
      ['_COMMIT'],
    ],
    ['the deployment', deployment, '', ['_SETTINGS', '_COMMIT', '_RELEASE', '_ROLE_SUFFIX']],
  ] as const)(
    'gives every variable that a script of %s reads a value, and reads the values it asks for',
    (_name, { steps, substitutions }, artifacts, labels) => {
      const asked = [...steps.map(({ script }) => script), artifacts].flatMap((script) =>
        [...script.matchAll(/\$\{?(_[A-Z_]+)/g)].map((match) => match[1] ?? ''),
      );
      const given = Object.keys(substitutions);
      expect([...new Set(asked)].filter((name) => !given.includes(name))).toEqual([]);
      expect(given.filter((name) => !asked.includes(name))).toEqual(labels);
    },
  );

  it('takes no secret into a build', () => {
    expect(text + deployText).not.toMatch(/secretEnv|availableSecrets|secrets versions access/);
  });
});
