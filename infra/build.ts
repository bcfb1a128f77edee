/**
 * `npm run build`: the four functions, each in a folder of its own and as the zip that is uploaded,
 * `dist/<function>.zip`.
 *
 * `--out <folder>` instead of `dist`. With `--package` instead what the npm package holds, as `npm pack` wants it, and
 * `--packed` once it has packed. Only builds; nothing is uploaded.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBundle, FUNCTIONS } from './build/bundle.ts';
import { buildPackage, namePackageEngines } from './build/package.ts';
import { zipFolder } from './build/zip.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'dist' },
    package: { type: 'boolean', default: false },
    packed: { type: 'boolean', default: false },
  },
});

if (values.package) {
  await buildPackage();
  await namePackageEngines('packed');
} else if (values.packed) await namePackageEngines('own');
else await buildFunctions(values.out);

async function buildFunctions(folder: string): Promise<void> {
  for (const name of FUNCTIONS) {
    const { directory, bytes, entryBytes } = await buildBundle(name, join(folder, name));
    const zip = `${directory}.zip`;
    const zipped = await zipFolder(directory, zip);
    const sizes = `${kilobytes(bytes)} of code, ${kilobytes(entryBytes)} read at the start`;
    process.stdout.write(`${zip}: ${kilobytes(zipped)} (${sizes})\n`);
  }
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}
