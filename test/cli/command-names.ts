/** The commands of the program, as its own help lists them. */

/** @param help what `--help` prints */
export function commandNames(help: string): readonly string[] {
  const [, list = ''] = /\nCommands:\n([\s\S]*?)\n\n/.exec(help) ?? [];
  const names = [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = '']) => name);
  return names.filter((name) => name !== 'help');
}
