/**
 * The licences of everything whose code is in a bundle, as their authors ask for it.
 *
 * Takes the texts from the installed packages; says so where a package brings none. Used by `bundle.ts`.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { packageOf } from './lean-packages.ts';

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
});

const LICENCE_FILE = /^(?:licen[cs]e|notice|copying)(?:[.-].*)?$/i;
const RULE = `${'-'.repeat(80)}\n`;

/**
 * One text: our own licence, then each different licence under the packages that have it.
 *
 * @param inputs paths of bundled files, relative to `root`
 */
export async function noticesFor(root: string, inputs: readonly string[]): Promise<string> {
  const own = await readFile(join(root, 'LICENSE'), 'utf8');
  const users = new Map<string, string[]>();
  for (const folder of packageFolders(inputs)) {
    const { title, text } = await noticeOf(join(root, folder));
    users.set(text, [...(users.get(text) ?? []), title]);
  }
  const notices = [...users].map(([text, titles]) => `${titles.sort().join('\n')}\n\n${text}\n`);
  return [`${own.trim()}\n`, ...notices.sort()].join(`\n${RULE}\n`);
}

/** `node_modules/a/node_modules/b` for every package that a file is of. */
function packageFolders(inputs: readonly string[]): Set<string> {
  return new Set(
    inputs.flatMap((input) => {
      const name = packageOf(input);
      if (name === null) return [];
      return [
        input.slice(0, input.lastIndexOf('node_modules/') + 'node_modules/'.length + name.length),
      ];
    }),
  );
}

async function noticeOf(folder: string): Promise<{ title: string; text: string }> {
  const described: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { name, version, license = 'no licence named' } = packageSchema.parse(described);
  const files = (await readdir(folder)).filter((file) => LICENCE_FILE.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return {
    title: `${name} ${version} (${license})`,
    text: texts.length === 0 ? 'The package brings no licence text.' : texts.join('\n').trim(),
  };
}
