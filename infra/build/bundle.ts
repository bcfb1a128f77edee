/**
 * Makes one deployed function ready to upload: its code, its `package.json` with a lock file, and the
 * licences of what is in it.
 *
 * CommonJS, because Node starts it faster than ES modules; what the code imports on first use stays a file
 * of its own, read on first use. Holds no setting, no secret and no path of the machine that built it.
 * Called by `infra/build.ts`, the bench and the tests.
 */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Metafile, transform } from 'esbuild';
import { leanPackages } from './lean-packages.ts';
import { noticesFor } from './notices.ts';
import { lockFileFor, manifestFor } from './package-files.ts';

/** The four deployed functions: name = file = scheduler job. */
export const FUNCTIONS = ['morning-alert', 'pin-exchange', 'keep-alive', 'health-check'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export type Bundle = {
  readonly name: FunctionName;
  readonly directory: string;
  /** Of the code, without licences and package files. */
  readonly bytes: number;
  /** Of what is read before the first request. */
  readonly entryBytes: number;
};

const ROOT = join(import.meta.dirname, '..', '..');

/** The buildpack installs it beside the bundle: its command line starts the function. */
const FRAMEWORK = '@google-cloud/functions-framework';

/** As long as a stack frame is still found by line. */
const LINE_LIMIT = 200;

/** Builds `name` into `directory`, which is emptied first. */
export async function buildBundle(name: FunctionName, directory: string): Promise<Bundle> {
  const bundled = await build({
    absWorkingDir: ROOT,
    entryPoints: { index: `functions/${name}.ts` },
    outdir: directory,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: [FRAMEWORK],
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'error',
    plugins: [leanPackages()],
  });
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  let bytes = 0;
  let entryBytes = 0;
  const names = bundled.outputFiles.map(({ path }) => basename(path));
  for (const { path, text } of bundled.outputFiles) {
    const file = commonName(basename(path));
    const renamed = names.reduce(
      (code, name) => code.replaceAll(`./${name}`, `./${commonName(name)}`),
      text,
    );
    const code = await asCommonJs(renamed, isCommonJsPackage(bundled.metafile, basename(path)));
    await writeFile(join(directory, file), code);
    bytes += Buffer.byteLength(code);
    if (file === 'index.cjs') entryBytes = Buffer.byteLength(code);
  }
  const inputs = Object.keys(bundled.metafile.inputs);
  await writeJson(join(directory, 'package.json'), await manifestFor(ROOT, name, FRAMEWORK));
  await writeJson(join(directory, 'package-lock.json'), await lockFileFor(ROOT, name, FRAMEWORK));
  await writeFile(join(directory, 'LICENSES.txt'), await noticesFor(ROOT, inputs));
  return { name, directory, bytes, entryBytes };
}

/**
 * esbuild splits ES modules only, so each of its files is translated afterwards. Names are kept: Google's
 * client tells a 64-bit number by the name of its class, and stack traces can be read.
 *
 * @param isCommonJsPackage whether `import()` asks for it as a CommonJS package
 */
async function asCommonJs(text: string, isCommonJsPackage: boolean): Promise<string> {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    // `import()` of CommonJS would go through the loader of ES modules; `require` on first use does not.
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: LINE_LIMIT,
    legalComments: 'none',
  });
  // As an ES module it could only export the package as its default, without the names in it.
  return isCommonJsPackage ? `${code}module.exports = module.exports.default;\n` : code;
}

function isCommonJsPackage({ inputs, outputs }: Metafile, file: string): boolean {
  const output = Object.entries(outputs).find(([path]) => basename(path) === file)?.[1];
  const entry = output?.entryPoint;
  return entry !== undefined && inputs[entry]?.format === 'cjs';
}

function commonName(file: string): string {
  return file.replace(/\.js$/, '.cjs');
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
}
