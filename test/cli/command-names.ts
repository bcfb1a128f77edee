/** The commands of the program, as its own help lists them. */

/** With their arguments: `start <session>`. @param help what `--help` prints */
export function commandTerms(help: string): readonly string[] {
  const [, list = ''] = /\nCommands:\n([\s\S]*?)\n\n/.exec(help) ?? [];
  const terms = [...list.matchAll(/^ {2}([a-z-]+(?: [<[]\S+)*)/gm)].map(([, term = '']) => term);
  return terms.filter((term) => !term.startsWith('help '));
}

/** @param help what `--help` prints */
export function commandNames(help: string): readonly string[] {
  return commandTerms(help).map((term) => term.split(' ')[0] ?? '');
}
