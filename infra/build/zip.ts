/**
 * Packs one built folder into the zip that is uploaded: the same content makes the same bytes, on any
 * machine and at any hour, so that a function that did not change is not deployed again.
 *
 * Hence sorted names, one time and one mode for all files, and a compressor that is a package of a fixed
 * version: Node's own differs between its versions. Called by `infra/build.ts` and the tests.
 */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Zippable, zipSync } from 'fflate';

/** The first day that a zip can name. In local time, as zips have it: the same bytes in every time zone. */
const TIME = new Date(1980, 0, 1);

const UNIX = 3;

/** A plain file that everyone may read, where Unix keeps it: in the upper half. */
const MODE = 0o100644 * 2 ** 16;

/**
 * Writes the files of `folder`, which has no folders of its own, to the zip `file`.
 *
 * @returns its size in bytes
 * @throws Error when there is anything else in the folder: it would be missing where the function runs
 */
export async function zipFolder(folder: string, file: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const other = entries.find((entry) => !entry.isFile());
  if (other !== undefined) throw new Error(`"${join(folder, other.name)}" is no plain file`);
  const names = entries.map(({ name }) => name).sort();
  const files: Zippable = {};
  for (const name of names) files[name] = await readFile(join(folder, name));
  const zip = zipSync(files, { level: 9, mtime: TIME, os: UNIX, attrs: MODE });
  await writeFile(file, zip);
  return zip.length;
}
