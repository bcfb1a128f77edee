/**
 * The `package.json` of a bundle and the part of our lock file that it needs.
 *
 * The one dependency is the functions-framework, whose command line starts the function; everything else
 * is in the bundle. Reads our own package files, decides nothing about versions. Used by `bundle.ts`.
 *
 * @see https://docs.cloud.google.com/docs/buildpacks/nodejs
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const manifestSchema = z.object({
  version: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
});

const lockedSchema = z.looseObject({
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

const lockSchema = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(z.string(), z.unknown()),
});

/** The deployed runtime. */
const NODE_VERSION = '24';

export async function manifestFor(root: string, name: string, framework: string) {
  const own = manifestSchema.parse(await readJson(join(root, 'package.json')));
  return {
    name: `token-cadence-${name}`,
    version: own.version,
    license: own.license,
    private: true,
    type: 'commonjs',
    main: 'index.cjs',
    engines: { node: NODE_VERSION },
    // Present and empty: the buildpack then builds nothing and installs no development packages.
    scripts: { 'gcp-build': '' },
    dependencies: { [framework]: own.dependencies[framework] },
  };
}

/** The framework and what it needs, as locked for ourselves, so that `npm ci` works and nothing floats. */
export async function lockFileFor(root: string, name: string, framework: string) {
  const { packages } = lockSchema.parse(await readJson(join(root, 'package-lock.json')));
  const {
    scripts: _scripts,
    private: _private,
    type: _type,
    main: _main,
    ...own
  } = await manifestFor(root, name, framework);
  const needed = new Set<string>();
  const collect = (from: string, wanted: string, optional: boolean): void => {
    const place = placeOf(packages, from, wanted);
    if (place === null) {
      if (optional) return;
      throw new Error(`package-lock.json lacks "${wanted}", which "${from}" needs`);
    }
    if (needed.has(place)) return;
    needed.add(place);
    const locked = lockedSchema.parse(packages[place]);
    for (const next of Object.keys(locked.dependencies)) collect(place, next, false);
    for (const next of Object.keys(locked.optionalDependencies)) collect(place, next, true);
  };
  collect('', framework, false);
  return {
    name: own.name,
    version: own.version,
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': own,
      ...Object.fromEntries([...needed].sort().map((place) => [place, packages[place]])),
    },
  };
}

/** Where `wanted` is found from `from`, as Node looks for it: in its own folder first, then outwards. */
function placeOf(
  packages: Readonly<Record<string, unknown>>,
  from: string,
  wanted: string,
): string | null {
  const place = `${from === '' ? '' : `${from}/`}node_modules/${wanted}`;
  if (place in packages) return place;
  if (from === '') return null;
  const outer = from.lastIndexOf('/node_modules/');
  return placeOf(packages, outer === -1 ? '' : from.slice(0, outer), wanted);
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}
