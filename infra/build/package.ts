/**
 * Makes what the npm package holds: JavaScript of the worker's client and of the command line, and the
 * client's declarations.
 *
 * File by file, so that stack traces and sources read alike; packages stay imports. Node does not strip
 * types inside `node_modules`, hence this. While npm packs, `package.json` says which Node the package itself needs:
 * npm packs that very file, and in this tree the scripts bring a Node of their own.
 */

import { spawnSync } from 'node:child_process';
import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** Where `package.json` says that it is. */
export const PACKAGE_DIRECTORY = join(ROOT, 'dist', 'package');

/** Of an installed package, and of this tree, in the words of `package.json`. */
const PACKAGE_ENGINES = '"node": ">=22"';
const TREE_ENGINES = '"node": ">=20"';

/** The end of a relative module name in a declaration: `from './errors.ts'`, `import('../clock.ts')`. */
const SOURCE_NAME = /((?:from |import\()['"]\.[^'"]*)\.ts(?=['"])/g;

/**
 * Builds into `directory`, which is emptied first.
 *
 * @throws Error with the compiler's complaints
 */
export async function buildPackage(directory = PACKAGE_DIRECTORY): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  for (const config of ['package', 'declarations']) compile(config, directory);
  await nameDeclarations(directory);
  await chmod(join(directory, 'cli', 'main.js'), 0o755);
}

/** Before npm packs, and after it. Doing either twice changes nothing. */
export async function namePackageEngines(are: 'packed' | 'own', root = ROOT): Promise<void> {
  const file = join(root, 'package.json');
  const [from, to] =
    are === 'packed' ? [TREE_ENGINES, PACKAGE_ENGINES] : [PACKAGE_ENGINES, TREE_ENGINES];
  const text = await readFile(file, 'utf8');
  if (text.includes(to)) return;
  if (!text.includes(from)) throw new Error(`package.json does not have ${from} among its engines`);
  // Nobody may read half of it.
  await writeFile(`${file}.new`, text.replace(from, to));
  await rename(`${file}.new`, file);
}

function compile(config: string, directory: string): void {
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin',
    'tsc',
  );
  const project = join(import.meta.dirname, `${config}.tsconfig.json`);
  const args = [compiler, '-p', project, '--outDir', directory];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${config}.tsconfig.json does not compile:\n${stdout}${stderr}`);
}

/** The compiler renames imports in JavaScript only, and older ones do not look for a `.ts` in a package. */
async function nameDeclarations(directory: string): Promise<void> {
  const files = await readdir(directory, { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.d.ts'))) {
    const text = await readFile(join(directory, file), 'utf8');
    await writeFile(join(directory, file), text.replaceAll(SOURCE_NAME, '$1.js'));
  }
}
