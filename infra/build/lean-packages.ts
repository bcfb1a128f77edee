/**
 * What the bundles take from packages and what they leave: an esbuild plugin.
 *
 * Google's clients drag in gRPC where REST is spoken, and megabytes of generated classes that they only
 * export. Nothing here changes what a client does: a part that is left out says so when it is touched.
 * Used by `bundle.ts`; `test/build/bundles.test.ts` proves the clients in the bundles.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { OnLoadResult, Plugin } from 'esbuild';
import * as z from 'zod';

/**
 * Files that a package only exports again: classes generated for TypeScript users, which the clients
 * themselves never use (they read `protos.json`), and the client of an API version that we do not call.
 */
const LEFT_OUT =
  /\/node_modules\/(?:@google-cloud\/(?:pubsub|pubsub-api|secret-manager)\/build\/protos\/protos|@google-cloud\/secret-manager\/build\/src\/v1beta2\/index|google-gax\/build\/protos\/(?:iam_service|locations|operations))\.js$/;

/** Parts that are replaced for one importer. */
const REPLACED: readonly { importer: RegExp; wanted: RegExp; source: string }[] = [
  {
    // With `fallback: true` the client uses these; the rest of google-gax is gRPC. The client of another
    // API, which it makes for a method that we do not call, is made when it is asked for.
    importer: /\/node_modules\/@google-cloud\/secret-manager\/|\/functions\/storage\//,
    wanted: /^google-gax$/,
    source: `const rest = require('google-gax/fallback');
class LocationsClient {
  constructor(...args) {
    let client;
    return new Proxy(this, {
      get: (_target, name) => Reflect.get((client ??= new rest.LocationsClient(...args)), name),
    });
  }
}
exports.fallback = Object.create(rest, { LocationsClient: { value: LocationsClient } });
exports.loggingUtils = require('google-logging-utils');
exports.decodeAnyProtosInArray = require('google-gax/build/src/util.js').decodeAnyProtosInArray;`,
  },
  {
    // A polyfill of what Node has, with 260 KB of tables.
    importer: /\/node_modules\/node-fetch\//,
    wanted: /^whatwg-url$/,
    source: 'exports.URL = URL;',
  },
  {
    // For a Node without web streams; 120 KB.
    importer: /\/node_modules\/fetch-blob\//,
    wanted: /^web-streams-polyfill\/dist\/ponyfill\.es2018\.js$/,
    source: `module.exports = require('node:stream/web');`,
  },
  {
    // Hundreds of names, 130 KB, of which these are used.
    importer: /\/node_modules\/@opentelemetry\/core\//,
    wanted: /^@opentelemetry\/semantic-conventions$/,
    source: exporting('@opentelemetry/semantic-conventions', {
      ATTR_TELEMETRY_SDK_NAME: 'telemetry.sdk.name',
      ATTR_TELEMETRY_SDK_LANGUAGE: 'telemetry.sdk.language',
      ATTR_TELEMETRY_SDK_VERSION: 'telemetry.sdk.version',
      TELEMETRY_SDK_LANGUAGE_VALUE_NODEJS: 'nodejs',
    }),
  },
];

/** The description of an API, of which the client reads one service and the types of its calls. */
const DESCRIPTION = /\/node_modules\/@google-cloud\/secret-manager\/build\/protos\/protos\.json$/;

/** The types of `google.protobuf` that calls are made of; the others describe descriptions. */
const CALL_TYPES = ['Any', 'Duration', 'Empty', 'FieldMask', 'Timestamp'];

const REPLACEMENT = 'replacement';

const INNER = /^google-gax\/build\/src\/util\.js$/;

const spaceSchema = z.looseObject({ nested: z.record(z.string(), z.unknown()) });

const descriptionSchema = z.object({
  nested: z.object({
    google: z.object({
      nested: z.looseObject({
        api: z.unknown(),
        cloud: z.object({ nested: z.object({ secretmanager: spaceSchema }) }),
        protobuf: spaceSchema,
      }),
    }),
  }),
});

export function leanPackages(): Plugin {
  return {
    name: 'lean-packages',
    setup(build) {
      build.onLoad({ filter: LEFT_OUT }, ({ path }) => leftOut(path));
      build.onLoad({ filter: DESCRIPTION }, async ({ path }) => ({
        contents: calledPartOf(await readFile(path, 'utf8')),
        loader: 'json',
      }));
      build.onResolve({ filter: INNER }, ({ path, importer, resolveDir }) => {
        // Not among the files that the package exports.
        const from = importer.startsWith('/') ? importer : join(resolveDir, 'index.js');
        const folder = dirname(dirname(dirname(createRequire(from).resolve('google-gax'))));
        return { path: join(folder, path.slice('google-gax/'.length)) };
      });
      for (const [index, { importer, wanted }] of REPLACED.entries()) {
        build.onResolve({ filter: wanted }, (asked) => {
          if (asked.namespace === REPLACEMENT || !importer.test(asked.importer)) return null;
          const pluginData = { index, from: asked.resolveDir };
          return { path: asked.path, namespace: REPLACEMENT, pluginData };
        });
      }
      build.onLoad({ filter: /.*/, namespace: REPLACEMENT }, ({ pluginData }): OnLoadResult => {
        const { index, from } = pluginData as { index: number; from: string };
        return { contents: REPLACED[index]?.source ?? '', loader: 'js', resolveDir: from };
      });
    },
  };
}

/** A module that is there to be exported again, and speaks up when anyone looks into it. */
function leftOut(path: string): OnLoadResult {
  const name = `${packageOf(path)}/${path.split('/').slice(-2).join('/')}`;
  return { contents: exporting(name, {}), loader: 'js' };
}

/** A module with these exports alone, that speaks up when it is asked for another. */
function exporting(name: string, exports: Readonly<Record<string, string>>): string {
  return `module.exports = new Proxy(${JSON.stringify({ __esModule: true, ...exports })}, {
  get(target, name) {
    if (name in target || typeof name === 'symbol') return target[name];
    throw new Error(${JSON.stringify(`${name} was left out of the bundle: `)} + name);
  },
});`;
}

/**
 * Without the other version of the API, and without what describes the description itself. The client
 * resolves every name when it loads: had anything needed been left out, it would not load at all.
 */
function calledPartOf(description: string): string {
  const { google, ...rest } = descriptionSchema.parse(JSON.parse(description)).nested;
  const { api: _api, cloud, protobuf, ...others } = google.nested;
  const { v1beta2: _other, ...versions } = cloud.nested.secretmanager.nested;
  const types = Object.entries(protobuf.nested).filter(([name]) => CALL_TYPES.includes(name));
  return JSON.stringify({
    nested: {
      ...rest,
      google: {
        nested: {
          ...others,
          cloud: { nested: { secretmanager: { nested: versions } } },
          protobuf: { ...protobuf, nested: Object.fromEntries(types) },
        },
      },
    },
  });
}

/** The package that a file is of: `google-gax`, `@google-cloud/pubsub`. */
export function packageOf(path: string): string | null {
  return /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? null;
}
