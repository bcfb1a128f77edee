/**
 * What the bundles take from packages and what they leave: an esbuild plugin.
 *
 * Google's clients drag in gRPC where REST is spoken, and megabytes of generated classes that they only
 * export. Nothing here changes what a client does: a part that is left out says so when it is touched.
 * Used by `bundle.ts`; `test/build/bundles.test.ts` proves the clients in the bundles.
 */

import { dirname } from 'node:path';
import type { OnLoadResult, Plugin } from 'esbuild';

/**
 * Files that a package only exports again: classes generated for TypeScript users, which the clients
 * themselves never use (they read `protos.json`), and the client of an API version that we do not call.
 */
const LEFT_OUT =
  /\/node_modules\/(?:@google-cloud\/(?:pubsub|pubsub-api|secret-manager)\/build\/protos\/protos|@google-cloud\/secret-manager\/build\/src\/v1beta2\/index|google-gax\/build\/protos\/(?:iam_service|locations|operations))\.js$/;

/** Parts that are replaced for one importer. */
const REPLACED: readonly { importer: RegExp; wanted: RegExp; source: string }[] = [
  {
    // With `fallback: true` the client uses these two; the rest of google-gax is gRPC.
    importer: /\/node_modules\/@google-cloud\/secret-manager\//,
    wanted: /^google-gax$/,
    source: `exports.fallback = require('google-gax/fallback');
exports.loggingUtils = require('google-logging-utils');`,
  },
  {
    // A polyfill of what Node has, with 260 KB of tables.
    importer: /\/node_modules\/node-fetch\//,
    wanted: /^whatwg-url$/,
    source: 'exports.URL = URL;',
  },
];

const REPLACEMENT = 'replacement';

export function leanPackages(): Plugin {
  return {
    name: 'lean-packages',
    setup(build) {
      build.onLoad({ filter: LEFT_OUT }, ({ path }) => leftOut(path));
      for (const [index, { importer, wanted }] of REPLACED.entries()) {
        build.onResolve({ filter: wanted }, (asked) => {
          if (asked.namespace === REPLACEMENT || !importer.test(asked.importer)) return null;
          const path = `${asked.path} for ${packageOf(asked.importer)}`;
          return {
            path,
            namespace: REPLACEMENT,
            pluginData: { index, from: dirname(asked.importer) },
          };
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
  return {
    contents: `module.exports = new Proxy({ __esModule: true }, {
  get(target, name) {
    if (name in target || typeof name === 'symbol') return target[name];
    throw new Error(${JSON.stringify(`${name} was left out of the bundle`)});
  },
});`,
    loader: 'js',
  };
}

/** The package that a file is of: `google-gax`, `@google-cloud/pubsub`. */
export function packageOf(path: string): string | null {
  return /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? null;
}
